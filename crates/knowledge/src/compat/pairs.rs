//! The verdict on each pair of subjects.

use super::subject::{Build, Image, Library, Package, Subjects};
use super::{Judgement, Verdict};
use crate::cuda::Fit;
use crate::image::Flavour;
use crate::{Capability, Cuda, Numbers, Row, Source, cuda, cudnn, gpu, image, torch};

/// What a pair comes to: verdict, reason, source.
type Found = (Verdict, String, Option<Source>);

/// The verdicts on all pairs that can be judged.
pub(super) fn all(subjects: &Subjects) -> Vec<Judgement> {
    let mut out = Vec::new();
    let mut judge = |one: &str, other: &str, (verdict, reason, source): Found| {
        out.push(Judgement { one: one.to_owned(), other: other.to_owned(), verdict, reason, source });
    };
    let driver = subjects.driver.as_ref().map(|numbers| (format!("driver {numbers}"), numbers));
    if let (Some((name, numbers)), Some((gpu, capability))) = (&driver, &subjects.gpu) {
        judge(gpu, name, driver_and_gpu(numbers, *capability));
    }
    if let Some(image) = &subjects.image {
        if let image::Verdict::Missing { reason, source, .. } = &image.verdict {
            let text = format!("{reason}: `manifest unknown`");
            judge(&image.reference, "registry", (Verdict::DoesNotRun, text, Some(*source)));
        }
        if let Some((name, numbers)) = &driver {
            judge(&image.reference, name, cuda_and_driver(image.cuda, numbers));
        }
        if let Some((gpu, capability)) = &subjects.gpu {
            judge(&image.reference, gpu, cuda_and_gpu(image.cuda, *capability));
        }
    }
    if let Some(package) = &subjects.package {
        if let Build::Absent(version) = package.build {
            let text = format!("there is no {} build: `No matching distribution found`", version.suffix());
            judge(&package.name, "index", (Verdict::DoesNotRun, text, None));
        }
        if let Some((name, numbers)) = &driver {
            judge(&package.name, name, package_and_driver(package, numbers));
        }
        if let Some((gpu, capability)) = &subjects.gpu {
            judge(&package.name, gpu, package_and_gpu(package, *capability));
        }
        if let Some(image) = &subjects.image {
            judge(&package.name, &image.reference, package_and_image(package, image));
        }
    }
    out
}

fn unknown(reason: impl Into<String>) -> Found {
    (Verdict::CannotTell, reason.into(), None)
}

fn cuda_and_driver(version: Cuda, driver: &Numbers) -> Found {
    let Some(fit) = cuda::fit(version, driver) else {
        return unknown(format!("CUDA {version} is not in the tables"));
    };
    let own = cuda::own_driver(version).unwrap_or("");
    let source = cuda::family(version).map(Row::source).or_else(|| cuda::releases().first().map(Row::source));
    match fit {
        Fit::Full => (
            Verdict::Runs,
            format!("the driver is as new as that of CUDA {version} ({own}) or newer"),
            source,
        ),
        Fit::MinorVersion => {
            let text = format!(
                "starts through minor version compatibility; PTX that needs compiling, features newer than the \
                 driver, and an image's NVIDIA_REQUIRE_CUDA may refuse it (all of it works from {own} on)"
            );
            (Verdict::RunsWithLimits, text, source)
        }
        Fit::TooOld => {
            let floor = cuda::family(version).map_or(own, |family| family.floor);
            let text = format!(
                "CUDA {version} needs driver {floor} or newer: `CUDA driver version is insufficient for CUDA \
                 runtime version`"
            );
            (Verdict::DoesNotRun, text, source)
        }
    }
}

fn cuda_and_gpu(version: Cuda, gpu: Capability) -> Found {
    let Some(support) = gpu::support(gpu) else {
        return unknown(format!("capability {gpu} is not in the tables"));
    };
    let source = Some(support.source());
    if let Some(last) = support.last_family.filter(|last| version.major > *last) {
        let text = format!(
            "the last CUDA with code for capability {gpu} is {last}.x: `no kernel image is available`"
        );
        return (Verdict::DoesNotRun, text, source);
    }
    let binary = |row: &&cuda::Target| row.since <= version && row.capability.code_runs_on(gpu);
    if version >= support.first || cuda::TARGETS.iter().any(|row| binary(&row)) {
        return (Verdict::Runs, format!("CUDA {version} has code that runs on capability {gpu}"), source);
    }
    let text = format!(
        "CUDA {version} is older than the first with code for capability {gpu} ({}): only programs with PTX start, \
         and its nvcc says `Unsupported gpu architecture`",
        support.first
    );
    (Verdict::RunsWithLimits, text, source)
}

fn driver_and_gpu(driver: &Numbers, gpu: Capability) -> Found {
    let Some(support) = gpu::support(gpu) else {
        return unknown(format!("capability {gpu} is not in the tables"));
    };
    let source = Some(support.source());
    if let Some(last) = support.last_driver.filter(|last| driver.first() > *last) {
        return (
            Verdict::DoesNotRun,
            format!("the last branch that drives capability {gpu} is {last}"),
            source,
        );
    }
    let oldest = cuda::releases().first().filter(|row| support.first < row.version).map(|row| row.driver);
    let Some(first) = cuda::own_driver(support.first).or(oldest).and_then(Numbers::parse) else {
        return unknown("the first driver for it is not in the tables");
    };
    if driver.first() >= first.first() {
        return (
            Verdict::Runs,
            format!("capability {gpu} is supported from branch {} on", first.first()),
            source,
        );
    }
    if gpu.major >= 10 {
        let text =
            format!("Blackwell is supported from branch {} on: `No devices were found`", first.first());
        return (Verdict::DoesNotRun, text, source);
    }
    unknown(format!("the driver is older than that of the first CUDA for capability {gpu} ({first})"))
}

fn package_and_driver(package: &Package, driver: &Numbers) -> Found {
    match package.build {
        Build::For(version) | Build::Absent(version) => cuda_and_driver(version, driver),
        Build::Family(major) => family_and_driver(major, driver),
        Build::Unknown => unknown("the CUDA of a plain install is not in the tables"),
    }
}

/// Programs of a family of which the release is not known.
fn family_and_driver(major: u16, driver: &Numbers) -> Found {
    let own = cuda::releases().iter().filter(|row| row.version.major == major).map(|row| row.version);
    let Some(last) = own.max() else {
        return unknown(format!("CUDA {major}.x is not in the tables"));
    };
    let source = cuda::family(last).map(Row::source).or_else(|| cuda::releases().first().map(Row::source));
    match cuda::fit(last, driver) {
        Some(Fit::Full) => {
            let text = format!("the driver is as new as the last release of CUDA {major}.x, or newer");
            (Verdict::Runs, text, source)
        }
        Some(Fit::MinorVersion) => {
            let text = format!(
                "the driver starts programs of CUDA {major}.x; whether all features work depends on the release that it \
                 was built with"
            );
            (Verdict::RunsWithLimits, text, source)
        }
        Some(Fit::TooOld) => {
            let floor = cuda::family(last).map_or("", |family| family.floor);
            let text = format!(
                "CUDA {major}.x needs driver {floor} or newer: `CUDA driver version is insufficient for CUDA runtime \
                 version`"
            );
            (Verdict::DoesNotRun, text, source)
        }
        None => unknown(format!("CUDA {major}.x is not in the tables")),
    }
}

/// Whether an image has the libraries that a package loads.
fn package_and_image(package: &Package, image: &Image) -> Found {
    if package.brings_cuda {
        let text = "its CUDA libraries come with it as packages: those of the image are not used";
        return (Verdict::Runs, text.to_owned(), None);
    }
    let source = match package.library {
        Library::Other(wheel) => Some(wheel.source),
        Library::Torch | Library::TensorFlow => None,
    };
    let family = match package.build {
        Build::For(version) | Build::Absent(version) => version.major,
        Build::Family(major) => major,
        Build::Unknown => return unknown("the CUDA of a plain install is not in the tables"),
    };
    let fails = |library: String| {
        let text = format!("`{library}: cannot open shared object file`: it then runs on the CPU");
        (Verdict::DoesNotRun, text, source)
    };
    if image.cuda.major != family {
        return fails(format!("libcublasLt.so.{family}"));
    }
    match image.tag.flavour {
        Some(Flavour::Base) => return fails(format!("libcublasLt.so.{family}")),
        None => return unknown("what the image holds is not in the tables"),
        Some(Flavour::Runtime | Flavour::Devel) => {}
    }
    match (package.cudnn, cudnn::in_image(&image.tag)) {
        (Some(wanted), found) if found != Some(wanted) => fails(cudnn::library(wanted)),
        _ => (Verdict::Runs, "the image has the libraries that it loads".to_owned(), source),
    }
}

fn package_and_gpu(package: &Package, gpu: Capability) -> Found {
    if let Library::Other(wheel) = package.library
        && let Some(oldest) = wheel.oldest.filter(|oldest| gpu < *oldest)
    {
        let text = format!("it is for GPUs of compute capability {oldest} or newer");
        return (Verdict::DoesNotRun, text, Some(wheel.source));
    }
    let version = match package.build {
        Build::For(version) => version,
        Build::Family(major) => return family_and_gpu(major, gpu),
        Build::Absent(_) | Build::Unknown => return unknown("the build is not in the tables"),
    };
    let by_toolkit = cuda_and_gpu(version, gpu);
    if by_toolkit.0 == Verdict::DoesNotRun {
        return by_toolkit;
    }
    let list = match package.library {
        Library::Torch => torch::runs_on(package.version, &version.suffix(), gpu),
        Library::TensorFlow | Library::Other(_) => None,
    };
    let source = torch::ARCHITECTURES.first().map(Row::source);
    match list {
        Some(true) => (
            Verdict::Runs,
            format!("the {} wheel has code that runs on capability {gpu}", version.suffix()),
            source,
        ),
        Some(false) => {
            let text = format!(
                "the {} wheel has no code for capability {gpu}: `no kernel image is available for execution on the \
                 device`",
                version.suffix()
            );
            (Verdict::DoesNotRun, text, source)
        }
        None => unknown("which code the wheel holds is not in the tables"),
    }
}

/// What a family says of a GPU whatever the release.
fn family_and_gpu(major: u16, gpu: Capability) -> Found {
    match gpu::support(gpu) {
        Some(support) if support.last_family.is_some_and(|last| major > last) => {
            cuda_and_gpu(Cuda::new(major, 0), gpu)
        }
        _ => unknown("which code the wheel holds is not in the tables"),
    }
}
