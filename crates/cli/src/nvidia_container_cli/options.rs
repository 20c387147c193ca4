//! The options of the program and its commands, and what they mean together.

use super::argp::{Argp, Line, Opt, Stop, Value};
use diag::{Failure, Result};
use std::ffi::OsString;

const fn opt(name: &'static str, short: Option<char>, value: Value, help: &'static str) -> Opt {
    Opt { name, short, value, help }
}

const fn flag(name: &'static str, short: Option<char>, help: &'static str) -> Opt {
    opt(name, short, Value::None, help)
}

pub(super) static PROGRAM: Argp = Argp {
    name: super::NAME,
    options: &[
        opt("debug", Some('d'), Value::Required("FILE"), "Write a log of each step"),
        flag("load-kmods", Some('k'), "Load kernel modules and make device nodes that are missing"),
        flag("no-pivot", Some('n'), "Has no effect: no program is run in a container"),
        opt(
            "user",
            Some('u'),
            Value::Optional("UID[:GID]"),
            "Has no effect: NVML runs in a child of its own",
        ),
        opt("root", Some('r'), Value::Required("PATH"), "Root directory of the driver"),
        opt("ldcache", Some('l'), Value::Required("FILE"), "Loader cache of the host"),
        flag("no-create-imex-channels", None, "Do not make the nodes of IMEX channels"),
    ],
    arguments: "COMMAND [ARG...]",
    about: "Gives containers NVIDIA GPUs, and tells what there is to give.",
    commands: &[
        ("info", "Tell about the driver and the GPUs"),
        ("list", "List what belongs to the driver"),
        ("configure", "Give a container its GPUs"),
    ],
};

pub(super) static INFO: Argp = Argp {
    name: "nvidia-container-cli info",
    options: &[flag("csv", None, "Print comma-separated values")],
    arguments: "",
    about: "Tells about the driver and the GPUs that it has.",
    commands: &[],
};

pub(super) static LIST: Argp = Argp {
    name: "nvidia-container-cli list",
    options: &[
        opt("device", Some('d'), Value::Required("ID"), "GPUs and MIG devices to list, by UUID or index"),
        flag("libraries", Some('l'), "List libraries"),
        flag("binaries", Some('b'), "List programs"),
        flag("ipcs", Some('i'), "List sockets"),
        flag("firmwares", Some('f'), "List firmware"),
        flag("compat32", None, "With 32-bit libraries"),
        opt("mig-config", None, Value::Required("ID"), "List what changing the MIG layout needs"),
        opt("mig-monitor", None, Value::Required("ID"), "List what watching MIG devices needs"),
        opt("imex-channel", None, Value::Required("CHANNEL"), "List the nodes of these IMEX channels"),
        flag("no-persistenced", None, "Without the socket of the persistence daemon"),
        flag("no-fabricmanager", None, "Without the socket of the fabric manager"),
    ],
    arguments: "",
    about: "Lists what belongs to the driver, one path on a line.",
    commands: &[],
};

pub(super) static CONFIGURE: Argp = Argp {
    name: "nvidia-container-cli configure",
    options: &[
        opt(
            "pid",
            Some('p'),
            Value::Required("PID"),
            "Process of the container; otherwise the one that called",
        ),
        opt("device", Some('d'), Value::Required("ID"), "GPUs and MIG devices, by UUID or index"),
        opt("require", Some('r'), Value::Required("EXPR"), "What must hold of the driver and the GPUs"),
        opt(
            "ldconfig",
            Some('l'),
            Value::Required("PATH"),
            "Has no effect: the loader cache is written without it",
        ),
        flag("compute", Some('c'), "With CUDA and OpenCL"),
        flag("utility", Some('u'), "With nvidia-smi and NVML"),
        flag("video", Some('v'), "With video codecs"),
        flag("graphics", Some('g'), "With OpenGL and Vulkan"),
        flag("display", Some('D'), "With output to displays"),
        flag("ngx", Some('n'), "With NGX"),
        flag("compat32", None, "With 32-bit libraries"),
        opt("mig-config", None, Value::Required("ID"), "Give the right to change the MIG layout"),
        opt("mig-monitor", None, Value::Required("ID"), "Give the right to watch MIG devices"),
        opt("imex-channel", None, Value::Required("CHANNEL"), "Give these IMEX channels"),
        flag("no-cgroups", None, "Leave device cgroups alone"),
        flag("no-devbind", None, "Without device nodes"),
        flag("no-persistenced", None, "Without the socket of the persistence daemon"),
        flag("no-fabricmanager", None, "Without the socket of the fabric manager"),
        flag("no-gsp-firmware", None, "Without firmware"),
        opt(
            "cuda-compat-mode",
            None,
            Value::Required("MODE"),
            "Newer CUDA libraries of the image: mount, ldconfig, disabled",
        ),
        flag("no-cntlibs", None, "The same as --cuda-compat-mode=disabled"),
    ],
    arguments: "ROOTFS",
    about: "Gives a container that was created and not started yet its GPUs and the files of the driver.",
    commands: &[],
};

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Info,
    List,
    Configure,
}

/// A command line, understood.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) global: Line,
    pub(super) command: Command,
    pub(super) line: Line,
}

/// Reads the words after the program's name.
pub(super) fn parse(words: &[OsString]) -> std::result::Result<Invocation, Stop> {
    let global = PROGRAM.parse(words)?;
    let Some((name, rest)) = global.arguments.split_first() else { return Err(PROGRAM.usage()) };
    let (command, argp) = match name.to_str() {
        Some("info") => (Command::Info, &INFO),
        Some("list") => (Command::List, &LIST),
        Some("configure") => (Command::Configure, &CONFIGURE),
        _ => return Err(PROGRAM.usage()),
    };
    let line = argp.parse(rest)?;
    let wanted = usize::from(command == Command::Configure);
    // What the others do with arguments that they do not take is up to argp: it refuses.
    if line.arguments.len() != wanted {
        return Err(argp.usage());
    }
    Ok(Invocation { command, line, global })
}

impl Line {
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(found, _)| *found == name)
    }

    /// The last value given.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.all(name).last().copied()
    }

    /// All values given.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.options.iter().filter(|(found, _)| *found == name);
        values.filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// The parts of comma lists; an option may be given several times.
    pub(super) fn items(&self, name: &str) -> Vec<String> {
        let values = self.all(name);
        let parts = values.iter().flat_map(|value| value.split(','));
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

/// Something that the caller wrote cannot be.
pub(super) fn input_error(what: &str) -> Failure {
    Failure::coded(crate::codes::BAD_VALUE, format!("input error: {what}"))
}

/// Process ids are positive; anything else means that there is none.
pub(super) fn pid(text: &str) -> Result<Option<i64>> {
    let failed = |why: &str| {
        input_error(&format!("parse pid failed: {why}")).hint(format!("--pid takes a number, not {text:?}"))
    };
    let plain = text.trim_start();
    let digits = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(failed("invalid argument"));
    }
    let number: i32 = plain.parse().ok().ok_or_else(|| failed("numerical result out of range"))?;
    Ok((number > 0).then(|| number.into()))
}

/// `UID[:GID]` or `NAME[:GROUP]`; only checked, since no process of another user is needed. The tables are
/// those of `/etc/passwd` and `/etc/group`.
pub(super) fn check_user(text: &str, passwd: &str, group: &str) -> Result<()> {
    let failed = |why: &str| {
        input_error(&format!("parse user/group failed: {why}"))
            .hint(format!("--user takes UID[:GID], not {text:?}"))
    };
    let known = |table: &str, name: &str| table.lines().any(|line| line.split(':').next() == Some(name));
    let check = |part: &str, table: &str| match part.bytes().next() {
        Some(byte) if byte.is_ascii_digit() => match part.parse::<u64>() {
            Ok(number) if u32::try_from(number).is_ok() => Ok(()),
            Ok(_) => Err(failed("numerical result out of range")),
            Err(_not_a_number) => Err(failed("invalid argument")),
        },
        Some(_) if known(table, part) => Ok(()),
        _ => Err(failed("no such file or directory")),
    };
    let (user, of_group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    check(user, passwd)?;
    of_group.filter(|name| !name.is_empty()).map_or(Ok(()), |name| check(name, group))
}
