//! CDI specifications as plain values; names and order of the fields are those of the standard.
//!
//! Source: CDI specification 1.1.0 (`SPEC.md` of the Container Device Interface project). Unknown
//! fields are refused, as the engines' own parser does.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A CDI specification: one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// Version of the standard that is needed to read the file, for example `0.5.0`.
    pub cdi_version: String,
    /// `vendor/class`, for example `nvidia.com/gpu`.
    pub kind: String,
    /// Free annotations; since 0.6.0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub annotations: BTreeMap<String, String>,
    /// The devices.
    #[serde(default, deserialize_with = "or_default")]
    pub devices: Vec<Device>,
    /// Edits that any device of the file brings along, once.
    #[serde(default, skip_serializing_if = "ContainerEdits::is_empty", deserialize_with = "or_default")]
    pub container_edits: ContainerEdits,
}

/// One device of a specification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Device {
    /// Name, unique in the file; `kind=name` is what users ask for.
    pub name: String,
    /// Free annotations; since 0.6.0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub annotations: BTreeMap<String, String>,
    /// Edits that the device brings.
    #[serde(default, deserialize_with = "or_default")]
    pub container_edits: ContainerEdits,
}

/// Changes to a container's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerEdits {
    /// `KEY=value` pairs.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub env: Vec<String>,
    /// Device nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub device_nodes: Vec<DeviceNode>,
    /// Network devices to move into the container; since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub net_devices: Vec<NetDevice>,
    /// Hooks.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub hooks: Vec<Hook>,
    /// Mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub mounts: Vec<Mount>,
    /// Intel Resource Director settings; since 0.7.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intel_rdt: Option<IntelRdt>,
    /// Supplementary groups of the process; since 0.7.0.
    #[serde(
        rename = "additionalGids",
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub additional_gids: Vec<u32>,
}

/// A device node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceNode {
    /// Path in the container.
    pub path: String,
    /// Path on the host when it differs; since 0.5.0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "unless_empty")]
    pub host_path: Option<String>,
    /// `b`, `c`, `u` or `p`; taken from the host's node when absent.
    #[serde(
        rename = "type",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "unless_empty"
    )]
    pub type_: Option<String>,
    /// Major number; 0 is "as the host's node".
    #[serde(default, skip_serializing_if = "is_zero", deserialize_with = "or_default")]
    pub major: i64,
    /// Minor number.
    #[serde(default, skip_serializing_if = "is_zero", deserialize_with = "or_default")]
    pub minor: i64,
    /// Permission bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_mode: Option<u32>,
    /// Letters out of `rwm` for the device cgroup; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "unless_empty")]
    pub permissions: Option<String>,
    /// Owner in the container; the process' user when absent and not root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Group in the container; the process' group when absent and not root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
}

/// A network device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetDevice {
    /// Name on the host.
    pub host_interface_name: String,
    /// Name in the container.
    pub name: String,
}

/// A hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hook {
    /// Stage, for example `createContainer`.
    pub hook_name: String,
    /// Absolute path of the program.
    pub path: String,
    /// `argv`, the program's name included.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub args: Vec<String>,
    /// The hook's whole environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub env: Vec<String>,
    /// Seconds before the hook is killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}

/// A mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mount {
    /// Path on the host.
    pub host_path: String,
    /// Path in the container.
    pub container_path: String,
    /// Mount options.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub options: Vec<String>,
    /// File system type; since 0.4.0.
    #[serde(
        rename = "type",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "unless_empty"
    )]
    pub type_: Option<String>,
}

/// Intel Resource Director settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntelRdt {
    /// Class of service.
    #[serde(
        rename = "closID",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "unless_empty"
    )]
    pub clos_id: Option<String>,
    /// L3 cache schema.
    #[serde(
        rename = "l3CacheSchema",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "unless_empty"
    )]
    pub l3_cache_schema: Option<String>,
    /// Memory bandwidth schema.
    #[serde(
        rename = "memBwSchema",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "unless_empty"
    )]
    pub mem_bw_schema: Option<String>,
    /// Whole schemata; since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub schemata: Vec<String>,
    /// Makes a monitoring group; since 1.1.0.
    #[serde(
        rename = "enableMonitoring",
        default,
        skip_serializing_if = "is_false",
        deserialize_with = "or_default"
    )]
    pub enable_monitoring: bool,
    /// Cache monitoring, until 1.0.0.
    #[serde(
        rename = "enableCMT",
        default,
        skip_serializing_if = "is_false",
        deserialize_with = "or_default"
    )]
    pub enable_cmt: bool,
    /// Memory bandwidth monitoring, until 1.0.0.
    #[serde(
        rename = "enableMBM",
        default,
        skip_serializing_if = "is_false",
        deserialize_with = "or_default"
    )]
    pub enable_mbm: bool,
}

impl ContainerEdits {
    /// Whether there is no edit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Appends the edits of `other`.
    pub fn append(&mut self, other: &Self) {
        self.env.extend_from_slice(&other.env);
        self.device_nodes.extend_from_slice(&other.device_nodes);
        self.net_devices.extend_from_slice(&other.net_devices);
        self.hooks.extend_from_slice(&other.hooks);
        self.mounts.extend_from_slice(&other.mounts);
        self.additional_gids.extend_from_slice(&other.additional_gids);
        if other.intel_rdt.is_some() {
            self.intel_rdt.clone_from(&other.intel_rdt);
        }
    }
}

impl Spec {
    /// The name under which users ask for a device: `kind=name`.
    #[must_use]
    pub fn qualified(&self, device: &Device) -> String {
        format!("{}={}", self.kind, device.name)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A value that may also be `null`, as Go programs write an empty one.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A text that counts as absent when it is empty, as the engines' own types have it.
fn unless_empty<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// Annotations, whose numbers, truth values and `null` the engines' parser takes for texts.
fn texts<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let values =
        Option::<BTreeMap<String, serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    values.into_iter().map(|(key, value)| Ok((key, text(value)?))).collect()
}

fn text<E: serde::de::Error>(value: serde_json::Value) -> Result<String, E> {
    use serde_json::Value;
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(E::custom("an annotation is not a text")),
    }
}
