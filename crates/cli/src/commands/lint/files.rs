//! Which files a run looks at: arguments, folders without what `.gitignore` leaves out, and the
//! files that those name.

use crate::codes;
use crate::session::Session;
use ::lint::{File, Gitignore, Kind, Options, Report};
use diag::{Failure, Result};
use host::Kind as EntryKind;
use std::collections::BTreeSet;

/// Files above this size are not container files.
const LARGEST: usize = 16 * 1024 * 1024;
/// Folders below folders are followed this far.
const DEEPEST: usize = 64;
/// Files that are read only because they lie beside others, or are named by them, up to this size.
const LARGEST_BESIDE: u64 = 4 * 1024 * 1024;
/// Files that others name are followed this often.
const ROUNDS: usize = 5;

/// The files of a run.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Their paths as given, and their texts.
    pub(super) files: Vec<File>,
    /// Where each lies; `None` for standard input.
    pub(super) places: Vec<Option<String>>,
    /// How many of them, from the first, were asked for; the others are only named by those.
    pub(super) asked: usize,
}

/// Reads what the arguments name, and the files that those name; no argument means this folder.
///
/// With `skips` a named file of no linted kind is passed over, as callers want that name all files
/// that have changed.
pub(super) fn gather(
    session: &Session,
    arguments: &[String],
    stdin_name: &str,
    skips: bool,
) -> Result<Gathered> {
    let mut out = Gathered::default();
    if arguments.is_empty() {
        folder(session, ".", &mut out)?;
    }
    for argument in arguments {
        if argument == "-" {
            let text = String::from_utf8_lossy(&session.standard_input()?).into_owned();
            out.push(File::new(stdin_name, text), None);
        } else {
            argument_path(session, argument, skips, &mut out)?;
        }
    }
    out.asked = out.files.len();
    overlays(session, &mut out)?;
    follow(session, &mut out)?;
    Ok(out)
}

impl Gathered {
    /// The reports on the files that were asked for.
    pub(super) fn reports(&self, files: &[File], options: &Options) -> Vec<Report> {
        let asked = self.files.get(..self.asked).unwrap_or(&self.files);
        let mut reports = ::lint::check(files, options);
        reports.retain(|report| asked.iter().any(|file| file.path == report.path));
        reports
    }

    fn push(&mut self, file: File, place: Option<String>) {
        if !self.files.iter().any(|other| other.path == file.path) {
            self.files.push(file);
            self.places.push(place);
        }
    }
}

fn argument_path(session: &Session, path: &str, skips: bool, out: &mut Gathered) -> Result<()> {
    let place = session.absolute(path)?;
    match session.host.stat(&place)? {
        None => Err(Failure::new(format!("there is no file {path}"))
            .hint("without a path the files of this folder are linted, `-` reads standard input")),
        Some(stat) if stat.is_dir() => folder(session, path.trim_end_matches('/'), out),
        Some(_) => {
            let file = File::new(path, text(session, &place)?);
            if Kind::of(&file).is_none() && skips {
                return Ok(());
            }
            if Kind::of(&file).is_none() {
                let message = format!(
                    "{path} is none of the linted files by its name and content (Dockerfile, Compose file, manifest, devcontainer.json, script with docker run --gpus)"
                );
                return Err(Failure::coded(codes::BAD_ARGUMENT, message));
            }
            out.push(file, Some(place));
            Ok(())
        }
    }
}

/// The text of a file. Bytes that are no UTF-8, as in comments of old files, are read as U+FFFD: the
/// builder does not mind them, and such a file is not fixed.
fn text(session: &Session, place: &str) -> Result<String> {
    let bytes = session.host.read_limited(place, LARGEST)?;
    if bytes.contains(&0) {
        let text = if bytes.starts_with(&[0xff, 0xfe]) { "UTF-16; save it as UTF-8" } else { "not a text" };
        return Err(Failure::new(format!("{place} is {text}")));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()))
}

/// Whether a path is a file of a size that is read beside the files that were asked for.
fn is_beside(session: &Session, place: &str) -> bool {
    let stat = session.host.stat(place).ok().flatten();
    stat.is_some_and(|stat| stat.is_file() && stat.size <= LARGEST_BESIDE)
}

/// A folder that waits: its path as shown, below the given one, its depth, and what holds in it.
struct Waiting {
    shown: String,
    below: String,
    depth: usize,
    ignored: Gitignore,
}

fn folder(session: &Session, path: &str, out: &mut Gathered) -> Result<()> {
    let mut waiting = vec![Waiting {
        shown: path.to_owned(),
        below: String::new(),
        depth: 0,
        ignored: Gitignore::default(),
    }];
    while let Some(folder) = waiting.pop() {
        let place = session.absolute(&folder.shown)?;
        let own = session.host.read_text_optional(&format!("{place}/.gitignore")).ok().flatten();
        let ignored =
            own.map_or_else(|| folder.ignored.clone(), |text| folder.ignored.with(&folder.below, &text));
        let mut below = Vec::new();
        for entry in session.host.list(&place)? {
            let below_path = join(&folder.below, &entry.name);
            let shown =
                if folder.shown == "." { entry.name.clone() } else { join(&folder.shown, &entry.name) };
            let is_folder = entry.kind == EntryKind::Directory;
            if entry.name == ".git" || ignored.ignores(&below_path, is_folder) {
                continue;
            }
            if is_folder && folder.depth < DEEPEST {
                below.push(Waiting {
                    shown,
                    below: below_path,
                    depth: folder.depth + 1,
                    ignored: ignored.clone(),
                });
            } else if entry.kind == EntryKind::File && may_be_linted(&entry.name) {
                candidate(session, &shown, &format!("{place}/{}", entry.name), out);
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    Ok(())
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Whether a name is one of the linted kinds, so that the file is worth reading.
fn may_be_linted(name: &str) -> bool {
    Kind::may_be(name)
}

/// A file found in a folder; one that cannot be read as text is none of ours.
fn candidate(session: &Session, shown: &str, place: &str, out: &mut Gathered) {
    let Ok(text) = text(session, place) else { return };
    let file = File::new(shown, text);
    if Kind::of(&file).is_some() {
        out.push(file, Some(place.to_owned()));
    }
}

/// Adds the Compose files beside those that were asked for: they may be laid over them.
fn overlays(session: &Session, out: &mut Gathered) -> Result<()> {
    let composes = out.files.iter().filter(|file| Kind::of(file) == Some(Kind::Compose));
    let folders: BTreeSet<String> = composes
        .map(|file| file.path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned())
        .collect();
    for folder in folders {
        let place = session.absolute(&folder)?;
        for entry in session.host.list(&place).unwrap_or_default() {
            let shown = if folder == "." { entry.name.clone() } else { join(&folder, &entry.name) };
            let path = format!("{place}/{}", entry.name);
            if entry.name.contains("compose") && may_be_linted(&entry.name) && is_beside(session, &path) {
                candidate(session, &shown, &path, out);
            }
        }
    }
    Ok(())
}

/// Adds the files that the gathered ones name, where they can be read.
fn follow(session: &Session, out: &mut Gathered) -> Result<()> {
    for _ in 0..ROUNDS {
        let before = out.files.len();
        for path in ::lint::references(&out.files) {
            let place = session.absolute(&path)?;
            if let (true, Ok(text)) = (is_beside(session, &place), text(session, &place)) {
                out.push(File::new(path, text), Some(place));
            }
        }
        if out.files.len() == before {
            break;
        }
    }
    Ok(())
}
