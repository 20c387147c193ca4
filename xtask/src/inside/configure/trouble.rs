//! A full disk, a read-only folder, a link, somebody else's edit: the file is the old or the new one,
//! and what is said helps.

use super::clear;
use crate::exec::{capture, command, output};
use crate::inside::check::Ledger;
use crate::inside::expect::text;
use diag::{Failure, Result, ResultExt};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;

const FOLDER: &str = "/etc/docker";
const FILE: &str = "/etc/docker/daemon.json";
const CONFIGURE: [&str; 4] = ["nvidia-ctk", "runtime", "configure", "--runtime=docker"];

pub(super) fn run(ledger: &mut Ledger) -> Result<()> {
    let engine = "runtime configure";
    ledger.check(engine, "a full disk", || on_a_file_system("size=16k", full))?;
    ledger.check(engine, "a read-only folder", || on_a_file_system("size=64k", read_only))?;
    ledger.check(engine, "a link is written through", linked)?;
    ledger.check(engine, "somebody else's edit is not taken back", edited)?;
    ledger.check(engine, "twelve at once: none takes back what another did", at_once)?;
    clear(FOLDER)
}

/// Each registers a runtime of its own. Who comes between another's look and write is refused, with what
/// the other changed.
fn at_once() -> Result<()> {
    clear(FOLDER)?;
    let start = |number: u32| {
        let name = format!("--nvidia-runtime-name=gpu{number}");
        let mut configure = command(CONFIGURE);
        configure.arg(name).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot start one")
    };
    let children = (0..12).map(start).collect::<Result<Vec<_>>>()?;
    let mut written = Vec::new();
    for (number, child) in children.into_iter().enumerate() {
        let ended = child.wait_with_output().context("cannot wait for one")?;
        let said = text(&ended);
        if ended.status.success() {
            written.push(format!("gpu{number}"));
        } else if !said.contains("was changed by somebody else meanwhile") {
            return Err(Failure::new(format!("one failed for another reason: {said}")));
        }
    }
    let found = fs::read(FILE).context("cannot read daemon.json")?;
    let found: Value = serde_json::from_slice(&found).context("it is not JSON any more")?;
    let runtimes = found["runtimes"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let runtimes: BTreeSet<String> = runtimes.collect();
    if !written.is_empty() && runtimes == written.iter().cloned().collect() {
        return Ok(());
    }
    Err(Failure::new(format!("{written:?} were said to be written, and {runtimes:?} are there")))
}

/// Runs with `/etc/docker` on a file system of its own.
fn on_a_file_system(options: &str, work: fn() -> Result<()>) -> Result<()> {
    clear(FOLDER)?;
    fs::create_dir_all(FOLDER).context("cannot make the folder")?;
    capture(&mut command(["mount", "-t", "tmpfs", "-o", options, "tmpfs", FOLDER]))?;
    let end = work();
    capture(&mut command(["umount", FOLDER]))?;
    end
}

fn full() -> Result<()> {
    let before = format!("{{\"labels\": [\"{}\"]}}", "x".repeat(3000));
    fs::write(FILE, &before).context("cannot write daemon.json")?;
    // Fills what is left; that it fails at the end is the point.
    let _full = fs::write(format!("{FOLDER}/filler"), [b'x'; 64 * 1024]);
    refused(&before, "No space left on device")
}

fn read_only() -> Result<()> {
    fs::write(FILE, "{}").context("cannot write daemon.json")?;
    capture(&mut command(["mount", "-o", "remount,ro", FOLDER]))?;
    refused("{}", "Read-only file system")
}

/// The change fails with these words, and leaves the file as it was and nothing beside it.
fn refused(before: &str, words: &str) -> Result<()> {
    let ended = output(&mut command(CONFIGURE))?;
    let said = text(&ended);
    let found = fs::read_to_string(FILE).context("cannot read daemon.json")?;
    let left = fs::read_dir(FOLDER).context("cannot list the folder")?.filter_map(std::result::Result::ok);
    let left: Vec<_> = left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
    if !ended.status.success()
        && said.contains(words)
        && said.contains(FILE)
        && found == before
        && left.is_empty()
    {
        return Ok(());
    }
    Err(Failure::new(format!("it said {said}; beside the file lies {left:?}")))
}

fn linked() -> Result<()> {
    clear(FOLDER)?;
    fs::create_dir_all("/srv")
        .and_then(|()| fs::create_dir_all(FOLDER))
        .context("cannot make the folders")?;
    fs::write("/srv/daemon.json", "{\"debug\": false}").context("cannot write the file")?;
    std::os::unix::fs::symlink("/srv/daemon.json", FILE).context("cannot make the link")?;
    capture(&mut command(CONFIGURE))?;
    let text = fs::read_to_string("/srv/daemon.json").context("cannot read the file")?;
    let is_link = Path::new(FILE).is_symlink();
    capture(&mut command(["rm", "/srv/daemon.json"]))?;
    if is_link && text.contains("nvidia") {
        Ok(())
    } else {
        Err(Failure::new(format!("link {is_link}: {text}")))
    }
}

fn edited() -> Result<()> {
    clear(FOLDER)?;
    capture(&mut command(CONFIGURE))?;
    let edited = fs::read_to_string(FILE).context("cannot read daemon.json")?.replace('{', "{ ");
    fs::write(FILE, &edited).context("cannot edit daemon.json")?;
    let listed = capture(&mut command(["longshore", "undo"]))?;
    let id = listed.lines().last().and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    let ended = output(&mut command(["longshore", "undo", id]))?;
    let said = text(&ended);
    let found = fs::read_to_string(FILE).context("cannot read daemon.json")?;
    if !ended.status.success() && found == edited && said.contains("what somebody changed") {
        return Ok(());
    }
    Err(Failure::new(format!("it said {said}")))
}
