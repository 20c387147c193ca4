//! For whom a specification is written: the version of the standard that it may need.

use super::super::installed::{self, Installed};
use crate::codes;
use crate::session::Session;
use cdi::{Engine, LOWEST_COMMON, Spec};
use diag::{Failure, Result};
use formats::version::Version;

/// Newer than everything that a specification made here can need.
const NEWEST: &str = "1.1.0";

/// The newest version of the standard that a specification may need, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Audience {
    limit: &'static str,
    /// For example `podman 4.3.1`.
    because: String,
}

/// The audience of `--for`: names of engines, with a release after `@` if it is not the installed one.
/// Without it the installed engines decide. Where none is installed, `nvidia-ctk` leaves nothing out, as
/// the original; `longshore` writes for every engine.
///
/// # Errors
/// An engine that does not exist, or one that knows nothing of CDI.
pub(super) fn choose(session: &Session, asked: &[String], as_original: bool) -> Result<Audience> {
    let every = || Audience { limit: LOWEST_COMMON, because: "every engine with CDI".to_owned() };
    let anybody = || Audience { limit: NEWEST, because: "nobody".to_owned() };
    let here = if asked.is_empty() { installed::find(session) } else { Vec::new() };
    let readers: Vec<Audience> = if asked.is_empty() {
        here.iter().filter_map(of_installed).collect()
    } else {
        asked.iter().map(|name| named(session, name, every)).collect::<Result<_>>()?
    };
    let strictest = readers.into_iter().min_by_key(|reader| Version::parse(reader.limit));
    Ok(strictest.unwrap_or_else(|| if as_original { anybody() } else { every() }))
}

fn of_installed(installed: &Installed) -> Option<Audience> {
    Some(Audience { limit: installed.taken().highest()?, because: installed.name() })
}

fn named(session: &Session, asked: &str, every: impl Fn() -> Audience) -> Result<Audience> {
    if matches!(asked, "all" | "any") {
        return Ok(every());
    }
    let (name, version) =
        asked.split_once('@').map_or((asked, None), |(name, version)| (name, Some(version)));
    let engine = Engine::named(name).ok_or_else(|| {
        let names: Vec<&str> = cdi::engines().iter().map(|engine| engine.name).collect();
        Failure::coded(codes::BAD_VALUE, format!("no engine {name:?} is known"))
            .hint(format!("the engines are {}, or all", names.join(", ")))
    })?;
    let here = || installed::find(session).into_iter().find(|found| found.engine.name == engine.name);
    let (taken, because) = match (version, here()) {
        (Some(version), _) => {
            let taken = engine.takes(version).ok_or_else(|| {
                Failure::coded(codes::BAD_VALUE, format!("{version:?} is no release of {name}"))
            })?;
            (taken, format!("{} {version}", engine.name))
        }
        (None, Some(found)) => (found.taken(), found.name()),
        (None, None) => (engine.newest(), format!("the newest {}", engine.name)),
    };
    let limit = taken
        .highest()
        .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("{because} knows nothing of CDI")))?;
    Ok(Audience { limit, because })
}

impl Audience {
    /// Leaves out of the specification what is worth less than being read by everybody, which is the
    /// supplementary groups; gives a fragment that says so, for the line about what was done.
    pub(super) fn fit(&self, spec: &mut Spec) -> Option<String> {
        let beyond = spec.beyond(self.limit);
        if beyond.is_empty() {
            return None;
        }
        let groups = take_groups(spec);
        spec.cdi_version = spec.minimum_version().to_owned();
        let rest = spec.beyond(self.limit);
        if !rest.is_empty() {
            let rest = rest.join(", ");
            return Some(format!("{} does not take it: it has {rest}", self.because));
        }
        let groups = groups.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        Some(format!(
            "without the additional groups {groups}, so that {} takes it; --for decides",
            self.because
        ))
    }
}

/// Takes out the supplementary groups; gives each once.
fn take_groups(spec: &mut Spec) -> Vec<u32> {
    let devices = spec.devices.iter_mut().map(|device| &mut device.container_edits);
    let mut groups: Vec<u32> = devices
        .chain([&mut spec.container_edits])
        .flat_map(|edits| std::mem::take(&mut edits.additional_gids))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}
