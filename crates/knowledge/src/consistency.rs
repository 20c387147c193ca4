//! Holds rows against each other: sources, dates, order, and facts that stand in two tables.

use crate::{
    Capability, Cuda, Numbers, Row, cuda, cudnn, driver, engine, escape, gpu, image, tensorflow, torch, wheel,
};

fn rows() -> Vec<&'static dyn Row> {
    let mut out: Vec<&'static dyn Row> = Vec::new();
    fn add<T: Row>(out: &mut Vec<&'static dyn Row>, table: &'static [T]) {
        out.extend(table.iter().map(|row| row as &dyn Row));
    }
    add(&mut out, cuda::RELEASES);
    add(&mut out, cuda::FAMILIES);
    add(&mut out, cuda::TARGETS);
    add(&mut out, driver::BRANCHES);
    add(&mut out, gpu::GROUPS);
    add(&mut out, gpu::SUPPORT);
    add(&mut out, image::DELETED);
    add(&mut out, image::SYSTEM_SPANS);
    add(&mut out, image::LAST_UPDATES);
    add(&mut out, image::CUDNN_TAGS);
    add(&mut out, image::SYSTEM_ENDS);
    add(&mut out, torch::RELEASES);
    add(&mut out, torch::ARCHITECTURES);
    add(&mut out, torch::ASKING);
    add(&mut out, tensorflow::RELEASES);
    add(&mut out, cudnn::SPANS);
    add(&mut out, wheel::WHEELS);
    add(&mut out, engine::FEATURES);
    add(&mut out, escape::ESCAPES);
    out
}

#[test]
fn rows_have_a_source_and_a_day() {
    for row in rows() {
        let source = row.source();
        assert!(!source.document.is_empty(), "{}", row.subject());
        let parts: Vec<u32> = source.date.split('-').map(|part| part.parse().unwrap()).collect();
        let [year, month, day] = parts[..] else { panic!("{}: {}", row.subject(), source.date) };
        assert!((2020..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day));
    }
}

#[test]
fn no_table_says_a_thing_twice() {
    let mut subjects: Vec<(String, &str)> =
        rows().iter().map(|row| (row.subject(), row.source().document)).collect();
    subjects.sort();
    assert!(subjects.windows(2).all(|pair| pair[0] != pair[1]), "{subjects:#?}");
}

#[test]
fn drivers_rise_with_releases() {
    let numbers: Vec<(Cuda, u16, Numbers)> = cuda::RELEASES
        .iter()
        .map(|row| (row.version, row.update, Numbers::parse(row.driver).unwrap()))
        .collect();
    for pair in numbers.windows(2) {
        assert!((pair[0].0, pair[0].1) < (pair[1].0, pair[1].1), "{pair:?}");
        assert!(pair[0].2 < pair[1].2, "{pair:?}");
    }
}

#[test]
fn a_family_starts_with_its_first_release() {
    for family in cuda::FAMILIES {
        let first = cuda::RELEASES.iter().find(|row| row.version.major == family.major).unwrap();
        let (floor, own) = (Numbers::parse(family.floor).unwrap(), Numbers::parse(first.driver).unwrap());
        assert_eq!(floor.first(), own.first(), "CUDA {}.x", family.major);
    }
}

#[test]
fn compiler_and_matrix_agree_on_capabilities() {
    for target in cuda::TARGETS {
        if let Some(support) = gpu::support(target.capability) {
            assert_eq!(support.first, target.since, "{}", target.capability);
        }
    }
    for support in gpu::SUPPORT {
        let ended =
            cuda::FAMILIES.iter().filter(|family| support.capability < family.oldest).map(|f| f.major).min();
        assert_eq!(support.last_family, ended.map(|major| major - 1), "{}", support.capability);
    }
    for group in gpu::GROUPS
        .iter()
        .filter(|group| ![(7, 2), (6, 2)].map(|(a, b)| Capability::new(a, b)).contains(&group.capability))
    {
        assert!(gpu::support(group.capability).is_some(), "{} has GPUs and no support row", group.capability);
    }
}

#[test]
fn wheels_are_built_with_releases_that_exist() {
    for release in torch::RELEASES {
        for build in release.builds {
            let version = Cuda::parse(build).unwrap();
            assert!(cuda::is_known(version), "torch {:?}: {build}", release.version);
            assert!(!torch::never_existed(build), "{build} is said to exist and not to exist");
        }
        if let Some(default) = release.default {
            assert!(release.builds.contains(&default.suffix().as_str()), "torch {:?}", release.version);
        }
    }
    assert!(torch::RELEASES.windows(2).all(|pair| pair[0].version < pair[1].version));
    for row in tensorflow::RELEASES {
        assert!(cuda::is_known(row.cuda), "tensorflow {:?}", row.version);
    }
}

#[test]
fn wheels_agree_with_cuda_and_cudnn() {
    for row in wheel::WHEELS {
        let name = row.subject();
        assert!(row.first <= row.last, "{name}");
        assert!(row.cuda.is_none_or(|cuda| cuda.major == row.family && cuda::is_known(cuda)), "{name}");
        assert!(cuda::FAMILIES.iter().any(|family| family.major == row.family), "{name}");
        if let Some((major, span)) = row.cudnn.zip(cudnn::span(row.family)) {
            assert!((span.first.0..=span.last.0).contains(&major), "{name}: cuDNN {major}");
        }
    }
    for (index, row) in wheel::WHEELS.iter().enumerate() {
        let mut others = wheel::WHEELS[..index].iter().filter(|other| other.package == row.package);
        assert!(others.all(|other| other.last < row.first), "{}: told twice", row.subject());
    }
    for row in tensorflow::RELEASES.iter().filter(|row| row.version >= (2, 12)) {
        let span = cudnn::span(row.cuda.major).unwrap();
        assert!(span.first <= row.cudnn && row.cudnn <= span.last, "{}: {:?}", row.subject(), row.cudnn);
    }
}

#[test]
fn wheels_hold_code_that_their_compiler_can_make() {
    for row in torch::ARCHITECTURES {
        let version = Cuda::parse(row.build).unwrap();
        for code in row.code {
            assert_ne!(cuda::can_target(version, *code), Some(false), "{} for {code}", row.build);
        }
    }
}

#[test]
fn no_deleted_release_is_a_last_update() {
    for row in image::LAST_UPDATES {
        let version = Numbers::parse(row.version).unwrap();
        for gone in image::DELETED {
            assert!(!version.0.starts_with(&Numbers::parse(gone.version).unwrap().0), "{}", row.version);
        }
        assert!(cuda::is_known(Cuda::parse(row.version).unwrap()), "{}", row.version);
    }
}

#[test]
fn branches_rise_and_end_after_they_began() {
    assert!(driver::BRANCHES.windows(2).all(|pair| pair[0].number < pair[1].number));
    for branch in driver::BRANCHES {
        if let Some(end) = branch.end {
            assert!(end.len() == 7 && end.as_bytes()[4] == b'-', "{end}");
        }
    }
}
