//! The model of a file of Kubernetes objects: pods in any workload, their containers and resources.

mod quantity;

pub use quantity::Quantity;

use crate::file::File;
use crate::yaml::{Entry, View, Yaml};

/// How deep pod templates are searched for in objects of unknown kinds.
const MAX_DEPTH: usize = 12;

/// The objects of a file.
#[derive(Debug, Default)]
pub struct Manifests {
    yaml: Yaml,
}

/// An object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Group and version: `apps/v1`.
    pub api_version: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The object.
    pub node: View<'a>,
}

/// A container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The object that it is of.
    pub object: Object<'a>,
    /// The specification of its pod.
    pub pod: View<'a>,
    /// The container.
    pub node: View<'a>,
    /// Whether it is an init container.
    pub is_init: bool,
}

impl Manifests {
    /// Reads a file; a text that is not YAML (a template) has no objects.
    #[must_use]
    pub fn read(file: &File) -> Self {
        Self { yaml: Yaml::read(&file.text) }
    }

    /// Whether the file has more than is looked at.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.yaml.is_cut()
    }

    /// The objects, those of lists too.
    #[must_use]
    pub fn objects(&self) -> Vec<Object<'_>> {
        let mut out = Vec::new();
        for node in self.yaml.documents() {
            let Some(object) = object(node) else { continue };
            if object.kind == "List" {
                let items = node.get("items").map(|items| items.items()).unwrap_or_default();
                out.extend(items.into_iter().filter_map(self::object));
            } else {
                out.push(object);
            }
        }
        out
    }

    /// The containers of all pods that are whole: strategic merge patches, which leave out the
    /// image, are not.
    #[must_use]
    pub fn containers(&self) -> Vec<Container<'_>> {
        let mut out = Vec::new();
        for object in self.objects() {
            for pod in object.pods() {
                for (key, is_init) in [("containers", false), ("initContainers", true)] {
                    let items = pod.get(key).map(|items| items.items()).unwrap_or_default();
                    let whole = items.into_iter().filter(|node| node.get("image").is_some());
                    out.extend(whole.map(|node| Container { object, pod, node, is_init }));
                }
            }
        }
        out
    }
}

fn object(node: View<'_>) -> Option<Object<'_>> {
    let api_version = node.get("apiVersion")?.text()?;
    let kind = node.get("kind")?.text()?;
    Some(Object { api_version, kind, node })
}

impl<'a> Object<'a> {
    /// The pod specifications in it; none when it is a patch (a workload without selector).
    #[must_use]
    pub fn pods(&self) -> Vec<View<'a>> {
        let at = |keys: &[&str]| self.node.at_path(keys).into_iter().collect();
        match (self.api_version, self.kind) {
            ("v1", "Pod") => at(&["spec"]),
            ("v1", "ReplicationController") | ("batch/v1", "Job") => at(&["spec", "template", "spec"]),
            ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
                if self.node.at_path(&["spec", "selector"]).is_none() {
                    return Vec::new();
                }
                at(&["spec", "template", "spec"])
            }
            ("batch/v1", "CronJob") => at(&["spec", "jobTemplate", "spec", "template", "spec"]),
            _ => {
                let mut out = Vec::new();
                templates(self.node, MAX_DEPTH, &mut out);
                out
            }
        }
    }

    /// Whether it is of a kind of Kubernetes itself, whose fields are checked when it is created.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        matches!(self.api_version, "v1" | "apps/v1" | "batch/v1")
    }
}

/// Pod templates below a node: what has `template.spec.containers`.
fn templates<'a>(node: View<'a>, depth: usize, out: &mut Vec<View<'a>>) {
    if depth == 0 {
        return;
    }
    if let Some(spec) = node.at_path(&["template", "spec"])
        && spec.get("containers").is_some_and(|containers| containers.is_sequence())
    {
        out.push(spec);
        return;
    }
    for entry in node.own_entries() {
        templates(entry.value, depth - 1, out);
    }
    for item in node.items() {
        templates(item, depth - 1, out);
    }
}

impl<'a> Container<'a> {
    /// The entries of `resources.limits` or `resources.requests`.
    #[must_use]
    pub fn resources(&self, part: &str) -> Vec<Entry<'a>> {
        self.node.at_path(&["resources", part]).map(|part| part.entries()).unwrap_or_default()
    }

    /// How many whole GPUs of NVIDIA it is limited to, and nothing else of theirs; `None`: none, or not
    /// known.
    #[must_use]
    pub fn whole_gpus(&self) -> Option<usize> {
        let limits = self.resources("limits");
        let mut counted = limits
            .iter()
            .filter(|entry| entry.key.text().is_some_and(|name| name.starts_with("nvidia.com/")));
        let only = counted.next().filter(|entry| entry.key.text() == Some("nvidia.com/gpu"))?;
        let count = only.value.text()?.parse().ok()?;
        let claims = self.node.at_path(&["resources", "claims"]).is_some();
        (!claims && counted.next().is_none() && count > 0).then_some(count)
    }

    /// The item of `env` with a name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<View<'a>> {
        let items = self.node.get("env")?.items();
        items.into_iter().find(|item| item.get("name").and_then(|view| view.text()) == Some(name))
    }

    /// The amount of a resource in `limits` or `requests`.
    #[must_use]
    pub fn amount(&self, part: &str, name: &str) -> Option<Entry<'a>> {
        self.resources(part).into_iter().find(|entry| entry.key.text() == Some(name))
    }
}

/// Whether a resource is a GPU or a part of one, of any vendor, counted in whole numbers.
#[must_use]
pub fn is_gpu_resource(name: &str) -> bool {
    let Some((vendor, resource)) = name.split_once('/') else { return false };
    matches!(vendor, "nvidia.com" | "amd.com" | "gpu.intel.com")
        && (resource.starts_with("gpu")
            || resource.starts_with("mig-")
            || resource == "i915"
            || resource == "xe")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        Manifests::read(&File::new("x.yaml", text)).containers().len()
    }

    #[test]
    fn containers_are_found_in_every_workload() {
        let containers = "containers: [{name: a, image: b}]\n";
        let cases = [
            (format!("apiVersion: v1\nkind: Pod\nspec:\n  {containers}"), 1),
            (
                format!(
                    "apiVersion: apps/v1\nkind: Deployment\nspec:\n  selector: {{}}\n  template:\n    spec:\n      {containers}"
                ),
                1,
            ),
            (
                format!(
                    "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      {containers}"
                ),
                0,
            ),
            (
                format!(
                    "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          {containers}"
                ),
                1,
            ),
            (
                format!(
                    "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nspec:\n  pytorchReplicaSpecs:\n    Worker:\n      template:\n        spec:\n          {containers}"
                ),
                1,
            ),
            ("apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a}]\n".to_owned(), 0),
            (
                format!(
                    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec:\n    {containers}"
                ),
                1,
            ),
            ("apiVersion: v1\nkind: Pod\nspec: {{ .Values.x }}\n  a: [\n".to_owned(), 0),
        ];
        for (text, expected) in cases {
            assert_eq!(count(&text), expected, "{text}");
        }
    }
}
