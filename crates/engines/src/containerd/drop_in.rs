//! The drop-in and its import.
//!
//! containerd before 2.1 takes the whole table of a plugin from the last file that has one. So the
//! drop-in repeats the CRI table that was in force without it; where there was none it is short. From
//! 2.1 on tables are merged key by key, and the drop-in says only what it adds.

use super::cri;
use super::sources::Sources;
use crate::toml_splice::{add_to_list, insert_at_root};
use crate::toml_tree::{BYTE_ORDER_MARK, Node, Tree, table, table_mut, text, write};
use crate::{Desired, Files, Proposal, ProposedFile, Release, drop_in::says, write_step};
use diag::Result;
use plan::{Applicability, Plan};

/// The release from which on the tables of a plugin are merged (containerd #9982; seen with 2.1.9).
pub(super) const MERGES_TABLES: Release = Release(2, 1);

pub(super) fn propose(
    files: &Files<'_>,
    sources: &Sources,
    desired: &Desired,
    version: i64,
) -> Result<Proposal> {
    let (drop_in, top_level) =
        (drop_in(files, sources, desired, version)?, top_level(files, sources, version)?);
    let title = format!("register runtime {} with containerd in {}", desired.runtime_name, files.drop_in);
    let plan = Plan::new(title, Applicability::Safe);
    let plan = write_step(plan, files.drop_in, sources.drop_in.clone(), &drop_in);
    let plan = write_step(plan, files.config, sources.config.clone(), &top_level);
    let file =
        |title, path: &str, text: String| ProposedFile { title: Some(title), path: path.to_owned(), text };
    Ok(Proposal {
        plan,
        files: vec![
            file("Drop-in config", files.drop_in, drop_in),
            file("Top-level config", files.config, top_level),
        ],
        exists: sources.config.is_some(),
        notes: Vec::new(),
        findings: Vec::new(),
    })
}

/// The drop-in's text: as it stands when it says what is wanted, else made anew.
fn drop_in(files: &Files<'_>, sources: &Sources, desired: &Desired, version: i64) -> Result<String> {
    let merges = files.release.is_some_and(|release| release >= MERGES_TABLES);
    let (origin, in_force) = if merges {
        (None, merged(files, sources, version)?)
    } else {
        cri_in_force(files, sources, desired, version)?
    };
    let entry = cri::entry(files.config, &in_force, desired, version)?;
    let runc =
        cri::missing_default(files.config, &in_force, version)?.filter(|_| !merges && sources.may_be_old);
    let mut cri = if merges { Tree::new() } else { in_force };
    if let Some((name, entry)) = runc {
        table_mut(&mut cri, &["containerd", "runtimes"]).insert(name.to_owned(), Node::Table(entry));
    }
    table_mut(&mut cri, &["containerd", "runtimes"]).insert(desired.runtime_name.clone(), Node::Table(entry));
    if desired.set_as_default {
        let name = Node::text(&desired.runtime_name);
        table_mut(&mut cri, &["containerd"]).insert("default_runtime_name".to_owned(), name);
    }
    if desired.enable_cdi {
        cri.insert("enable_cdi".to_owned(), Node::Value("true".to_owned()));
    }
    let mut wanted = Tree::from([("version".to_owned(), Node::Value(version.to_string()))]);
    table_mut(&mut wanted, &["plugins"]).insert(cri::plugin(version).to_owned(), Node::Table(cri));
    if let Some(bytes) = sources.drop_in.as_deref().filter(|bytes| says(files.drop_in, bytes, &wanted)) {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    let why = origin.map(|origin| {
        format!(
            "# Made by `nvidia-ctk runtime configure`. This repeats the CRI table of {origin}, because containerd\n\
             # before 2.1 takes the whole table from the last file that has one. After a change there, run it again.\n\n"
        )
    });
    Ok(why.unwrap_or_default() + &write(&wanted))
}

/// The CRI table without our drop-in, and where it stands; empty where there is none.
fn cri_in_force(
    files: &Files<'_>,
    sources: &Sources,
    desired: &Desired,
    version: i64,
) -> Result<(Option<String>, Tree)> {
    let path = ["plugins", cri::plugin(version)];
    if let Some(dumped) = &sources.dumped {
        let cri = table("containerd", dumped, &path)?.cloned().unwrap_or_default();
        return Ok((Some("`containerd config dump`".to_owned()), without_ours(cri, desired)));
    }
    for (file, tree) in sources.earlier.iter().rev() {
        if let Some(cri) = table(file, tree, &path)? {
            return Ok((Some(file.clone()), cri.clone()));
        }
    }
    let cri = table(files.config, &sources.config_tree, &path)?;
    Ok((cri.map(|_| files.config.to_owned()), cri.cloned().unwrap_or_default()))
}

/// The CRI table as containerd merges it from all files but our drop-in.
fn merged(files: &Files<'_>, sources: &Sources, version: i64) -> Result<Tree> {
    let path = ["plugins", cri::plugin(version)];
    let mut whole = Tree::new();
    let config = std::iter::once((files.config, &sources.config_tree));
    let imported = sources.earlier.iter().chain(&sources.later).map(|(file, tree)| (file.as_str(), tree));
    for (file, tree) in config.chain(imported) {
        if let Some(cri) = table(file, tree, &path)? {
            overlay(&mut whole, cri);
        }
    }
    Ok(whole)
}

fn overlay(under: &mut Tree, over: &Tree) {
    for (key, node) in over {
        match (under.get_mut(key), node) {
            (Some(Node::Table(under)), Node::Table(over)) => overlay(under, over),
            _ => drop(under.insert(key.clone(), node.clone())),
        }
    }
}

/// containerd's own answer contains what an earlier run of ours added.
fn without_ours(mut cri: Tree, desired: &Desired) -> Tree {
    let containerd = table_mut(&mut cri, &["containerd"]);
    let default = containerd.get("default_runtime_name").and_then(Node::as_text);
    if default.as_ref() == Some(&desired.runtime_name) {
        containerd.insert("default_runtime_name".to_owned(), Node::text("runc"));
    }
    table_mut(containerd, &["runtimes"]).remove(&desired.runtime_name);
    cri
}

/// The configuration with an import of the drop-in; nothing else in it changes.
fn top_level(files: &Files<'_>, sources: &Sources, version: i64) -> Result<String> {
    let bytes = sources.config.as_deref().unwrap_or_default();
    let before = text(files.config, bytes)?;
    let mark = if bytes.starts_with(BYTE_ORDER_MARK.as_bytes()) { BYTE_ORDER_MARK } else { "" };
    let mut after = if before.trim().is_empty() { String::new() } else { before.to_owned() };
    if !sources.imports_drop_in {
        after = add_to_list(files.config, &after, "imports", &import(files.drop_in))?;
    }
    if sources.config_tree.is_empty() {
        after = insert_at_root(files.config, &after, &format!("version = {version}"))?;
    }
    Ok(format!("{mark}{after}"))
}

/// All files like the drop-in, so that others can be put beside it.
fn import(drop_in: &str) -> String {
    match drop_in.rsplit_once('/') {
        Some((folder, name)) if name.ends_with(".toml") => format!("{folder}/*.toml"),
        _ => drop_in.to_owned(),
    }
}
