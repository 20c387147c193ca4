//! Tests of the Compose model.

use super::{Compose, Place, interpolate, references};
use crate::file::{File, Files};

fn read(text: &str) -> Compose {
    Compose::read(&File::new("compose.yaml", text), &Files::new(&[]))
}

#[test]
fn variables_become_their_defaults() {
    let cases = [
        ("plain", Some("plain")),
        ("${A:-x}", Some("x")),
        ("${A-x}/${B:-${C:-y}}", Some("x/y")),
        ("a$$b", Some("a$b")),
        ("${A:+x}z", Some("z")),
        ("${A}", None),
        ("$A", None),
        ("${A?no}", None),
        ("${A:?no}", None),
        ("${A:-x", None),
        ("100$", Some("100$")),
    ];
    for (text, expected) in cases {
        assert_eq!(interpolate(text).as_deref(), expected, "{text}");
    }
    assert_eq!(interpolate(&"${A:-".repeat(50)), None);
}

#[test]
fn services_answer() {
    let compose = read(
        "x-gpu: &gpu\n  deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu]}]}}}\n\
         services:\n  a:\n    <<: *gpu\n    image: reg:5000/x/y:${T:-1}@sha256:0\n    environment:\n      - A=1\n      - B\n\
         \x20 b:\n    <<: *gpu\n    build: ./b\n    gpus: all\n    command: serve --tp=${N:-2} ${M}\n  c:\n    extends: {service: a}\n",
    );
    let services = compose.services();
    let image = services[0].image().unwrap();
    assert_eq!((image.name.as_str(), image.tag.as_str()), ("reg:5000/x/y", "1"));
    assert_eq!(services[0].environment("A").unwrap().1.as_deref(), Some("1"));
    assert!(services[0].has_open_environment("B") && !services[0].has_open_environment("C"));
    assert_eq!(services[1].words(), ["serve", "--tp=2", ""]);
    assert_eq!(services[1].dockerfile().as_deref(), Some("./b/Dockerfile"));
    assert!(!services[0].is_partial() && !services[2].is_partial());
    let requests = compose.requests();
    assert_eq!(
        requests.iter().map(|request| request.place).collect::<Vec<_>>(),
        [Place::Deploy, Place::Gpus]
    );
    assert_eq!(requests[0].least(), Some(2));
}

#[test]
fn dockerfiles_are_references() {
    let file = File::new(
        "a/compose.yaml",
        "services:\n  x:\n    build: {context: .., dockerfile: gpu.Dockerfile}\n  y:\n    build: https://example.com/x.git\n",
    );
    assert_eq!(references(&file), ["gpu.Dockerfile"]);
}

#[test]
fn parts_come_from_other_services_and_files() {
    let files = [
        File::new(
            "a/compose.yaml",
            "services:\n  web:\n    extends: {service: base, file: ../base.yaml}\n  own:\n    extends: other\n  other: {image: x, shm_size: 8g}\n  lost:\n    image: y\n    extends: {service: base, file: gone.yaml}\n",
        ),
        File::new("base.yaml", "services:\n  base: {image: b, gpus: all}\n"),
        File::new("a/compose.gpu.yaml", "services:\n  own: {gpus: all}\n  cut: {deploy: !reset null}\n"),
    ];
    let index = crate::Index::of(&files);
    let compose = Compose::read(&files[0], &Files::indexed(&files, &index));
    let services = compose.services();
    let gpus = |at: usize| services[at].parts().iter().filter(|part| !part.requests().is_empty()).count();
    assert_eq!((gpus(0), gpus(1), gpus(2)), (1, 1, 0));
    assert_eq!(services[1].parts().len(), 3);
    let partial: Vec<bool> = services.iter().map(super::Service::is_partial).collect();
    assert_eq!(partial, [false, false, false, true]);
    assert_eq!(references(&files[0]), ["base.yaml", "a/gone.yaml"]);
    let included =
        File::new("compose.yaml", "include:\n  - one.yaml\n  - path: [two.yaml, \"${X:-three.yaml}\"]\n");
    assert_eq!(references(&included), ["one.yaml", "two.yaml", "three.yaml"]);
}
