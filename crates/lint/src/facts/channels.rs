//! From where an install of pip or uv takes packages: options, variables, configuration files.

use crate::commands::pip::{Install, Tool, value_of};
use crate::dockerfile::{Action, Build, Place};
use crate::text::Span;

/// The channels of one install.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    /// What replaces the default index.
    pub(crate) index: Option<Channel>,
    /// What stands beside it.
    pub(crate) extra: Vec<Channel>,
    /// Pages and folders with links.
    pub(crate) find_links: Vec<Channel>,
    /// Whether something else may take part: an unknown word, a configuration file.
    pub(crate) has_unknown: bool,
}

/// One channel.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    /// Its address.
    pub(crate) url: String,
    /// Where it is given.
    pub(crate) span: Span,
}

impl Channels {
    /// Whether only the default index takes part.
    pub(crate) fn is_default(&self) -> bool {
        !self.has_unknown && self.index.is_none() && self.extra.is_empty() && self.find_links.is_empty()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Channel> {
        self.index.iter().chain(&self.extra).chain(&self.find_links)
    }
}

/// Variables that say where packages come from or which versions are allowed.
const INDEX: &[&str] = &["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"];
const EXTRA: &[&str] = &["PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX"];
const OTHER: &[&str] = &[
    "PIP_FIND_LINKS",
    "UV_FIND_LINKS",
    "PIP_CONFIG_FILE",
    "UV_CONFIG_FILE",
    "UV_TORCH_BACKEND",
    "PIP_CONSTRAINT",
    "PIP_NO_INDEX",
    "PIP_PRE",
];

/// The channels of an install at a place.
pub(crate) fn of(build: &Build, place: Place<'_>, install: &Install<'_>) -> Channels {
    if install.tool == Tool::UvSync {
        // The lock file has said it: packages of other indexes have their address.
        return Channels::default();
    }
    let mut out = Channels {
        has_unknown: install.has_unknown || install.torch_backend.is_some(),
        ..Channels::default()
    };
    let channel =
        |arg: &crate::dockerfile::Argument| Channel { url: value_of(arg).to_owned(), span: arg.span };
    out.index = install.index.map(channel);
    out.extra = install.extra_indexes.iter().map(|arg| channel(arg)).collect();
    out.find_links = install.find_links.iter().map(|arg| channel(arg)).collect();
    out.has_unknown |= install.has(&["--no-index", "--pre", "--prerelease", "--upgrade-strategy"]);
    variables(build, place, install, &mut out);
    out.has_unknown |= is_configured(build, place);
    out.has_unknown |= install.tool == Tool::UvAdd;
    out
}

/// Adds what variables say; options win over variables.
fn variables(build: &Build, place: Place<'_>, install: &Install<'_>, out: &mut Channels) {
    let relevant = |name: &str| match install.tool {
        Tool::Pip => name.starts_with("PIP_"),
        Tool::UvPip | Tool::UvAdd | Tool::UvSync => name.starts_with("UV_"),
    };
    let value = |name: &str| {
        build.variable(place.stage, place.step, name).map(|set| (set.value.text.clone(), set.value_span))
    };
    for name in INDEX.iter().filter(|name| relevant(name)) {
        match value(name) {
            Some((Some(url), span)) if out.index.is_none() && !url.is_empty() => {
                out.index = Some(Channel { url, span })
            }
            Some((None, _)) => out.has_unknown = true,
            _ => {}
        }
    }
    for name in EXTRA.iter().filter(|name| relevant(name)) {
        match value(name) {
            Some((Some(urls), span)) => {
                out.extra.extend(urls.split_whitespace().map(|url| Channel { url: url.to_owned(), span }));
            }
            Some((None, _)) => out.has_unknown = true,
            None => {}
        }
    }
    out.has_unknown |= OTHER.iter().filter(|name| relevant(name)).any(|name| value(name).is_some());
    let names = |name: &str| INDEX.contains(&name) || EXTRA.contains(&name) || OTHER.contains(&name);
    out.has_unknown |= step_runs(place).iter().any(|run| {
        run.assignments.iter().any(|(name, _)| names(name))
            || (run.name() == "export"
                && run.args.iter().any(|arg| names(arg.known().split('=').next().unwrap_or(""))))
    });
}

fn step_runs(place: Place<'_>) -> &[crate::dockerfile::Run] {
    match place.stage.steps.get(place.step).map(|step| &step.action) {
        Some(Action::Run(runs)) => runs,
        _ => &[],
    }
}

/// Whether a configuration file of pip may be there: `pip config`, a `pip.conf` or `uv.toml` that
/// is written or copied.
fn is_configured(build: &Build, place: Place<'_>) -> bool {
    build.steps(place.stage).any(|(_, _, step)| match &step.action {
        Action::Run(runs) => runs.iter().any(|run| {
            let configures =
                run.name().starts_with("pip") && run.args.get(1).is_some_and(|arg| arg.known() == "config");
            configures
                || run
                    .redirects
                    .iter()
                    .any(|redirect| is_config(&redirect.target.literal().unwrap_or_default()))
        }),
        Action::Copy(copy) => {
            copy.paths.iter().any(|arg| is_config(arg.known()))
                || copy.target.as_ref().is_some_and(|arg| is_config(arg.known()))
        }
        _ => false,
    })
}

fn is_config(path: &str) -> bool {
    ["pip.conf", ".pip", "uv.toml", ".condarc"].iter().any(|name| path.ends_with(name))
}
