//! `/proc/driver/nvidia-caps/mig-minors` and the `access` files below
//! `/proc/driver/nvidia/capabilities`: which `/dev/nvidia-caps/nvidia-cap<N>` opens a MIG instance.

use super::key_value;

/// Minors of the MIG capability nodes. GPUs are counted by their minor number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigMinors(Vec<(String, u32)>);

impl MigMinors {
    /// Minor of the node that allows changing the MIG layout.
    #[must_use]
    pub fn config(&self) -> Option<u32> {
        self.get("config")
    }

    /// Minor of the node that allows watching all MIG instances.
    #[must_use]
    pub fn monitor(&self) -> Option<u32> {
        self.get("monitor")
    }

    /// Minor of the node for a GPU instance.
    #[must_use]
    pub fn gpu_instance(&self, gpu: u32, instance: u32) -> Option<u32> {
        self.get(&format!("gpu{gpu}/gi{instance}/access"))
    }

    /// Minor of the node for a compute instance.
    #[must_use]
    pub fn compute_instance(&self, gpu: u32, instance: u32, compute: u32) -> Option<u32> {
        self.get(&format!("gpu{gpu}/gi{instance}/ci{compute}/access"))
    }

    /// Minor of any capability by its name in the table.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, minor)| *minor)
    }

    /// All minors, in the order of the table.
    pub fn minors(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(_, minor)| *minor)
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads `/proc/driver/nvidia-caps/mig-minors`.
#[must_use]
pub fn mig_minors(text: &str) -> MigMinors {
    let line = |line: &str| {
        let (name, minor) = line.trim().rsplit_once(' ')?;
        Some((name.trim().to_owned(), minor.parse().ok()?))
    };
    MigMinors(text.lines().filter_map(line).collect())
}

/// Reads the minor out of an `access` file such as
/// `/proc/driver/nvidia/capabilities/gpu0/mig/gi1/access`.
#[must_use]
pub fn capability_minor(text: &str) -> Option<u32> {
    let mut lines = text.lines().filter_map(key_value);
    lines.find(|(key, _)| *key == "DeviceFileMinor").and_then(|(_, minor)| minor.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minors_are_found_by_instance() {
        let minors = mig_minors(
            "config 1\nmonitor 2\ngpu0/gi7/access 66\ngpu0/gi7/ci0/access 67\nbroken\ngpu1/gi1/access x\n",
        );
        assert_eq!(minors.config(), Some(1));
        assert_eq!(minors.monitor(), Some(2));
        assert_eq!(minors.gpu_instance(0, 7), Some(66));
        assert_eq!(minors.compute_instance(0, 7, 0), Some(67));
        assert_eq!(minors.gpu_instance(1, 1), None);
        assert!(mig_minors("").is_empty());
    }

    #[test]
    fn an_access_file_tells_its_minor() {
        assert_eq!(
            capability_minor("DeviceFileMinor: 66\nDeviceFileMode: 292\nDeviceFileModify: 1\n"),
            Some(66)
        );
        assert_eq!(capability_minor("DeviceFileMode: 292\n"), None);
    }
}
