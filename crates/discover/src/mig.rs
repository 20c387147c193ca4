//! The MIG layout of a GPU, as far as procfs tells it: instances and their capability nodes, but no
//! UUIDs and no profiles.

use crate::nodes;
use crate::survey::Survey;
use driver::{Mig, Node};
use formats::procfs;
use host::Host;

/// One directory for each GPU minor, with `mig/gi<N>/ci<N>` below.
pub(crate) const CAPABILITIES: &str = "/proc/driver/nvidia/capabilities";

/// The MIG instances of the GPU with that minor, by instance numbers.
pub(crate) fn find(survey: &Survey<'_>, gpu: u32) -> Vec<Mig> {
    let mut found = Vec::new();
    let directory = format!("{CAPABILITIES}/gpu{gpu}/mig");
    for gpu_instance in numbered(survey.machine, &directory, "gi") {
        let directory = format!("{directory}/gi{gpu_instance}");
        for compute_instance in numbered(survey.machine, &directory, "ci") {
            let paths = [format!("{directory}/access"), format!("{directory}/ci{compute_instance}/access")];
            let caps = paths.iter().filter_map(|path| capability(survey, path)).collect();
            let index = u32::try_from(found.len()).unwrap_or(u32::MAX);
            found.push(Mig { index, gpu_instance, compute_instance, caps, ..Mig::default() });
        }
    }
    found
}

/// The nodes of the capabilities to change the MIG layout and to watch all of it.
pub(crate) fn of_system(survey: &Survey<'_>) -> (Option<Node>, Option<Node>) {
    let of = |name: &str| capability(survey, &format!("{CAPABILITIES}/mig/{name}"));
    (of("config"), of("monitor"))
}

/// The node that opens a capability, by its `access` file.
fn capability(survey: &Survey<'_>, path: &str) -> Option<Node> {
    let text = survey.machine.read_text_optional(path).ok()??;
    node(survey, procfs::capability_minor(&text)?)
}

/// The node of a capability minor.
pub(crate) fn node(survey: &Survey<'_>, minor: u32) -> Option<Node> {
    nodes::read(survey, &format!("/dev/nvidia-caps/nvidia-cap{minor}"))
}

/// The numbers N of entries `<prefix>N`, in order.
pub(crate) fn numbered(machine: &Host, directory: &str, prefix: &str) -> Vec<u32> {
    let entries = machine.list_optional(directory).ok().flatten().unwrap_or_default();
    let mut numbers: Vec<u32> =
        entries.iter().filter_map(|entry| entry.name.strip_prefix(prefix)?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}
