//! `nvidia-smi -L`: one line for each GPU and MIG device.

use crate::gpus::Gpu;
use std::fmt::Write;

/// The lines.
pub(crate) fn list(gpus: &[&Gpu]) -> String {
    let mut text = String::new();
    for gpu in gpus {
        let _ = writeln!(text, "GPU {}: {} (UUID: {})", gpu.index, gpu.name, gpu.uuid);
        for mig in &gpu.mig {
            let _ = writeln!(text, "  MIG {:<12}Device {:2}: (UUID: {})", mig.profile, mig.index, mig.uuid);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpus::Mig;

    #[test]
    fn lines_are_those_of_the_real_tool() {
        let mig = Mig { uuid: "MIG-1".into(), profile: "1g.10gb".into(), ..Mig::default() };
        let gpu = Gpu {
            name: "NVIDIA H100 80GB HBM3".into(),
            uuid: "GPU-1".into(),
            mig: vec![mig],
            ..Gpu::default()
        };
        let expected = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n\
                        \x20 MIG 1g.10gb     Device  0: (UUID: MIG-1)\n";
        assert_eq!(list(&[&gpu]), expected);
    }
}
