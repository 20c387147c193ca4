//! Specifications to text.

use crate::yaml::Yaml;
use crate::{ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec};
use std::collections::BTreeMap;

impl Spec {
    /// The specification as YAML, in the layout of the reference tools: `---` first, 4 blanks a level,
    /// strings quoted only where a YAML 1.1 reader would take them for something else.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut map = vec![
            ("cdiVersion", Yaml::text(&self.cdi_version)),
            ("kind", Yaml::text(&self.kind)),
            ("annotations", annotations(&self.annotations)),
            ("devices", Yaml::List(self.devices.iter().map(device).collect())),
        ];
        if !self.container_edits.is_empty() {
            map.push(("containerEdits", edits(&self.container_edits)));
        }
        Yaml::Map(map).document()
    }

    /// The specification as compact JSON on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain structs of strings and numbers: serde_json has nothing to refuse here.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn device(device: &Device) -> Yaml<'_> {
    Yaml::Map(vec![
        ("name", Yaml::text(&device.name)),
        ("annotations", annotations(&device.annotations)),
        ("containerEdits", edits(&device.container_edits)),
    ])
}

fn annotations(annotations: &BTreeMap<String, String>) -> Yaml<'_> {
    Yaml::Map(annotations.iter().map(|(key, value)| (key.as_str(), Yaml::text(value))).collect())
        .unless_empty()
}

fn edits(edits: &ContainerEdits) -> Yaml<'_> {
    Yaml::Map(vec![
        ("env", Yaml::texts(&edits.env)),
        ("deviceNodes", Yaml::items(&edits.device_nodes, node)),
        ("netDevices", Yaml::items(&edits.net_devices, net_device)),
        ("hooks", Yaml::items(&edits.hooks, hook)),
        ("mounts", Yaml::items(&edits.mounts, mount)),
        ("intelRdt", edits.intel_rdt.as_ref().map_or(Yaml::Absent, intel_rdt)),
        ("additionalGids", Yaml::items(&edits.additional_gids, |gid| Yaml::Number(i64::from(*gid)))),
    ])
}

fn node(node: &DeviceNode) -> Yaml<'_> {
    Yaml::Map(vec![
        ("path", Yaml::text(&node.path)),
        ("hostPath", Yaml::optional(node.host_path.as_deref())),
        ("type", Yaml::optional(node.type_.as_deref())),
        ("major", Yaml::unless_zero(node.major)),
        ("minor", Yaml::unless_zero(node.minor)),
        ("fileMode", Yaml::number(node.file_mode.map(i64::from))),
        ("permissions", Yaml::optional(node.permissions.as_deref())),
        ("uid", Yaml::number(node.uid.map(i64::from))),
        ("gid", Yaml::number(node.gid.map(i64::from))),
    ])
}

fn net_device(device: &NetDevice) -> Yaml<'_> {
    Yaml::Map(vec![
        ("hostInterfaceName", Yaml::text(&device.host_interface_name)),
        ("name", Yaml::text(&device.name)),
    ])
}

fn hook(hook: &Hook) -> Yaml<'_> {
    Yaml::Map(vec![
        ("hookName", Yaml::text(&hook.hook_name)),
        ("path", Yaml::text(&hook.path)),
        ("args", Yaml::texts(&hook.args)),
        ("env", Yaml::texts(&hook.env)),
        ("timeout", Yaml::number(hook.timeout)),
    ])
}

fn mount(mount: &Mount) -> Yaml<'_> {
    Yaml::Map(vec![
        ("hostPath", Yaml::text(&mount.host_path)),
        ("containerPath", Yaml::text(&mount.container_path)),
        ("options", Yaml::texts(&mount.options)),
        ("type", Yaml::optional(mount.type_.as_deref())),
    ])
}

fn intel_rdt(rdt: &IntelRdt) -> Yaml<'_> {
    let flag = |on: bool| if on { Yaml::Flag } else { Yaml::Absent };
    Yaml::Map(vec![
        ("closID", Yaml::optional(rdt.clos_id.as_deref())),
        ("l3CacheSchema", Yaml::optional(rdt.l3_cache_schema.as_deref())),
        ("memBwSchema", Yaml::optional(rdt.mem_bw_schema.as_deref())),
        ("schemata", Yaml::texts(&rdt.schemata)),
        ("enableMonitoring", flag(rdt.enable_monitoring)),
        ("enableCMT", flag(rdt.enable_cmt)),
        ("enableMBM", flag(rdt.enable_mbm)),
    ])
}
