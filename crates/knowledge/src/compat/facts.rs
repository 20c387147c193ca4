//! What the tables say of each subject by itself.

use super::Fact;
use super::subject::{Build, Image, Library, Package, Subjects};
use crate::image::{Flavour, Verdict};
use crate::{
    Capability, Cuda, Numbers, Row, Source, cuda, cudnn, driver, gpu, image, tensorflow, torch, wheel,
};

/// The facts about all subjects.
pub(super) fn all(subjects: &Subjects) -> Vec<Fact> {
    let mut out = Vec::new();
    if let Some(numbers) = &subjects.driver {
        of_driver(numbers, &mut About::new(format!("driver {numbers}"), &mut out));
    }
    if let Some((name, capability)) = &subjects.gpu {
        of_gpu(*capability, &mut About::new(name.clone(), &mut out));
    }
    if let Some(image) = &subjects.image {
        of_image(image, &mut About::new(image.reference.clone(), &mut out));
    }
    if let Some(package) = &subjects.package {
        of_package(package, &mut About::new(package.name.clone(), &mut out));
    }
    out
}

/// Adds facts about one subject.
struct About<'a> {
    about: String,
    out: &'a mut Vec<Fact>,
}

impl<'a> About<'a> {
    fn new(about: String, out: &'a mut Vec<Fact>) -> Self {
        Self { about, out }
    }

    fn say(&mut self, text: String, source: Option<Source>) {
        self.out.push(Fact { about: self.about.clone(), text, source });
    }
}

fn of_driver(numbers: &Numbers, about: &mut About<'_>) {
    if let Some(branch) = driver::branch_of(numbers.first()) {
        let end = branch.end.map_or(String::new(), |end| format!(", maintained until {end}"));
        about.say(format!("{}{end}", branch.kind.words()), Some(branch.source()));
    }
    let Some((full, minor)) = driver::reach(numbers.first()) else { return };
    let source = cuda::releases().first().map(Row::source);
    about.say(format!("has all features of CUDA {full} and older"), source);
    if minor > full {
        let text =
            format!("starts programs built with CUDA up to {}.x (minor version compatibility)", minor.major);
        about.say(text, cuda::family(minor).map(Row::source));
    }
    let runs = torch::releases().iter().rev().find_map(|release| {
        let build = release
            .builds
            .iter()
            .rev()
            .find(|build| Cuda::parse(build).is_some_and(|cuda| cuda.major <= minor.major))?;
        Some((release, build))
    });
    if let Some((release, build)) = runs {
        let (major, minor) = release.version;
        about.say(
            format!("newest torch of the tables with a build for it: {major}.{minor} ({build})"),
            Some(release.source),
        );
    }
    wheels_for(minor, about);
}

/// The newest release of each package whose CUDA family starts on a driver.
fn wheels_for(newest: Cuda, about: &mut About<'_>) {
    for package in wheel::packages() {
        let own = wheel::wheels().iter().filter(|wheel| wheel.package == package);
        if let Some(wheel) = own.filter(|wheel| wheel.family <= newest.major).max_by_key(|wheel| wheel.last) {
            let ((major, minor), cuda) = (wheel.last, wheel.cuda_words());
            let text =
                format!("newest {package} of the tables that starts on it: {major}.{minor} (CUDA {cuda})");
            about.say(text, Some(wheel.source));
        }
    }
}

fn of_gpu(capability: Capability, about: &mut About<'_>) {
    let group = gpu::GROUPS.iter().find(|group| group.capability == capability);
    if let Some(group) = group {
        about.say(
            format!("{} architecture, compute capability {capability}", group.architecture),
            Some(group.source()),
        );
    }
    let Some(support) = gpu::support(capability) else { return };
    let mut text = format!("CUDA has code for it since {}", support.first);
    if let Some(last) = support.last_family {
        text.push_str(&format!(", last with {last}.x"));
    }
    about.say(text, Some(support.source()));
    if let Some(driver) = cuda::own_driver(support.first) {
        let last = support
            .last_driver
            .map_or(String::new(), |last| format!("; the last branch that drives it is {last}"));
        about.say(format!("CUDA {} came with driver {driver}{last}", support.first), Some(support.source()));
    }
    let first =
        torch::ARCHITECTURES.iter().filter(|row| row.code.iter().any(|code| code.code_runs_on(capability)));
    if let Some(row) = first.min_by_key(|row| row.since) {
        let (major, minor) = row.since;
        about.say(
            format!(
                "torch wheels run on it from {major}.{minor} with {} on, as far as the tables go",
                row.build
            ),
            Some(row.source),
        );
    }
    for package in wheel::packages() {
        let own = wheel::wheels().iter().filter(|wheel| wheel.package == package);
        let fits = |wheel: &&wheel::Wheel| wheel.oldest.is_some_and(|oldest| oldest <= capability);
        if let Some(wheel) = own.filter(fits).max_by_key(|wheel| wheel.last) {
            let (major, minor) = wheel.last;
            about.say(format!("newest {package} of the tables for it: {major}.{minor}"), Some(wheel.source));
        }
    }
}

fn of_image(image: &Image, about: &mut About<'_>) {
    about.say(format!("CUDA {}", image.cuda), None);
    match &image.verdict {
        Verdict::Missing { reason, source, instead } => {
            let instead = instead.as_ref().map_or(String::new(), |tag| format!("; nvidia/cuda:{tag} exists"));
            about.say(format!("there is no such tag: {reason}{instead}"), Some(*source));
        }
        Verdict::Plausible => of_update(image, about),
        Verdict::Unknown => about.say("the tag has words that the tables do not know".into(), None),
    }
    let holds = match image.tag.flavour {
        Some(Flavour::Base) => "holds the CUDA runtime library only: no math libraries, no compiler",
        Some(Flavour::Runtime) => "holds the math libraries and NCCL: no compiler",
        Some(Flavour::Devel) => "holds the compiler, headers and libraries",
        None => return driver_floor(image.cuda, about),
    };
    let cudnn = cudnn::in_image(&image.tag)
        .map_or(String::new(), |major| format!(", with cuDNN {major} (`{}`)", cudnn::library(major)));
    about.say(format!("{holds}{cudnn}"), None);
    driver_floor(image.cuda, about);
}

fn of_update(image: &Image, about: &mut About<'_>) {
    let Some(last) = image::last_update(image.cuda) else { return };
    let newer = Numbers::parse(last.version).is_some_and(|last| last > image.tag.version);
    if newer {
        about.say(format!("{} is the last update of this release", last.version), Some(last.source()));
    }
}

/// Which drivers a CUDA release asks for.
fn driver_floor(version: Cuda, about: &mut About<'_>) {
    if let Some(driver) = cuda::own_driver(version) {
        let source = cuda::releases().first().map(Row::source);
        about.say(format!("all features from driver {driver} on"), source);
    }
    family_floor(version.major, about);
}

/// Which drivers a CUDA family asks for.
fn family_floor(major: u16, about: &mut About<'_>) {
    if let Some(family) = cuda::FAMILIES.iter().find(|family| family.major == major) {
        let text = format!("starts from driver {} on (minor version compatibility)", family.floor);
        about.say(text, Some(family.source()));
    }
}

fn of_package(package: &Package, about: &mut About<'_>) {
    let source = match package.library {
        Library::Torch => {
            torch::releases().iter().find(|row| row.version == package.version).map(Row::source)
        }
        Library::TensorFlow => {
            tensorflow::RELEASES.iter().find(|row| row.version == package.version).map(Row::source)
        }
        Library::Other(wheel) => Some(wheel.source),
    };
    if !package.others.is_empty() {
        about.say(format!("builds on the project's indexes: {}", package.others.join(", ")), source);
    }
    if package.brings_cuda {
        about.say("CUDA's libraries come with it as packages".into(), source);
    } else {
        let cudnn = package.cudnn.map_or(String::new(), |major| format!(" and `{}`", cudnn::library(major)));
        about.say(format!("loads CUDA's libraries{cudnn} from the image"), source);
    }
    if let Library::Other(wheel::Wheel { oldest: Some(oldest), .. }) = package.library {
        about.say(format!("for GPUs of compute capability {oldest} or newer"), source);
    }
    match package.build {
        Build::For(version) => {
            about.say(format!("built with CUDA {version}"), source);
            driver_floor(version, about);
        }
        Build::Absent(version) => {
            let text = format!(
                "there is no {} build: pip ends with `No matching distribution found`",
                version.suffix()
            );
            about.say(text, source);
        }
        Build::Family(major) => {
            about.say(format!("built with CUDA {major}.x"), source);
            family_floor(major, about);
        }
        Build::Unknown => about.say("the CUDA of a plain install is not in the tables".into(), None),
    }
}
