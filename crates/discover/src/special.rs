//! Device nodes beside those of a GPU container: all of the driver's for management, and those of
//! the drivers that work with it.

use crate::nodes;
use crate::options::Options;
use crate::survey::Survey;
use diag::Result;
use driver::{File, Node};
use host::{Host, Kind};

/// Which of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Every node of the NVIDIA driver.
    Management,
    /// GPUDirect Storage.
    Gds,
    /// InfiniBand verbs of Mellanox.
    Mofed,
    /// GDRCopy.
    Gdrcopy,
    /// `NVSwitch`.
    Nvswitch,
    /// IMEX channels.
    Imex,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialFiles {
    /// The nodes, by directory and name.
    pub nodes: Vec<Node>,
    /// Files that programs need besides; none when there is no node.
    pub files: Vec<File>,
}

impl Special {
    /// The kind of a name on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "management" => Self::Management,
            "gds" => Self::Gds,
            "mofed" => Self::Mofed,
            "gdrcopy" => Self::Gdrcopy,
            "nvswitch" => Self::Nvswitch,
            "imex" => Self::Imex,
            _ => return None,
        })
    }

    /// Directories, and how names of nodes begin in them.
    fn places(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Management => &[
                ("/dev", "nvidia"),
                ("/dev/nvidia-caps", "nvidia-cap"),
                ("/dev/nvidia-caps-imex-channels", "channel"),
            ],
            Self::Gds => &[("/dev", "nvidia-fs")],
            Self::Mofed => &[("/dev/infiniband", "uverbs"), ("/dev/infiniband", "rdma_cm")],
            Self::Gdrcopy => &[("/dev", "gdrdrv")],
            Self::Nvswitch => &[("/dev", "nvidia-nvswitch")],
            Self::Imex => &[("/dev/nvidia-caps-imex-channels", "channel")],
        }
    }

    /// Nodes that begin alike and are not meant.
    fn others(self) -> &'static [&'static str] {
        match self {
            Self::Management => &["nvidia-fs", "nvidia-nvswitch", "nvidia-nvlink"],
            _ => &[],
        }
    }

    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Gds => &["/run/udev", "/etc/cufile.json"],
            _ => &[],
        }
    }
}

/// Looks for the nodes.
///
/// # Errors
/// A root of `options` is not a directory; a directory cannot be listed.
pub fn special(host: &Host, options: &Options, special: Special) -> Result<SpecialFiles> {
    let survey = Survey::new(host, options)?;
    let mut found = SpecialFiles::default();
    for (directory, start) in special.places() {
        for entry in survey.dev.list_optional(directory)?.unwrap_or_default() {
            let name = entry.name.as_str();
            if name.starts_with(start) && !special.others().iter().any(|other| name.starts_with(other)) {
                found.nodes.extend(nodes::read(&survey, &format!("{directory}/{name}")));
            }
        }
    }
    if found.nodes.is_empty() {
        return Ok(found);
    }
    for path in special.files() {
        let there =
            survey.root.stat(path)?.is_some_and(|stat| matches!(stat.kind, Kind::File | Kind::Directory));
        if there {
            let host_path = format!("{}{path}", options.driver_prefix());
            found.files.push(File { host_path, container_path: (*path).to_owned() });
        }
    }
    Ok(found)
}
