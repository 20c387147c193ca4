//! The machine below the simulation, as far as it decides numbers: majors and DRM minors that are
//! taken must not be given to simulated devices, whose nodes would then be real ones.

use crate::{Description, Majors, Node, Platform};
use std::fmt::Write;

/// How far simulated DRM nodes are moved on a machine that has its own.
const DRM_OFFSET: u32 = 32;
/// Where the kernel's second range of dynamic major numbers begins and ends (`fs/char_dev.c`).
const DYNAMIC_MAJORS: std::ops::RangeInclusive<u32> = 384..=511;

/// What is taken on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its `/proc/devices`.
    devices: String,
}

impl Machine {
    /// A machine with this `/proc/devices`.
    #[must_use]
    pub fn new(devices: impl Into<String>) -> Self {
        Self { devices: devices.into() }
    }

    /// Whether a real NVIDIA driver has registered its devices.
    #[must_use]
    pub fn has_real_driver(&self) -> bool {
        self.characters().any(|(major, name)| major == 195 || name.starts_with("nvidia"))
    }

    /// The description with every number that is taken here replaced by a free one.
    pub(crate) fn place(&self, description: &Description) -> Description {
        let mut placed = description.clone();
        let taken: Vec<u32> = self.characters().map(|(major, _)| major).collect();
        placed.majors = moved(placed.majors, &taken);
        if taken.contains(&placed.majors.drm) {
            for gpu in &mut placed.gpus {
                gpu.card += DRM_OFFSET;
                gpu.render += DRM_OFFSET;
            }
        }
        placed.nodes.additional = moved_nodes(description, &placed.majors, &taken);
        if placed.majors != description.majors || placed.nodes != description.nodes {
            placed.proc.devices = None;
        }
        placed
    }

    /// `/proc/devices` with the driver's devices in it.
    pub(crate) fn devices_with(&self, description: &Description) -> String {
        if let Some(text) = &description.proc.devices {
            return text.clone();
        }
        let additional = description.nodes.additional.iter().map(|node| (node.major, node.driver.as_str()));
        let additional: std::collections::BTreeSet<(u32, &str)> = additional.collect();
        let is_new = |own: &(u32, &str)| !own_devices(description).contains(own);
        let own = own_devices(description)
            .into_iter()
            .chain(additional.into_iter().filter(is_new))
            .filter(|own| self.characters().all(|taken| taken != *own));
        let mut lines: Vec<(u32, &str)> = self.characters().chain(own).collect();
        lines.sort_by_key(|(major, _)| *major);
        let mut text = "Character devices:\n".to_owned();
        for (major, name) in lines {
            let _ = writeln!(text, "{major:3} {name}");
        }
        text.push('\n');
        text + self.devices.split_once("Block devices:").map_or("", |_| "Block devices:\n") + self.blocks()
    }

    fn characters(&self) -> impl Iterator<Item = (u32, &str)> {
        let part = self.devices.split("Block devices:").next().unwrap_or_default();
        part.lines().filter_map(|line| {
            let (major, name) = line.trim_start().split_once(' ')?;
            Some((major.parse().ok()?, name))
        })
    }

    fn blocks(&self) -> &str {
        self.devices.split_once("Block devices:\n").map_or("", |(_, blocks)| blocks)
    }
}

/// The devices that the driver of a host with PCI GPUs registers.
fn own_devices(description: &Description) -> Vec<(u32, &'static str)> {
    let majors = description.majors;
    if description.driver.platform != Platform::Pci {
        return Vec::new();
    }
    vec![
        (majors.nvidia, "nvidia"),
        (majors.nvidia, "nvidia-modeset"),
        (majors.nvidia, "nvidiactl"),
        (majors.drm, "drm"),
        (majors.nvidia_uvm, "nvidia-uvm"),
        (majors.nvidia_nvlink, "nvidia-nvlink"),
        (majors.nvidia_caps, "nvidia-caps"),
        (majors.nvidia_caps_imex_channels, "nvidia-caps-imex-channels"),
    ]
}

/// The additional nodes with majors that follow their drivers: a driver that GPUs have too keeps with
/// them, one whose major is taken is moved as a whole.
fn moved_nodes(description: &Description, majors: &Majors, taken: &[u32]) -> Vec<Node> {
    let mut nodes = description.nodes.additional.clone();
    let mut used: Vec<u32> =
        majors.named().iter().map(|(_, major)| *major).chain(taken.iter().copied()).collect();
    let mut moved: Vec<(String, u32)> =
        majors.named().iter().map(|(name, major)| ((*name).to_owned(), *major)).collect();
    for node in &mut nodes {
        let known = moved.iter().find(|(driver, _)| *driver == node.driver).map(|(_, major)| *major);
        let free = |candidate: &u32| !used.contains(candidate);
        let major = known
            .or_else(|| Some(node.major).filter(free))
            .or_else(|| DYNAMIC_MAJORS.rev().find(free))
            .unwrap_or(node.major);
        if known.is_none() {
            used.push(major);
            moved.push((node.driver.clone(), major));
        }
        node.major = major;
    }
    nodes
}

/// The majors with those that are taken moved. 226 is the DRM subsystem's own number and stays:
/// there the minors move.
fn moved(majors: Majors, taken: &[u32]) -> Majors {
    let mut used: Vec<u32> = taken.to_vec();
    let mut place = |major: u32| {
        let free = |candidate: &u32| !used.contains(candidate);
        let chosen = Some(major).filter(free).or_else(|| DYNAMIC_MAJORS.rev().find(free)).unwrap_or(major);
        used.push(chosen);
        chosen
    };
    Majors {
        nvidia: majors.nvidia,
        nvidia_uvm: place(majors.nvidia_uvm),
        nvidia_nvlink: place(majors.nvidia_nvlink),
        nvidia_caps: place(majors.nvidia_caps),
        nvidia_caps_imex_channels: place(majors.nvidia_caps_imex_channels),
        drm: majors.drm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "Character devices:\n  1 mem\n 10 misc\n\nBlock devices:\n  7 loop\n";

    fn dgx() -> Description {
        Description::preset("dgx-h100").unwrap()
    }

    #[test]
    fn a_plain_machine_takes_the_numbers_as_described() {
        let machine = Machine::new(PLAIN);
        assert_eq!(machine.place(&dgx()), dgx());
        let expected = "Character devices:\n  1 mem\n 10 misc\n195 nvidia\n195 nvidia-modeset\n195 nvidiactl\n226 drm\n\
                        507 nvidia-uvm\n509 nvidia-nvlink\n510 nvidia-caps\n511 nvidia-caps-imex-channels\n\n\
                        Block devices:\n  7 loop\n";
        assert_eq!(machine.devices_with(&dgx()), expected);
        assert!(!machine.has_real_driver());
    }

    #[test]
    fn taken_numbers_are_given_to_nobody() {
        let machine = Machine::new("Character devices:\n226 drm\n507 aux\n511 cec\n\nBlock devices:\n");
        let placed = machine.place(&dgx());
        assert_eq!(placed.majors.nvidia_uvm, 510);
        assert_eq!(placed.majors.nvidia_nvlink, 509);
        assert_eq!(placed.majors.nvidia_caps, 508);
        assert_eq!(placed.majors.nvidia_caps_imex_channels, 506);
        assert_eq!((placed.gpus[0].card, placed.gpus[0].render), (32, 160));
        assert_eq!(machine.devices_with(&placed).matches("226 drm").count(), 1);
    }

    #[test]
    fn a_real_driver_is_seen() {
        assert!(Machine::new("Character devices:\n195 nvidia-frontend\n").has_real_driver());
        assert!(Machine::new("Character devices:\n510 nvidia-caps\n").has_real_driver());
    }
}
