//! The keys of `daemon.json`. dockerd does not start with one that it does not know.

use diag::distance;
use serde_json::{Map, Value};

/// The keys of Docker 20.10 to 29.7 (moby, `daemon/config/config*.go` at these releases).
const KEYS: &[&str] = &[
    "allow-direct-routing",
    "api-cors-header",
    "authorization-plugins",
    "bip",
    "bip6",
    "bridge",
    "bridge-accept-fwmark",
    "builder",
    "cdi-spec-dirs",
    "cgroup-parent",
    "cluster-advertise",
    "cluster-store",
    "cluster-store-opts",
    "containerd",
    "containerd-namespace",
    "containerd-plugin-namespace",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cri-containerd",
    "data-root",
    "debug",
    "default-address-pools",
    "default-cgroupns-mode",
    "default-gateway",
    "default-gateway-v6",
    "default-init",
    "default-ipc-mode",
    "default-network-opts",
    "default-runtime",
    "default-shm-size",
    "default-stop-timeout",
    "default-ulimits",
    "deprecated-key-path",
    "dns",
    "dns-opts",
    "dns-search",
    "exec-opts",
    "exec-root",
    "experimental",
    "features",
    "firewall-backend",
    "fixed-cidr",
    "fixed-cidr-v6",
    "graph",
    "group",
    "host-gateway-ip",
    "host-gateway-ips",
    "hosts",
    "http-proxy",
    "https-proxy",
    "icc",
    "init",
    "init-path",
    "ip",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "labels",
    "live-restore",
    "log-driver",
    "log-format",
    "log-level",
    "log-opts",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "metrics-addr",
    "min-api-version",
    "mtu",
    "network-control-plane-mtu",
    "network-diagnostic-port",
    "no-new-privileges",
    "no-proxy",
    "node-generic-resources",
    "nri-opts",
    "oom-score-adjust",
    "pidfile",
    "proxies",
    "raw-logs",
    "resolv-conf",
    "rootless",
    "runtimes",
    "seccomp-profile",
    "selinux-enabled",
    "shutdown-timeout",
    "storage-driver",
    "storage-opts",
    "swarm-default-advertise-addr",
    "swarm-raft-election-tick",
    "swarm-raft-heartbeat-tick",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userland-proxy",
    "userland-proxy-path",
    "userns-remap",
];

/// What stands in the file in place of a key that was meant: the key, and the one that it is near to.
/// A key that is near to none is left alone, for a later Docker may know it.
pub(super) fn mistaken(object: &Map<String, Value>) -> Vec<(String, String)> {
    let unknown = object.keys().filter(|key| !KEYS.contains(&key.as_str()));
    unknown.filter_map(|key| Some((key.clone(), meant(key)?.to_owned()))).collect()
}

/// Keys of the registry's service, which are kept apart there.
const OF_REGISTRIES: &[&str] =
    &["allow-nondistributable-artifacts", "insecure-registries", "registry-mirrors"];

/// Keys that are none and near to none: of another program, or of a Docker that is not written yet.
pub(super) fn unknown(object: &Map<String, Value>) -> Vec<String> {
    let is_known = |key: &str| KEYS.contains(&key) || OF_REGISTRIES.contains(&key) || meant(key).is_some();
    object.keys().filter(|key| !is_known(key)).cloned().collect()
}

/// What kind a value must have.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Switch,
    List,
    Table,
}

/// Kinds of the keys that people write by hand, from the structs of moby's `daemon/config`.
const KINDS: &[(&str, Kind)] = &[
    ("bip", Kind::Text),
    ("cdi-spec-dirs", Kind::List),
    ("data-root", Kind::Text),
    ("debug", Kind::Switch),
    ("default-address-pools", Kind::List),
    ("default-runtime", Kind::Text),
    ("dns", Kind::List),
    ("exec-opts", Kind::List),
    ("experimental", Kind::Switch),
    ("features", Kind::Table),
    ("hosts", Kind::List),
    ("insecure-registries", Kind::List),
    ("iptables", Kind::Switch),
    ("live-restore", Kind::Switch),
    ("log-driver", Kind::Text),
    ("log-opts", Kind::Table),
    ("node-generic-resources", Kind::List),
    ("registry-mirrors", Kind::List),
    ("runtimes", Kind::Table),
    ("storage-driver", Kind::Text),
    ("storage-opts", Kind::List),
];

/// Tables whose values are of one kind.
const TABLES: &[(&str, Kind)] =
    &[("features", Kind::Switch), ("log-opts", Kind::Text), ("runtimes", Kind::Table)];

/// Values that dockerd cannot take, each with what it is not. The value itself is not told.
pub(super) fn misfits(object: &Map<String, Value>) -> Vec<String> {
    let of_keys = KINDS.iter().filter_map(|(key, kind)| misfit(key, object.get(*key)?, *kind));
    let of_tables = TABLES.iter().flat_map(|(table, kind)| {
        let entries = object.get(*table).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(move |(key, value)| misfit(&format!("{table}.{key}"), value, *kind))
    });
    let runtimes = object.get("runtimes").and_then(Value::as_object).into_iter().flatten();
    let of_runtimes = runtimes.flat_map(|(name, entry)| {
        let of = |key: &str, kind| misfit(&format!("runtimes.{name}.{key}"), entry.get(key)?, kind);
        [of("path", Kind::Text), of("runtimeArgs", Kind::List)].into_iter().flatten()
    });
    of_keys.chain(of_tables).chain(of_runtimes).chain(level(object)).collect()
}

/// The words that dockerd's logger takes (logrus, `ParseLevel`).
const LEVELS: &[&str] = &["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"];

fn level(object: &Map<String, Value>) -> Option<String> {
    let text = object.get("log-level")?.as_str()?.to_ascii_lowercase();
    (!text.is_empty() && !LEVELS.contains(&text.as_str()))
        .then(|| "`log-level` is none of its levels".to_owned())
}

fn misfit(key: &str, value: &Value, kind: Kind) -> Option<String> {
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_string(), "a text"),
        Kind::Switch => (value.is_boolean(), "true or false"),
        Kind::List => (value.is_array(), "a list"),
        Kind::Table => (value.is_object(), "an object"),
    };
    (!fits && !value.is_null()).then(|| format!("`{key}` is not {wanted}"))
}

fn meant(key: &str) -> Option<&'static str> {
    let plain = key.to_ascii_lowercase().replace('_', "-");
    let same = KEYS.iter().find(|known| **known == plain);
    let near = || KEYS.iter().find(|known| known.len() > 4 && distance(known, &plain) <= 1);
    same.or_else(near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_that_is_nearly_one_is_mistaken() {
        let file = json!({"runtime": {}, "default_runtime": "nvidia", "data-root": "/x", "something-new": 1, "Hosts": []});
        let mistaken: Vec<String> = mistaken(file.as_object().unwrap())
            .into_iter()
            .map(|(key, meant)| format!("{key} {meant}"))
            .collect();
        assert_eq!(mistaken, ["runtime runtimes", "default_runtime default-runtime", "Hosts hosts"]);
    }

    #[test]
    fn a_key_that_is_near_to_none_is_unknown() {
        let file = json!({"gpus": true, "registry-mirrors": [], "log-level": "info", "runtime": {}});
        assert_eq!(unknown(file.as_object().unwrap()), ["gpus"]);
        assert_eq!(
            misfits(json!({"log-level": "loud"}).as_object().unwrap()),
            ["`log-level` is none of its levels"]
        );
    }

    #[test]
    fn values_of_another_kind_are_told_without_the_value() {
        let file = json!({"runtimes": {"nvidia": {"path": 3, "runtimeArgs": "x"}, "x": []}, "features": {"cdi": "true"},
            "log-opts": {"max-file": 3, "token": "s"}, "hosts": "fd://", "debug": true, "dns": null});
        let expected = [
            "`hosts` is not a list",
            "`features.cdi` is not true or false",
            "`log-opts.max-file` is not a text",
            "`runtimes.x` is not an object",
            "`runtimes.nvidia.path` is not a text",
            "`runtimes.nvidia.runtimeArgs` is not a list",
        ];
        assert_eq!(misfits(file.as_object().unwrap()), expected);
        assert!(misfits(&Map::new()).is_empty());
    }

    #[test]
    fn distances_count_letters() {
        for (one, other, wanted) in
            [("runtime", "runtimes", 1), ("a", "a", 0), ("abc", "", 3), ("dns", "dbs", 1)]
        {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
        }
    }
}
