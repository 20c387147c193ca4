//! `longshore config harden`: the settings for machines that run images of strangers.

use super::{FILE, location, read};
use crate::arguments::{Command, Flag, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use ::settings::{Settings, edit};
use diag::{Result, ResultExt};
use plan::{Applicability, Plan, Step, file_diff};

pub(super) const COMMAND: Command =
    Command::new("harden", "Shows the settings under which no image can ask for GPUs by itself", harden)
        .flags(&[FILE, Flag::switch("apply", "Write them; `longshore undo` takes it back")]);

/// One setting of the profile.
struct Rule {
    option: &'static str,
    /// Whether it holds already.
    holds: fn(&Settings) -> bool,
    /// What it is for, and who notices.
    why: &'static str,
}

const PROFILE: &[Rule] = &[
    Rule {
        option: "accept-nvidia-visible-devices-envvar-when-unprivileged=false",
        holds: |settings| !settings.accept_envvar_when_unprivileged,
        why: "an image can no longer take GPUs by setting NVIDIA_VISIBLE_DEVICES; `docker run --gpus` then works \
              through CDI (Docker 29.2 or newer) or with --device nvidia.com/gpu=all only",
    },
    Rule {
        option: "accept-nvidia-visible-devices-as-volume-mounts=true",
        holds: |settings| settings.accept_volume_mounts,
        why: "whoever starts a container can name its GPUs by mounts; the Kubernetes device plugin does with \
              DEVICE_LIST_STRATEGY=volume-mounts",
    },
    Rule {
        option: "features.allow-ldconfig-from-container=nil",
        holds: |settings| settings.features.allow_ldconfig_from_container != Some(true),
        why: "no program of an image runs as root of the machine",
    },
    Rule {
        option: "nvidia-container-cli.ldconfig=@/sbin/ldconfig",
        holds: |settings| settings.cli.ldconfig.starts_with('@'),
        why: "the loader cache is made by the machine's own program",
    },
    Rule {
        option: "features.allow-cuda-compat-libs-from-container=nil",
        holds: |settings| settings.features.allow_cuda_compat_libs_from_container != Some(true),
        why: "CUDA libraries of an image are used only as cuda-compat-mode says",
    },
];

fn harden(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let path = location(session, parsed)?;
    let before = session.host.read_optional(&path)?;
    let text = read(session, &path)?;
    let settings = Settings::parse(&text).context(path.clone())?.0;
    let missing: Vec<&Rule> = PROFILE.iter().filter(|rule| !(rule.holds)(&settings)).collect();
    if missing.is_empty() {
        session.info(&format!("{path} has the secure profile already"));
        return Ok(Exit::Well);
    }
    let options: Vec<String> = missing.iter().map(|rule| rule.option.to_owned()).collect();
    let after = edit(&text, &options, ":").context(path.clone())?;
    session.out(&file_diff(&path, before.as_deref(), Some(after.as_bytes())));
    for rule in missing {
        session.info(&format!("{}: {}", rule.option.split('=').next().unwrap_or_default(), rule.why));
    }
    if !parsed.switch("apply") {
        session.info("Nothing is written; --apply writes it");
        return Ok(Exit::Well);
    }
    let step = Step::Write { path: path.clone(), before, after: after.into_bytes(), mode: 0o644 };
    let title = format!("the secure profile in {path}");
    let receipt = session.apply(&Plan::new(title, Applicability::Safe).step(step))?;
    if let Some(id) = receipt.id {
        session.info(&format!("Wrote {path}; `longshore undo {id}` takes it back"));
    }
    Ok(Exit::Well)
}
