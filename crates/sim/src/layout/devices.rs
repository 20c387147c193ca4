//! `/dev`: the driver's nodes, capability nodes, DRM nodes.

use super::{Entry, Kind, Layout};
use crate::mig_capabilities as caps;
use crate::{Description, Gpu, Platform};

pub(super) fn add(description: &Description, layout: &mut Layout) {
    for node in &description.nodes.additional {
        let kind = Kind::Device { major: node.major, minor: node.minor };
        layout.entries.insert(node.path.clone(), Entry { kind, mode: node.mode, gid: node.gid });
    }
    if description.driver.platform != Platform::Pci {
        return;
    }
    let (majors, mode) = (description.majors, description.nodes.mode);
    let node = |major, minor| Kind::Device { major, minor };
    layout.add("/dev/nvidiactl", mode, node(majors.nvidia, 255));
    layout.add("/dev/nvidia-modeset", mode, node(majors.nvidia, 254));
    layout.add("/dev/nvidia-uvm", mode, node(majors.nvidia_uvm, 0));
    layout.add("/dev/nvidia-uvm-tools", mode, node(majors.nvidia_uvm, 1));
    for gpu in &description.gpus {
        layout.add(format!("/dev/nvidia{}", gpu.minor), mode, node(majors.nvidia, gpu.minor));
    }
    if description.nodes.capabilities {
        add_capabilities(description, layout);
    }
    if description.nodes.drm {
        description.gpus.iter().for_each(|gpu| add_drm(description, gpu, layout));
    }
}

fn add_capabilities(description: &Description, layout: &mut Layout) {
    let major = description.majors.nvidia_caps;
    let mut add = |minor: u32, mode| {
        let path = format!("/dev/nvidia-caps/nvidia-cap{minor}");
        layout.add(path, mode, Kind::Device { major, minor });
    };
    add(caps::CONFIG, 0o400);
    add(caps::MONITOR, 0o444);
    for gpu in &description.gpus {
        for instance in gpu.mig.iter().flat_map(|mig| &mig.instances) {
            add(caps::gpu_instance(gpu.minor, instance.gpu_instance), 0o444);
            add(caps::compute_instance(gpu.minor, instance.gpu_instance, instance.compute_instance), 0o444);
        }
    }
}

fn add_drm(description: &Description, gpu: &Gpu, layout: &mut Layout) {
    let nodes = [
        ("card", format!("card{}", gpu.card), gpu.card, description.nodes.video_gid),
        ("render", format!("renderD{}", gpu.render), gpu.render, description.nodes.render_gid),
    ];
    for (role, name, minor, gid) in nodes {
        let kind = Kind::Device { major: description.majors.drm, minor };
        layout.entries.insert(format!("/dev/dri/{name}"), Entry { kind, mode: 0o660, gid });
        layout.add_link(format!("/dev/dri/by-path/pci-{}-{role}", gpu.pci), format!("../{name}"));
    }
}
