//! The Docker client's configuration: which daemon it talks to, and its credential helpers.
//!
//! The order of choice is that of the Docker client: an explicit socket, an explicit context,
//! `DOCKER_HOST`, `DOCKER_CONTEXT`, `currentContext` of its configuration file, and at last
//! `/var/run/docker.sock`.

use super::{Options, Reason, look};
use host::Host;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a client without any configuration looks for its daemon.
pub(crate) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// What the client is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its configuration file, present or not.
    pub configuration: String,
    /// Under `sudo`: the user whose configuration this is.
    pub of_user: Option<String>,
    /// The daemon it talks to.
    pub endpoint: Endpoint,
    /// The contexts it knows besides `default`.
    pub contexts: Vec<ContextEntry>,
    /// Its credential helpers.
    pub credentials: Credentials,
    /// Why its configuration file cannot be read; the client then goes on without it.
    #[serde(default)]
    pub unread: Option<String>,
}

/// One entry of `contexts/meta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextEntry {
    /// Name, for example `desktop-linux`.
    pub name: String,
    /// Address without user and password.
    pub address: String,
}

/// The daemon that the client talks to, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Who chose it.
    pub source: Source,
    /// Name of the context, when one was chosen.
    pub context: Option<String>,
    /// The address.
    pub transport: Transport,
}

/// Who chose the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `--socket` of the doctor.
    SocketOption,
    /// `--context` of the doctor.
    ContextOption,
    /// `DOCKER_HOST`.
    DockerHost,
    /// `DOCKER_CONTEXT`.
    DockerContext,
    /// `currentContext` of the configuration file.
    CurrentContext,
    /// Nobody.
    Default,
}

/// How the daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A Unix socket of this machine.
    Unix(String),
    /// Another machine or a port: the address without user and password.
    Network(String),
    /// The context has no such name in the client's store.
    NoSuchContext,
}

/// What the client's configuration says about credential helpers. Logins are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Programs that `credsStore` and `credHelpers` name, for example `docker-credential-desktop`.
    pub helpers: Vec<String>,
    /// Those that are in no directory of the caller's `PATH`.
    pub missing: Vec<String>,
}

pub(super) fn read(host: &Host, options: &Options) -> Result<Client, Reason> {
    let (directory, of_user) = directory(host)?;
    let configuration = format!("{directory}/config.json");
    let read = look::text(host, &configuration).and_then(|text| match text.unwrap_or_default() {
        text if text.trim().is_empty() => Ok(Value::Null),
        text => parse(&configuration, &text),
    });
    let unread = read.as_ref().err().map(Reason::to_string);
    let json = read.unwrap_or_default();
    let contexts = contexts(host, &directory)?;
    let chosen = choose(options, |name| host.environment().get_nonempty(name), &json);
    Ok(Client {
        endpoint: endpoint(chosen, &contexts),
        contexts,
        credentials: credentials(host, &json),
        configuration,
        of_user,
        unread,
    })
}

/// The configuration directory; under `sudo` that of the user who called it, whose `docker` failed.
fn directory(host: &Host) -> Result<(String, Option<String>), Reason> {
    let environment = host.environment();
    if let Some(directory) = environment.get_nonempty("DOCKER_CONFIG") {
        return Ok((directory.to_owned(), None));
    }
    if let Some(user) = environment.get_nonempty("SUDO_USER").filter(|user| *user != "root") {
        let passwd = look::text(host, "/etc/passwd")?.unwrap_or_default();
        if let Some(home) = home_of(&passwd, user) {
            return Ok((format!("{home}/.docker"), Some(user.to_owned())));
        }
    }
    let home = environment.get_nonempty("HOME").unwrap_or("/root");
    Ok((format!("{home}/.docker"), None))
}

/// The home of a user by number, from `/etc/passwd`.
pub(super) fn home_of_id(host: &Host, uid: u32) -> Option<String> {
    let passwd = look::text(host, "/etc/passwd").ok().flatten()?;
    let line =
        passwd.lines().find(|line| line.split(':').nth(2).and_then(|id| id.parse().ok()) == Some(uid))?;
    line.split(':').nth(5).filter(|home| home.starts_with('/')).map(str::to_owned)
}

/// The home of the user whose `docker` is looked at.
pub(super) fn home(host: &Host) -> String {
    let user = host.environment().get_nonempty("SUDO_USER").filter(|user| *user != "root");
    let passwd = || look::text(host, "/etc/passwd").ok().flatten().unwrap_or_default();
    let home = user.and_then(|user| home_of(&passwd(), user));
    home.unwrap_or_else(|| host.environment().get_nonempty("HOME").unwrap_or("/root").to_owned())
}

fn home_of(passwd: &str, user: &str) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == user).then(|| fields.nth(4).map(str::to_owned)).flatten()
    })
}

fn parse(path: &str, text: &str) -> Result<Value, Reason> {
    serde_json::from_str(text).map_err(|error| Reason::malformed(path, position(&error)))
}

/// Where a JSON text is broken, without quoting it: it may hold credentials.
pub(super) fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

fn contexts(host: &Host, directory: &str) -> Result<Vec<ContextEntry>, Reason> {
    let store = format!("{directory}/contexts/meta");
    let mut contexts = Vec::new();
    for folder in look::names(host, &store)? {
        let path = format!("{store}/{folder}/meta.json");
        let text = look::text(host, &path)?.unwrap_or_default();
        contexts.extend(serde_json::from_str::<Value>(&text).ok().as_ref().and_then(context_entry));
    }
    Ok(contexts)
}

fn context_entry(meta: &Value) -> Option<ContextEntry> {
    let name = meta.get("Name")?.as_str()?.to_owned();
    let address = meta.pointer("/Endpoints/docker/Host")?.as_str()?;
    Some(ContextEntry { name, address: without_user(address) })
}

/// `ssh://ada:secret@gpu1` becomes `ssh://gpu1`.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    if scheme == "unix" {
        return address.to_owned();
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let server = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{server}{path}")
}

enum Choice {
    Address(Source, String),
    Context(Source, String),
    Nothing,
}

fn choose<'a>(options: &Options, variable: impl Fn(&str) -> Option<&'a str>, json: &Value) -> Choice {
    if let Some(socket) = &options.socket {
        return Choice::Address(Source::SocketOption, with_scheme(socket));
    }
    if let Some(context) = &options.context {
        return Choice::Context(Source::ContextOption, context.clone());
    }
    if let Some(address) = variable("DOCKER_HOST") {
        return Choice::Address(Source::DockerHost, with_scheme(address));
    }
    if let Some(context) = variable("DOCKER_CONTEXT") {
        return Choice::Context(Source::DockerContext, context.to_owned());
    }
    match json.get("currentContext").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        Some(context) => Choice::Context(Source::CurrentContext, context.to_owned()),
        None => Choice::Nothing,
    }
}

/// A bare path is a socket, as for `--socket`; a bare `host:port` is TCP, as for the client.
fn with_scheme(address: &str) -> String {
    match address {
        path if path.starts_with('/') => format!("unix://{path}"),
        address if address.contains("://") => address.to_owned(),
        address => format!("tcp://{address}"),
    }
}

fn endpoint(choice: Choice, contexts: &[ContextEntry]) -> Endpoint {
    match choice {
        Choice::Address(source, address) => {
            Endpoint { source, context: None, transport: transport(&address) }
        }
        Choice::Context(source, name) => Endpoint {
            source,
            transport: match contexts.iter().find(|context| context.name == name) {
                Some(context) => transport(&context.address),
                None if name == "default" => Transport::Unix(DEFAULT_SOCKET.to_owned()),
                None => Transport::NoSuchContext,
            },
            context: Some(name),
        },
        Choice::Nothing => Endpoint {
            source: Source::Default,
            context: None,
            transport: Transport::Unix(DEFAULT_SOCKET.to_owned()),
        },
    }
}

fn transport(address: &str) -> Transport {
    match address.strip_prefix("unix://") {
        Some("") => Transport::Unix(DEFAULT_SOCKET.to_owned()),
        Some(path) => Transport::Unix(path.to_owned()),
        None => Transport::Network(without_user(address)),
    }
}

fn credentials(host: &Host, json: &Value) -> Credentials {
    let helpers = helper_names(json);
    let directories: Vec<&str> =
        host.environment().get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin").split(':').collect();
    let missing = helpers
        .iter()
        .filter(|helper| !directories.iter().any(|directory| host.exists(&format!("{directory}/{helper}"))))
        .cloned()
        .collect();
    Credentials { helpers, missing }
}

fn helper_names(json: &Value) -> Vec<String> {
    let store = json.get("credsStore").and_then(Value::as_str);
    let per_registry = json.get("credHelpers").and_then(Value::as_object);
    let named = per_registry.into_iter().flatten().filter_map(|(_, helper)| helper.as_str());
    let mut names: Vec<String> = store
        .into_iter()
        .chain(named)
        .filter(|suffix| !suffix.is_empty() && !suffix.contains('/'))
        .map(|suffix| format!("docker-credential-{suffix}"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(options: &Options, variables: &[(&str, &str)], config: &Value) -> (Source, Transport) {
        let contexts = [ContextEntry {
            name: "desktop-linux".to_owned(),
            address: "unix:///home/ada/.docker/desktop/docker.sock".to_owned(),
        }];
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let endpoint = endpoint(choose(options, variable, config), &contexts);
        (endpoint.source, endpoint.transport)
    }

    #[test]
    fn the_order_of_choice_is_that_of_the_client() {
        let unix = |path: &str| Transport::Unix(path.to_owned());
        let desktop = json!({"currentContext": "desktop-linux"});
        let none = Options::default();
        assert_eq!(chosen(&none, &[], &Value::Null), (Source::Default, unix(DEFAULT_SOCKET)));
        assert_eq!(
            chosen(&none, &[], &desktop),
            (Source::CurrentContext, unix("/home/ada/.docker/desktop/docker.sock"))
        );
        let both = [("DOCKER_CONTEXT", "default"), ("DOCKER_HOST", "ssh://ada:pw@gpu1")];
        let ssh = Transport::Network("ssh://gpu1".to_owned());
        assert_eq!(chosen(&none, &both, &desktop), (Source::DockerHost, ssh));
        assert_eq!(chosen(&none, &both[..1], &desktop), (Source::DockerContext, unix(DEFAULT_SOCKET)));
        let context = Options { context: Some("gone".to_owned()), ..Options::default() };
        assert_eq!(chosen(&context, &both, &desktop), (Source::ContextOption, Transport::NoSuchContext));
        let socket = Options { socket: Some("/x/d.sock".to_owned()), ..context };
        assert_eq!(chosen(&socket, &both, &desktop), (Source::SocketOption, unix("/x/d.sock")));
    }

    #[test]
    fn addresses_lose_user_and_password() {
        assert_eq!(without_user("ssh://ada:pw@gpu1:22/x"), "ssh://gpu1:22/x");
        assert_eq!(without_user("tcp://10.0.0.1:2375"), "tcp://10.0.0.1:2375");
        assert_eq!(without_user("unix:///a@b.sock"), "unix:///a@b.sock");
    }

    #[test]
    fn helpers_are_named_once_and_logins_are_not_kept() {
        let config =
            json!({"credsStore": "desktop", "credHelpers": {"a": "desktop", "b": "ecr"}, "auths": {"x": {}}});
        assert_eq!(helper_names(&config), ["docker-credential-desktop", "docker-credential-ecr"]);
        assert!(helper_names(&json!({"credsStore": 3, "credHelpers": ["x"]})).is_empty());
    }

    #[test]
    fn a_home_is_the_sixth_field() {
        assert_eq!(home_of("ada:x:1000:1000:A:/home/ada:/bin/sh\n", "ada").as_deref(), Some("/home/ada"));
        assert_eq!(home_of("ada:x\n", "ada"), None);
    }
}
