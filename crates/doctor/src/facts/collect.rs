//! Collecting the facts: looks in parallel, each with its own deadline.

use super::client::DEFAULT_SOCKET;
use super::{
    Client, Configuration, Connection, Daemon, Engine, Facts, Known, Options, Reason, SCHEMA, SocketSeen,
    Specifications, Subject, Toolkit, ToolkitFile, ToolkitSettings, Transport, caller, client, configuration,
    configured, daemon, driver, engine, gpus, installed, kernel_log, machine, management, node, nodes,
    packages, podman, question, services, specifications, subject, toolkit,
};
use host::Host;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Looks at the machine once. Never fails: what could not be read says why.
#[must_use]
pub fn collect(host: &Host, options: &Options) -> Facts {
    let hardware = Hardware::start(host, options);
    let (client, engine) = client_and_engine(host, options);
    let sockets = look(host, "other sockets", options.deadline * 3, {
        let unknown = client.known().is_none().then_some(DEFAULT_SOCKET);
        let chosen = socket_of(&client).or(unknown).map(str::to_owned);
        let options = options.clone();
        move |host| Ok(engine::others(host, chosen.as_deref(), &options))
    });
    let daemon = daemon_process(host, options, &engine);
    let configuration = daemon_file(host, options, &engine, &daemon);
    let toolkit = programs(host, options, &daemon);
    let settings = look(host, "the toolkit's configuration", options.deadline, configured::read).wait();
    let specifications = specifications(host, options, &engine, &settings);
    let subject = asked_about(host, options, &engine);
    let seen = OfEngine { client, engine, daemon, configuration, toolkit, settings, specifications, subject };
    hardware.finish(options, seen, sockets)
}

/// What depends on the daemon.
struct OfEngine {
    client: Known<Client>,
    engine: Known<Engine>,
    daemon: Known<Daemon>,
    configuration: Known<Configuration>,
    toolkit: Known<Toolkit>,
    settings: Known<ToolkitFile>,
    specifications: Known<Specifications>,
    subject: Option<Known<Subject>>,
}

/// The looks that depend on nothing else, under way.
struct Hardware {
    machine: Look<super::Machine>,
    caller: Look<super::Caller>,
    gpus: Look<Vec<super::PciGpu>>,
    driver: Look<super::DriverFiles>,
    nodes: Look<super::Nodes>,
    installed: Look<super::Installed>,
    services: Look<super::Services>,
    kernel_log: Look<super::KernelLog>,
    packages: Look<Vec<super::Package>>,
    podman: Look<super::Podman>,
    node: Look<Option<super::NodeRuntime>>,
    management: Look<super::Management>,
}

impl Hardware {
    fn start(host: &Host, options: &Options) -> Self {
        let deadline = options.deadline;
        Self {
            machine: look(host, "the operating system", deadline, machine::read),
            caller: look(host, "the user", deadline, caller::read),
            gpus: look(host, "/sys/bus/pci", deadline, gpus::read),
            driver: look(host, "the driver", deadline, driver::read),
            nodes: look(host, "/dev", deadline, nodes::read),
            installed: look(host, "installed programs", deadline, installed::read),
            services: look(host, "the driver's services", deadline, services::read),
            kernel_log: look(host, "the kernel's log", deadline, kernel_log::read),
            packages: look(host, "the list of packages", deadline, packages::read),
            podman: look(host, "podman", deadline, podman::read),
            node: look(host, "the node's container runtime", deadline, node::read),
            // The child is killed at its own deadline; the rest is the time to start and to end it.
            management: look(host, "NVML", options.nvml_deadline + Duration::from_millis(200), {
                let options = options.clone();
                move |host| management::read(host, &options)
            }),
        }
    }

    fn finish(self, options: &Options, seen: OfEngine, sockets: Look<Vec<SocketSeen>>) -> Facts {
        let (installed, podman, node) = (self.installed.wait(), self.podman.wait(), self.node.wait());
        Facts {
            schema: SCHEMA,
            question: question::choose(options.engine, &installed, &podman, &node),
            machine: self.machine.wait(),
            caller: self.caller.wait(),
            gpus: self.gpus.wait(),
            driver: self.driver.wait(),
            nodes: self.nodes.wait(),
            installed,
            client: seen.client,
            engine: seen.engine,
            sockets: sockets.wait(),
            daemon: seen.daemon,
            configuration: seen.configuration,
            toolkit: seen.toolkit,
            settings: seen.settings,
            specifications: seen.specifications,
            management: self.management.wait(),
            services: self.services.wait(),
            kernel_log: self.kernel_log.wait(),
            packages: self.packages.wait(),
            podman,
            node,
            subject: seen.subject,
            probe: None,
        }
    }
}

/// The specifications in the directories of the engine, of the toolkit and of the standard.
fn specifications(
    host: &Host,
    options: &Options,
    engine: &Known<Engine>,
    settings: &Known<ToolkitFile>,
) -> Known<Specifications> {
    let answer = engine.known().and_then(|engine| engine.answer.known());
    let mut directories = answer.and_then(|answer| answer.cdi_directories.clone()).unwrap_or_default();
    if let Some(ToolkitSettings::Read { cdi_directories, .. }) = settings.known().map(|file| &file.content) {
        directories.extend(cdi_directories.iter().cloned());
    }
    look(host, "CDI specifications", options.deadline, move |host| specifications::read(host, &directories))
        .wait()
}

fn asked_about(host: &Host, options: &Options, engine: &Known<Engine>) -> Option<Known<Subject>> {
    let container = options.container.is_some();
    let name = options.container.clone().or_else(|| options.image.clone())?;
    let Some(engine) = engine.known().filter(|engine| engine.connection == Connection::Accepted) else {
        return Some(Known::Unknown(Reason::not_asked("no daemon on this machine can be asked about it")));
    };
    let (socket, timeout) = (engine.socket.clone(), options.engine_deadline);
    let read = if container { subject::container } else { subject::image };
    Some(
        look(host, "the image or container", timeout, move |host| read(host, &socket, &name, timeout)).wait(),
    )
}

fn client_and_engine(host: &Host, options: &Options) -> (Known<Client>, Known<Engine>) {
    let client = look(host, "the client's configuration", options.deadline, {
        let options = options.clone();
        move |host| client::read(host, &options)
    })
    .wait();
    let engine = match client.known().map(|client| client.endpoint.transport.clone()) {
        Some(Transport::Unix(socket)) => engine_at(host, options, &socket),
        Some(Transport::Network(address)) => {
            Known::Unknown(Reason::not_asked(format!("the daemon is at {address}, not on this machine")))
        }
        Some(Transport::NoSuchContext) => {
            Known::Unknown(Reason::not_asked("the client's context leads nowhere"))
        }
        // Without the client's choice, its default is the best guess; the client's own part says so.
        None => engine_at(host, options, DEFAULT_SOCKET),
    };
    (client, engine)
}

fn engine_at(host: &Host, options: &Options, socket: &str) -> Known<Engine> {
    let (socket, engine_options) = (socket.to_owned(), options.clone());
    let deadline = options.deadline + options.engine_deadline;
    look(host, "the daemon", deadline, move |host| engine::read(host, &socket, &engine_options)).wait()
}

fn socket_of(client: &Known<Client>) -> Option<&str> {
    match &client.known()?.endpoint.transport {
        Transport::Unix(socket) => Some(socket),
        _ => None,
    }
}

fn daemon_process(host: &Host, options: &Options, engine: &Known<Engine>) -> Known<Daemon> {
    match engine {
        Known::Unknown(reason) => Known::Unknown(reason.clone()),
        Known::Known(engine) if matches!(engine.connection, Connection::Absent | Connection::Refused) => {
            Known::Unknown(Reason::not_asked(format!("no daemon listens on {}", engine.socket)))
        }
        Known::Known(engine) => {
            let socket = engine.socket.clone();
            look(host, "the daemon's process", options.deadline, move |host| daemon::read(host, &socket))
                .wait()
        }
    }
}

/// The daemon's configuration file: the one it was started with, else that of its kind.
fn daemon_file(
    host: &Host,
    options: &Options,
    engine: &Known<Engine>,
    daemon: &Known<Daemon>,
) -> Known<Configuration> {
    let rootless = answers_rootless(engine);
    let named = daemon.known().and_then(|daemon| daemon.config_file.clone());
    let of_user = format!("{}/.config/docker/daemon.json", client::home(host));
    let its_home = daemon.known().and_then(|daemon| daemon.config_home.as_ref());
    let default = match (rootless, its_home) {
        (true, Some(home)) => format!("{home}/docker/daemon.json"),
        (true, None) => of_user.clone(),
        (false, _) => configuration::SYSTEM.to_owned(),
    };
    if let (None, Known::Unknown(Reason::NotAsked { because })) = (&named, engine) {
        return Known::Unknown(Reason::not_asked(because.clone()));
    }
    let path = named.unwrap_or(default);
    let directories = daemon.known().and_then(|daemon| daemon.path.known().cloned());
    look(&view(host, daemon), "the daemon's configuration", options.deadline, move |host| {
        configuration::read(host, &path, &of_user, directories.as_deref())
    })
    .wait()
}

fn answers_rootless(engine: &Known<Engine>) -> bool {
    engine.known().and_then(|engine| engine.answer.known()).is_some_and(|answer| answer.rootless)
}

fn programs(host: &Host, options: &Options, daemon: &Known<Daemon>) -> Known<Toolkit> {
    let daemon_path = daemon.known().and_then(|daemon| daemon.path.known().cloned()).unwrap_or_default();
    let caller_path = host.environment().get("PATH").unwrap_or_default().to_owned();
    let own = options.own_directory.clone();
    look(&view(host, daemon), "the toolkit's programs", options.deadline, move |host| {
        toolkit::read(host, &daemon_path, &caller_path, own.as_deref())
    })
    .wait()
}

/// The file system as the daemon sees it.
fn view(host: &Host, daemon: &Known<Daemon>) -> Host {
    match daemon.known() {
        Some(daemon) if host.is_live() && daemon.same_root.known() == Some(&false) => {
            Host::at(format!("/proc/{}/root", daemon.pid))
        }
        _ => host.clone(),
    }
}

/// A look that is under way in its own thread.
struct Look<T> {
    what: &'static str,
    deadline: Duration,
    started: Instant,
    answer: Receiver<Result<T, Reason>>,
}

/// Starts a look. A thread that hangs (a dead network file system, a stuck driver) is left behind;
/// it holds nothing but its own copy of the host.
fn look<T: Send + 'static>(
    host: &Host,
    what: &'static str,
    deadline: Duration,
    read: impl FnOnce(&Host) -> Result<T, Reason> + Send + 'static,
) -> Look<T> {
    let (sender, answer) = mpsc::channel();
    let host = host.clone();
    // The receiver may have given up: then nobody wants the answer.
    thread::spawn(move || drop(sender.send(read(&host))));
    Look { what, deadline, started: Instant::now(), answer }
}

impl<T> Look<T> {
    fn wait(self) -> Known<T> {
        let left = self.deadline.saturating_sub(self.started.elapsed());
        match self.answer.recv_timeout(left) {
            Ok(result) => result.into(),
            Err(RecvTimeoutError::Timeout) => Known::Unknown(Reason::Late {
                what: self.what.to_owned(),
                after_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            }),
            Err(RecvTimeoutError::Disconnected) => Known::Unknown(Reason::Failed {
                what: self.what.to_owned(),
                how: "the look ended without an answer".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_hangs_is_given_up() {
        let host = Host::at("/");
        let hanging = look(&host, "a stuck driver", Duration::from_millis(5), |_| {
            thread::sleep(Duration::from_millis(500));
            Ok(())
        });
        let quick = look(&host, "x", Duration::from_secs(5), |_| Ok(7));
        assert_eq!(
            hanging.wait(),
            Known::Unknown(Reason::Late { what: "a stuck driver".to_owned(), after_ms: 5 })
        );
        assert_eq!(quick.wait(), Known::Known(7));
    }

    #[test]
    fn a_look_that_panics_is_no_answer() {
        let broken = look::<()>(&Host::at("/"), "x", Duration::from_secs(5), |_| panic!("on purpose"));
        assert!(matches!(broken.wait(), Known::Unknown(Reason::Failed { .. })));
    }
}
