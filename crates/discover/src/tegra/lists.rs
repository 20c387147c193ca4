//! The mount lists, read and put together.

use crate::codes;
use crate::survey::{Survey, join};
use diag::{Finding, Severity};
use formats::mount_csv::{self, Kind};

/// Lists that are taken where not all are asked for.
const USUAL: [&str; 3] = ["devices.csv", "drivers.csv", "l4t.csv"];

/// Paths and patterns of all lists, by kind, in their order.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) devices: Vec<String>,
    pub(crate) directories: Vec<String>,
    pub(crate) libraries: Vec<String>,
    pub(crate) links: Vec<String>,
}

impl Lists {
    /// Reads the lists that the options name. One that is missing or has wrong lines does not cost the
    /// others.
    pub(crate) fn read(survey: &mut Survey<'_>) -> (Self, Vec<Finding>) {
        let mut lists = Self::default();
        let (mut read, mut findings) = (0, Vec::new());
        let files = files(survey);
        for path in &files {
            survey.watch_machine(path);
            match survey.machine.read_text_optional(path) {
                Ok(Some(text)) => {
                    read += 1;
                    findings.extend(lists.add(path, &text));
                }
                Ok(None) => {}
                Err(failure) => findings.push(unreadable(path, &failure)),
            }
        }
        if read == 0 {
            findings.push(none(&survey.options.mount_lists.directory, &files));
        }
        (lists, findings)
    }

    fn add(&mut self, path: &str, text: &str) -> Option<Finding> {
        let list = mount_csv::parse(text);
        for line in list.lines {
            match line.kind {
                Kind::Device => &mut self.devices,
                Kind::Directory => &mut self.directories,
                Kind::Library => &mut self.libraries,
                Kind::Link => &mut self.links,
            }
            .push(line.path);
        }
        let (number, line) = list.strangers.first()?;
        let message = format!("{} lines of `{path}` are not `dev|dir|lib|sym, path`", list.strangers.len());
        Some(
            Finding::new(codes::MOUNT_LISTS, Severity::Note, message)
                .evidence(format!("line {number}: {line}")),
        )
    }
}

/// The lists to read: those given, or those of the directory by name.
fn files(survey: &mut Survey<'_>) -> Vec<String> {
    let options = &survey.options.mount_lists;
    if !options.files.is_empty() {
        return options.files.clone();
    }
    survey.watch_machine(&options.directory);
    let entries = survey.machine.list_optional(&options.directory).ok().flatten().unwrap_or_default();
    let is_list = |name: &str| {
        name.len() > 4 && name.get(name.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(".csv"))
    };
    let names =
        entries.iter().filter(|entry| entry.kind != host::Kind::Directory).map(|entry| entry.name.as_str());
    names
        .filter(|name| if options.all { is_list(name) } else { USUAL.contains(name) })
        .map(|name| join(&options.directory, name))
        .collect()
}

fn unreadable(path: &str, failure: &diag::Failure) -> Finding {
    Finding::new(codes::MOUNT_LISTS, Severity::Warning, format!("the mount list `{path}` cannot be read"))
        .evidence(failure.chain())
}

fn none(directory: &str, files: &[String]) -> Finding {
    let message = "there is no mount list: nothing says what this system's driver consists of";
    let place = if files.is_empty() { directory.to_owned() } else { files.join(", ") };
    Finding::new(codes::MOUNT_LISTS, Severity::Error, message).evidence(format!("looked for {place}")).help(
        "install the packages `nvidia-l4t-init` and `nvidia-container` of JetPack, which bring the lists",
    )
}
