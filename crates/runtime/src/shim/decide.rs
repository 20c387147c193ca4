//! What is to be done with a container, decided from its configuration and the settings alone: a
//! container that asks for nothing costs no look at the machine.

#[cfg(test)]
mod cases;

use diag::Result;
use inject::{Ask, JIT_KIND, Request, Source, request};
use oci::Config;
use settings::{Mode, Settings};
use std::fmt;

/// How a container gets its GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It asks for none: nothing is changed.
    Untouched,
    /// By the prestart hook.
    Legacy,
    /// By these devices of CDI specifications.
    SpecFiles(Vec<String>),
    /// By edits made from the machine as it is.
    JustInTime(Ask),
}

/// A way, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) way: Way,
    pub(super) request: Request,
}

/// Decides.
///
/// # Errors
/// Devices of our own kind are mixed with others.
pub(super) fn decide(config: &Config, settings: &Settings, mode: Mode) -> Result<Decision> {
    let default_kind = settings.runtime.modes.cdi_default_kind.as_str();
    let with_annotations = matches!(mode, Mode::Cdi | Mode::Auto);
    let named = request(config, settings, with_annotations);
    let (request, kind) = match mode {
        Mode::Cdi => (named, default_kind),
        Mode::Auto if named.ask.is_all_qualified() => (named, default_kind),
        Mode::Auto if named.source == Source::Annotations => (request(config, settings, false), JIT_KIND),
        _ => (named, JIT_KIND),
    };
    let way = match mode {
        Mode::Legacy if request.ask == Ask::Nothing => Way::Untouched,
        Mode::Legacy => Way::Legacy,
        _ => by_names(&request, kind)?,
    };
    Ok(Decision { way, request })
}

fn by_names(request: &Request, default_kind: &str) -> Result<Way> {
    let names = request.ask.qualified(default_kind);
    if names.is_empty() {
        return Ok(Way::Untouched);
    }
    Ok(match Ask::just_in_time(&names)? {
        Some(ask) => Way::JustInTime(ask),
        None => Way::SpecFiles(names),
    })
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untouched => f.write_str("none asked for"),
            Self::Legacy => f.write_str("by the prestart hook"),
            Self::SpecFiles(names) => write!(f, "CDI devices {}", names.join(", ")),
            Self::JustInTime(ask) => write!(f, "just in time, {}", ask.qualified(JIT_KIND).join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(env: &str, annotations: &str) -> Config {
        let text = format!(r#"{{"process":{{"env":["{env}"]}},"annotations":{{{annotations}}}}}"#);
        Config::parse(text.as_bytes()).expect("valid")
    }

    fn just_in_time(ids: &[&str]) -> Way {
        Way::JustInTime(Ask::of_list(ids))
    }

    fn spec_files(names: &[&str]) -> Way {
        Way::SpecFiles(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn ways() {
        const CDI: &str = r#""cdi.k8s.io/x":"v.com/gpu=1""#;
        let cases = [
            ("A=1", "", Mode::Auto, Way::Untouched),
            ("A=1", "", Mode::Cdi, Way::Untouched),
            ("A=1", "", Mode::Legacy, Way::Untouched),
            ("A=1", "", Mode::Csv, Way::Untouched),
            ("NVIDIA_VISIBLE_DEVICES=void", "", Mode::JitCdi, Way::Untouched),
            ("NVIDIA_VISIBLE_DEVICES=all", "", Mode::Auto, just_in_time(&["all"])),
            ("NVIDIA_VISIBLE_DEVICES=none", "", Mode::Auto, just_in_time(&["none"])),
            ("NVIDIA_VISIBLE_DEVICES=0,2", "", Mode::JitCdi, just_in_time(&["0", "2"])),
            ("NVIDIA_VISIBLE_DEVICES=0", "", Mode::Cdi, spec_files(&["nvidia.com/gpu=0"])),
            ("NVIDIA_VISIBLE_DEVICES=none", "", Mode::Cdi, spec_files(&["nvidia.com/gpu=none"])),
            ("NVIDIA_VISIBLE_DEVICES=v.com/gpu=0", "", Mode::Auto, spec_files(&["v.com/gpu=0"])),
            ("NVIDIA_VISIBLE_DEVICES=runtime.nvidia.com/gpu=3", "", Mode::Auto, just_in_time(&["3"])),
            ("NVIDIA_VISIBLE_DEVICES=runtime.nvidia.com/gpu=all", "", Mode::Cdi, just_in_time(&["all"])),
            ("NVIDIA_VISIBLE_DEVICES=0", CDI, Mode::Auto, spec_files(&["v.com/gpu=1"])),
            ("NVIDIA_VISIBLE_DEVICES=0", CDI, Mode::Cdi, spec_files(&["v.com/gpu=1"])),
            ("NVIDIA_VISIBLE_DEVICES=0", CDI, Mode::JitCdi, just_in_time(&["0"])),
            ("A=1", r#""cdi.k8s.io/x":"0""#, Mode::Auto, Way::Untouched),
            ("A=1", r#""cdi.k8s.io/x":"0""#, Mode::Cdi, spec_files(&["nvidia.com/gpu=0"])),
            ("NVIDIA_VISIBLE_DEVICES=all", "", Mode::Legacy, Way::Legacy),
        ];
        for (env, annotations, mode, expected) in cases {
            let decision = decide(&config(env, annotations), &Settings::default(), mode).expect(env);
            assert_eq!(decision.way, expected, "{env} {annotations} {mode:?}");
        }
    }

    /// Who adds it asks for GPUs in its own way; without a request the container is not ours to change.
    #[test]
    fn a_prestart_hook_of_others_is_no_request() {
        let hook = r#"{"path":"/usr/bin/nvidia-container-runtime-hook","args":["x","prestart"]}"#;
        let text = format!(r#"{{"process":{{"env":["A=1"]}},"hooks":{{"prestart":[{hook}]}}}}"#);
        let config = Config::parse(text.as_bytes()).expect("valid");
        for mode in [Mode::Auto, Mode::Cdi, Mode::JitCdi, Mode::Csv, Mode::Legacy] {
            let way = decide(&config, &Settings::default(), mode).expect("decided").way;
            assert_eq!(way, Way::Untouched, "{mode:?}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let mixed = config("NVIDIA_VISIBLE_DEVICES=0,v.com/gpu=0", "");
        assert!(decide(&mixed, &Settings::default(), Mode::JitCdi).is_err());
    }
}
