//! What the user says about a run: selection of rules, targets, build arguments.

use std::collections::BTreeMap;

/// The options of a run; the default is what an empty configuration gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Codes, names or code prefixes to report; empty: all of severity warning and error.
    pub select: Vec<String>,
    /// Codes, names or code prefixes not to report.
    pub ignore: Vec<String>,
    /// Values for `ARG` given on the build's command line.
    pub build_args: BTreeMap<String, String>,
    /// The stage to build (`--target`); `None`: the last.
    pub target: Option<String>,
    /// The driver branch that the images will meet, for example `535`.
    pub driver: Option<String>,
    /// The GPUs that the images will meet: compute capabilities (`12.0`, `sm_120`) or names.
    pub gpus: Vec<String>,
    /// Versions of engines by their name (`docker`, `compose`) that the files will meet.
    pub engines: BTreeMap<String, String>,
    /// Compose files that are one project, lowest first, as given to `docker compose -f`.
    pub compose_files: Vec<String>,
    /// What is not reported in some files.
    pub per_file: Vec<Ignores>,
}

/// Rules that are not reported in some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignores {
    /// The files, as a pattern of gitignore(5).
    pub files: String,
    /// Codes, names or code prefixes.
    pub rules: Vec<String>,
}
