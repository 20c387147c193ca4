//! G714: a service whose processes share memory, with the 64 MiB of shared memory of the default.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G714"),
    name: "shm-too-small",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// Servers that put a model on several GPUs with one process each.
const SERVERS: &[&str] = &["vllm/vllm-openai", "lmsysorg/sglang", "huggingface/text-generation-inference"];

/// Options that say on how many GPUs.
const PARALLEL: &[&str] = &[
    "--tensor-parallel-size",
    "--tensor_parallel_size",
    "-tp",
    "--tp",
    "--tp-size",
    "--pipeline-parallel-size",
    "-pp",
    "--num-shard",
    "--nproc_per_node",
    "--nproc-per-node",
];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        if service.is_partial() || service.parts().iter().any(has_shared_memory) {
            continue;
        }
        let Some(image) = service.kept_image() else { continue };
        let server =
            SERVERS.iter().find(|name| image.name == **name || image.name.ends_with(&format!("/{name}")));
        let ngc = ["nvcr.io/nvidia/pytorch"].contains(&image.name.as_str());
        let processes = processes(&service.whole().words());
        let Some(why) = why(server.copied(), ngc, processes) else { continue };
        let finding = sink.report(image.span, why);
        finding.note(
            "a container has 64 MiB of /dev/shm: `Unexpected bus error encountered in worker. This might be caused by \
             insufficient shared memory (shm).`",
        );
        finding.help("add `shm_size: 8g`, or `ipc: host`");
    }
}

fn why(server: Option<&str>, ngc: bool, processes: Option<u32>) -> Option<String> {
    match (server, processes) {
        (Some(_), Some(count)) if count > 1 => {
            Some(format!("{count} processes share memory, and there is no `shm_size`"))
        }
        _ if ngc => Some("PyTorch data loaders share memory, and there is no `shm_size`".to_owned()),
        _ => None,
    }
}

/// Whether the size of /dev/shm is set in any way.
fn has_shared_memory(service: &Service<'_>) -> bool {
    let mounted =
        service.volumes().iter().any(|volume| volume.text().is_some_and(|text| text.contains("/dev/shm")));
    let tmpfs = service.get("tmpfs").is_some_and(|tmpfs| {
        let items = if tmpfs.is_sequence() { tmpfs.items() } else { vec![tmpfs] };
        items.iter().any(|item| item.text().is_some_and(|text| text.contains("/dev/shm")))
    });
    mounted || tmpfs || service.get("shm_size").is_some() || service.get("ipc").is_some()
}

/// How many processes the command asks for.
fn processes(words: &[String]) -> Option<u32> {
    let count = |index: usize, word: &String| {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        if !PARALLEL.contains(&name) {
            return None;
        }
        value.or_else(|| words.get(index + 1).map(String::as_str))?.parse().ok()
    };
    words.iter().enumerate().filter_map(|(index, word)| count(index, word)).max()
}
