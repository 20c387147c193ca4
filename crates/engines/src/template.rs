//! Templates of containerd's configuration in Go's `text/template`: lines are added or changed, all
//! others stay, and nothing is read as TOML. Where the template brings in the distribution's own text
//! (`{{ template "base" . }}`), tables of that text must not be written again: containerd does not start then.

use crate::{Desired, codes};
use diag::{Failure, Result};

/// The template that registers the runtime; `None` when none is needed, or the one that is there says so.
/// `by_itself`: the distribution registers this runtime where its template lists what it found.
///
/// # Errors
/// The template registers the runtime in a form that nothing can be changed in safely.
pub(crate) fn with(
    path: &str,
    present: Option<&str>,
    desired: &Desired,
    by_itself: bool,
) -> Result<Option<String>> {
    let Some(text) = present else {
        let base = "{{ template \"base\" . }}\n";
        return Ok((!by_itself).then(|| format!("{base}{}", block(plugin(path, ""), desired))));
    };
    let plugin = plugin(path, text);
    let mut after = text.to_owned();
    let name = desired.runtime_name.as_str();
    // A table of options alone registers the runtime too: a second one would not be TOML.
    if has_header(text, &["runtimes", name]) || has_header(text, &["runtimes", name, "options"]) {
        after = with_program(path, &after, desired)?;
    } else if !(by_itself && finds_runtimes(text)) {
        let end = if after.is_empty() || after.ends_with('\n') { "" } else { "\n" };
        after = format!("{after}{end}{}", block(plugin, desired));
    }
    if desired.set_as_default && !takes_default(text) {
        let value = format!("\"{}\"", desired.runtime_name);
        after = with_value(&after, &[plugin, "containerd"], "default_runtime_name", &value);
    }
    if desired.enable_cdi && !has_base(text) {
        after = with_value(&after, &[plugin], "enable_cdi", "true");
    }
    Ok((after != text).then_some(after))
}

/// Whether the template lists the runtimes that the distribution found.
pub(crate) fn finds_runtimes(text: &str) -> bool {
    has_base(text) || text.contains(".ExtraRuntimes")
}

/// Whether the default runtime of the distribution's settings reaches the template.
pub(crate) fn takes_default(text: &str) -> bool {
    has_base(text) || text.contains(".DefaultRuntime")
}

fn has_base(text: &str) -> bool {
    let actions = text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    actions.map(|action| action.trim_matches(['-', ' ', '\t'])).any(|action| {
        action.strip_prefix("template").is_some_and(|rest| rest.trim_start().starts_with("\"base\""))
    })
}

/// The CRI plugin's name in the template's version.
fn plugin(path: &str, text: &str) -> &'static str {
    let (old, new) = ("io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime");
    let by_name = path.contains("config-v3.toml");
    if text.contains(new) || (by_name && !text.contains(old)) { new } else { old }
}

fn block(plugin: &str, desired: &Desired) -> String {
    let (name, program) = (&desired.runtime_name, &desired.runtime_path);
    format!(
        "\n[plugins.\"{plugin}\".containerd.runtimes.\"{name}\"]\n  runtime_type = \"io.containerd.runc.v2\"\n\
         \n[plugins.\"{plugin}\".containerd.runtimes.\"{name}\".options]\n  BinaryName = \"{program}\"\n  \
         SystemdCgroup = {{{{ .SystemdCgroup }}}}\n"
    )
}

/// Sets the program of a runtime that the template registers already.
fn with_program(path: &str, text: &str, desired: &Desired) -> Result<String> {
    let rigid = || {
        let message =
            format!("{path} registers {} without a BinaryName of its own line", desired.runtime_name);
        Failure::coded(codes::RIGID_TOML, message).hint("correct the template by hand; it was left as it is")
    };
    let value = format!("\"{}\"", desired.runtime_path);
    let place = ["runtimes", &desired.runtime_name, "options"];
    if !has_header(text, &place) {
        return Err(rigid());
    }
    Ok(with_value(text, &place, "BinaryName", &value))
}

/// Sets a value below the first header that ends with these keys; a header of the whole path is added
/// at the end where there is none.
fn with_value(text: &str, path: &[&str], key: &str, value: &str) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let Some(header) = lines.iter().position(|line| ends_with(line, path)) else {
        let keys: Vec<String> = path.iter().map(|key| quoted(key)).collect();
        return format!("{text}\n[plugins.{}]\n  {key} = {value}\n", keys.join("."));
    };
    let end = lines.iter().skip(header + 1).position(|line| line.trim_start().starts_with('['));
    let end = end.map_or(lines.len(), |length| header + 1 + length);
    let is_key = |line: &String| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let present = lines.iter().take(end).skip(header + 1).position(is_key).map(|at| header + 1 + at);
    match present.and_then(|at| lines.get_mut(at)) {
        Some(line) => {
            let margin: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
            if line.split_once('=').is_none_or(|(_, present)| present.trim() != value) {
                *line = format!("{margin}{key} = {value}\n");
            }
        }
        None => {
            if let Some(line) = lines.get_mut(header).filter(|line| !line.ends_with('\n')) {
                line.push('\n');
            }
            lines.insert(header + 1, format!("  {key} = {value}\n"));
        }
    }
    lines.concat()
}

fn has_header(text: &str, path: &[&str]) -> bool {
    text.lines().any(|line| ends_with(line, path))
}

/// Whether a line is the header of a table whose last keys are these.
fn ends_with(line: &str, path: &[&str]) -> bool {
    let Some(inner) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) else {
        return false;
    };
    let keys = keys(inner);
    keys.len() >= path.len() && keys.iter().rev().zip(path.iter().rev()).all(|(key, wanted)| key == wanted)
}

/// The keys of a dotted name; quotes keep dots together.
fn keys(dotted: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quote = None;
    for letter in dotted.chars() {
        match (letter, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            ('.', None) => keys.push(String::new()),
            (' ' | '\t', None) => {}
            _ => keys.last_mut().into_iter().for_each(|key| key.push(letter)),
        }
    }
    keys
}

fn quoted(key: &str) -> String {
    if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn desired(name: &str, default: bool) -> Desired {
        Desired {
            runtime_name: name.to_owned(),
            runtime_path: "/usr/bin/nvidia-container-runtime".to_owned(),
            set_as_default: default,
            enable_cdi: false,
        }
    }

    const BASE: &str = "# mine\n{{- template \"base\" . -}}\n[proxy_plugins.x]\n  type = \"snapshot\"";
    const OWN: &str = "version = 2\n{{ if .X }}\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  snapshotter = \"{{ .S }}\"\n{{end}}\n";

    #[test]
    fn a_template_is_only_touched_where_it_must_be() {
        let cases: &[(Option<&str>, &str, bool, Option<&str>)] = &[
            (None, "nvidia", false, None),
            (Some(BASE), "nvidia", false, None),
            (Some(BASE), "nvidia", true, None),
            (Some("{{range $k, $v := .ExtraRuntimes}}\n{{end}}\n"), "nvidia", false, None),
            (
                Some(OWN),
                "nvidia",
                true,
                Some(
                    "version = 2\n{{ if .X }}\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  default_runtime_name = \"nvidia\"\n  snapshotter = \"{{ .S }}\"\n{{end}}\n\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.\"nvidia\"]\n  runtime_type = \"io.containerd.runc.v2\"\n\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.\"nvidia\".options]\n  BinaryName = \"/usr/bin/nvidia-container-runtime\"\n  SystemdCgroup = {{ .SystemdCgroup }}\n",
                ),
            ),
        ];
        for (present, name, default, expected) in cases {
            let after = with("/x/config.toml.tmpl", *present, &desired(name, *default), true).unwrap();
            assert_eq!(after.as_deref(), *expected, "{present:?}");
            if let Some(after) = after {
                let again =
                    with("/x/config.toml.tmpl", Some(&after), &desired(name, *default), true).unwrap();
                assert_eq!(again, None, "twice is once");
            }
        }
    }

    #[test]
    fn a_runtime_that_the_distribution_does_not_find_is_added_after_its_own_text() {
        let fresh = with("/x/config-v3.toml.tmpl", None, &desired("gpu", false), false).unwrap().unwrap();
        assert!(fresh.starts_with("{{ template \"base\" . }}\n\n[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.\"gpu\"]\n"));
        let added = with("/x/config.toml.tmpl", Some(BASE), &desired("gpu", false), false).unwrap().unwrap();
        assert!(added.starts_with(&format!("{BASE}\n\n[plugins.\"io.containerd.grpc.v1.cri\"")), "{added}");
    }

    proptest! {
        /// Lines as they stand in templates, in any order, and nonsense between them.
        #[test]
        fn every_line_of_a_template_stays_and_twice_is_once(
            lines in proptest::collection::vec(prop_oneof![
                Just("{{ template \"base\" . }}".to_owned()),
                Just("{{range $k, $v := .ExtraRuntimes}}".to_owned()),
                Just("[plugins.\"io.containerd.grpc.v1.cri\".containerd]".to_owned()),
                Just("[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]".to_owned()),
                Just("  default_runtime_name = \"runc\"".to_owned()),
                Just("[a".to_owned()),
                "[ -~]{0,30}",
            ], 0..12),
            default in any::<bool>(),
            by_itself in any::<bool>(),
            newline in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let text = lines.join(newline);
            let wanted = Desired { enable_cdi: true, ..desired("gpu", default) };
            if let Ok(Some(after)) = with("/x/config.toml.tmpl", Some(&text), &wanted, by_itself) {
                let mut kept = after.lines();
                let ours = |line: &&str| !["default_runtime_name", "enable_cdi"].iter().any(|key| line.contains(key));
                for line in text.lines().filter(ours) {
                    prop_assert!(kept.any(|other| other == line), "{line:?} is gone from {after:?}");
                }
                prop_assert_eq!(with("/x/config.toml.tmpl", Some(&after), &wanted, by_itself).ok().flatten(), None);
            }
        }
    }

    #[test]
    fn a_registered_runtime_gets_another_program_and_nothing_else() {
        let text = "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia]\n  a = 1\n\
                    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia.options]\n    BinaryName = \"/old\" # why\n  B = {{ .C }}\n";
        let after = with("/x/config-v3.toml.tmpl", Some(text), &desired("nvidia", false), true).unwrap();
        let expected = text.replace("\"/old\" # why", "\"/usr/bin/nvidia-container-runtime\"");
        assert_eq!(after.as_deref(), Some(expected.as_str()));
        let alone = "[plugins.x.containerd.runtimes.nvidia.options]\n BinaryName = \"/x\"\n";
        let after = with("/x/config-v3.toml.tmpl", Some(alone), &desired("nvidia", false), true).unwrap();
        assert_eq!(after, Some(alone.replace("/x", "/usr/bin/nvidia-container-runtime")));
        let rigid = "[plugins.x.containerd.runtimes.nvidia]\n options = { BinaryName = \"x\" }\n";
        assert!(with("/x.toml.tmpl", Some(rigid), &desired("nvidia", false), true).is_err());
    }
}
