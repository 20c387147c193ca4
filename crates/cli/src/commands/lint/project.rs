//! What holds for a run: the configuration of the project, and over it the command line.

use crate::arguments::Parsed;
use crate::codes;
use crate::session::{Session, slashed};
use ::lint::{Baseline, Config, Options, config};
use diag::{Failure, Result, ResultExt};

/// Folders above this one in which the configuration is sought.
const HIGHEST: usize = 64;

/// What holds for a run.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// Selection, targets, build arguments.
    pub(super) options: Options,
    /// Findings that are known.
    pub(super) baseline: Baseline,
}

/// Reads the configuration and lays the command line over it.
pub(super) fn read(session: &Session, parsed: &Parsed) -> Result<Project> {
    let (config, folder) = configuration(session, parsed)?;
    let mut options = config.options;
    lay_over(&mut options, parsed)?;
    let given = Some(parsed.text("baseline")).filter(|path| !path.is_empty());
    let path = match given {
        Some(path) => Some(session.absolute(path)?),
        None => config.baseline.map(|path| format!("{folder}/{path}")),
    };
    let baseline = match path.filter(|_| baseline_to_write(parsed).is_none()) {
        Some(path) => Baseline::parse(&session.host.read_text(&path)?).context(path)?,
        None => Baseline::default(),
    };
    Ok(Project { options, baseline })
}

/// Where the known findings are to be written.
pub(super) fn baseline_to_write(parsed: &Parsed) -> Option<&str> {
    Some(parsed.text("write-baseline")).filter(|path| !path.is_empty())
}

/// The configuration that was named, or that of the nearest folder above, with its folder.
fn configuration(session: &Session, parsed: &Parsed) -> Result<(Config, String)> {
    let given = parsed.text("config");
    if given == "none" {
        return Ok((Config::default(), String::new()));
    }
    if !given.is_empty() {
        let path = session.absolute(given)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        return Ok((Config::parse(&session.host.read_text(&path)?).context(path)?, folder));
    }
    let here = session.absolute(".")?;
    let mut folder = here.strip_suffix("/.").unwrap_or(&here).trim_end_matches('/');
    for _ in 0..HIGHEST {
        let path = format!("{folder}/{}", config::NAME);
        if let Some(text) = session.host.read_text_optional(&path).ok().flatten() {
            return Ok((Config::parse(&text).context(path)?, folder.to_owned()));
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None => break,
        }
    }
    Ok((Config::default(), String::new()))
}

/// What the command line says goes before what the file says; what it ignores comes to it.
fn lay_over(options: &mut Options, parsed: &Parsed) -> Result<()> {
    let (select, ignore) = (parsed.list("select"), parsed.list("ignore"));
    if let Some(word) = select.iter().chain(&ignore).find(|word| !::lint::names_a_rule(word)) {
        return Err(Failure::coded(codes::BAD_VALUE, format!("there is no rule `{word}`"))
            .hint("`longshore explain` lists all codes"));
    }
    if !select.is_empty() {
        options.select = select;
    }
    options.ignore.extend(ignore);
    for given in parsed.list("build-arg") {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("`{given}` is not NAME=VALUE")))?;
        options.build_args.insert(name.to_owned(), value.to_owned());
    }
    let project: Vec<String> = parsed.list("compose-file").iter().map(|path| slashed(path)).collect();
    if !project.is_empty() {
        options.compose_files = project;
    }
    let text = |name: &str| Some(parsed.text(name).to_owned()).filter(|text| !text.is_empty());
    options.target = text("target").or(options.target.take());
    options.driver = text("driver").or(options.driver.take());
    let gpus = parsed.list("gpu");
    if let Some(name) = gpus.iter().find(|name| config::capability(name).is_none()) {
        let near = knowledge::gpu::similar(name).join(", ");
        let hint = if near.is_empty() { "a name such as \"RTX 4090\", or sm_89".to_owned() } else { near };
        return Err(
            Failure::coded(codes::BAD_VALUE, format!("the GPU `{name}` is not in the tables")).hint(hint)
        );
    }
    if !gpus.is_empty() {
        options.gpus = gpus;
    }
    Ok(())
}
