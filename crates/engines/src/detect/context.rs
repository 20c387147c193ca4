//! Which daemon the Docker client of the caller talks to (`docker context`, moby's `cli/config`).

use super::{Installation, user_home};
use host::Host;
use serde_json::Value;

/// A sentence for a caller whose client talks to another daemon than the one that is configured.
pub(super) fn note(host: &Host, chosen: &Installation) -> Option<String> {
    // A daemon without a socket here may well be the one.
    let socket = chosen.socket.as_ref()?;
    let (whose, address) = of_client(host)?;
    let path = address.strip_prefix("unix://").unwrap_or(&address);
    if path.replace("/var/run/", "/run/") == *socket {
        return None;
    }
    let address = plan::without_secrets(&address);
    Some(format!(
        "the docker client here talks to another daemon ({whose}: {address}): `docker context use default` and no \
         DOCKER_HOST lead to the one that is configured"
    ))
}

/// What says where the client goes, and the address; `None` for the usual one.
fn of_client(host: &Host) -> Option<(String, String)> {
    let variable = |name| host.environment().get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    if let Some(address) = variable("DOCKER_HOST") {
        return Some(("DOCKER_HOST".to_owned(), address));
    }
    let folder = variable("DOCKER_CONFIG").or_else(|| Some(format!("{}/.docker", user_home(host)?)))?;
    let current = || {
        let config = json(host, &format!("{folder}/config.json"))?;
        config.get("currentContext")?.as_str().map(str::to_owned)
    };
    let name =
        variable("DOCKER_CONTEXT").or_else(current).filter(|name| !name.is_empty() && name != "default")?;
    let metas = host.list_optional(&format!("{folder}/contexts/meta")).ok().flatten().unwrap_or_default();
    let address = metas.iter().find_map(|entry| {
        let meta = json(host, &format!("{folder}/contexts/meta/{}/meta.json", entry.name))?;
        let named = meta.get("Name").and_then(Value::as_str) == Some(&name);
        let address = meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str)?;
        named.then(|| address.to_owned())
    });
    Some((format!("context {name}"), address.unwrap_or_else(|| "an address that is not found".to_owned())))
}

fn json(host: &Host, path: &str) -> Option<Value> {
    let bytes = host.read_optional_limited(path, 1024 * 1024).ok().flatten()?;
    serde_json::from_slice(&bytes).ok()
}
