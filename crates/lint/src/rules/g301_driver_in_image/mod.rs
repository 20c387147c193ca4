//! G301: the driver installed into an image.

use crate::commands::system::{self, Install, Manager, Package};
use crate::commands::{base_name, proper};
use crate::dockerfile::{Argument, Build, Run};
use crate::facts::edit;
use crate::finding::{Finding, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G301"),
    name: "driver-in-image",
    severity: Severity::Error,
    family: Family::Driver,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    if is_driver_container(build) {
        return;
    }
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        for place in build.commands(stage) {
            if let Some(installer) = installer(place.run) {
                let finding =
                    sink.report(installer.span, "the installer of the driver puts it into the image");
                explain(finding);
            }
            let Some(install) = system::install(place.run) else { continue };
            for package in install.packages.iter().filter(|package| is_driver(package, install.manager)) {
                report(&context.file.text, package, &install, sink);
            }
        }
    }
}

/// `sh NVIDIA-Linux-x86_64-535.129.03.run`, when it does more than unpack.
fn installer(run: &Run) -> Option<&Argument> {
    let args = proper(run);
    let is_installer = |arg: &&Argument| {
        let name = arg.known().rsplit('/').next().unwrap_or("");
        name.starts_with("NVIDIA-Linux-") && name.ends_with(".run")
    };
    let unpacks = |arg: &Argument| matches!(arg.known(), "-x" | "--extract-only" | "--check" | "--info");
    let place = match base_name(args.first()?) {
        "sh" | "bash" => args.get(1..)?.iter().find(is_installer),
        _ => args.first().filter(is_installer),
    };
    place.filter(|_| !args.iter().any(unpacks) && !run.flow.conditional)
}

/// Images whose very purpose is to bring the driver to a node, and whole machines in an image.
fn is_driver_container(build: &Build) -> bool {
    let names_driver =
        |text: &str| text.contains("driver") || text.contains("dind") || text.contains("systemd");
    build.stages.iter().any(|stage| {
        build
            .root_image(stage)
            .is_some_and(|image| names_driver(&image.name.repository) || image.name.last() == "docker")
    }) || build.document.instructions.iter().any(|instruction| {
        use crate::dockerfile::Keyword;
        matches!(instruction.keyword, Keyword::Entrypoint | Keyword::Cmd)
            && ["nvidia-driver", "/sbin/init", "systemd"]
                .iter()
                .any(|word| instruction.body.text().contains(word))
    })
}

fn is_driver(package: &Package<'_>, manager: Manager) -> bool {
    let name = package.name.as_str();
    let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    match manager {
        Manager::Pacman => matches!(name, "nvidia" | "nvidia-utils" | "nvidia-dkms" | "nvidia-open"),
        Manager::Apk => false,
        Manager::Apt | Manager::Dnf | Manager::Zypper => {
            begins(&[
                "nvidia-driver",
                "nvidia-utils-",
                "nvidia-compute-utils-",
                "nvidia-headless-",
                "nvidia-dkms-",
                "nvidia-kernel-",
                "cuda-drivers",
                "xserver-xorg-video-nvidia",
                "libnvidia-compute-",
                "akmod-nvidia",
                "kmod-nvidia",
                "nvidia-open",
                "xorg-x11-drv-nvidia",
            ]) || matches!(name, "nvidia-smi" | "libcuda1" | "libnvidia-ml1")
                || numbered("nvidia-")
        }
    }
}

fn report(text: &str, package: &Package<'_>, install: &Install<'_>, sink: &mut Sink) {
    let name = &package.name;
    let finding = sink.report(package.arg.span, format!("`{name}` puts the driver into the image"));
    explain(finding);
    let others = install.packages.iter().filter(|other| !is_driver(other, install.manager)).count();
    if package.arg.exact && others > 0 {
        finding.fix(Fix::needs_review(format!("remove `{name}`"), edit::remove_word(text, package.arg.span)));
    }
}

fn explain(finding: &mut Finding) {
    finding.label("belongs on the host");
    finding.note("the container gets the host's driver at start; a second one in the image meets it: `Failed to initialize NVML: Driver/library version mismatch`, or on WSL2 `mount error: file creation failed: ... libnvidia-ml.so.1: file exists`");
    finding.help(
        "leave it out: `--gpus`, a CDI device or the device plugin brings libraries and nvidia-smi along",
    );
}
