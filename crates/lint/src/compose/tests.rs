//! Tests of the Compose model.

use super::{Compose, Place, interpolate, references};
use crate::file::{File, Files};

fn read(text: &str) -> Compose {
    Compose::read(&File::new("compose.yaml", text), &Files::new(&[]), &[])
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
    let compose = Compose::read(&files[0], &Files::indexed(&files, &index), &[]);
    let services = compose.services();
    let gpus = |at: usize| services[at].parts().iter().filter(|part| !part.requests().is_empty()).count();
    assert_eq!((gpus(0), gpus(1), gpus(2)), (1, 1, 0));
    assert_eq!(services[1].parts().len(), 2);
    let partial: Vec<bool> = services.iter().map(super::Service::is_partial).collect();
    assert_eq!(partial, [false, false, false, true]);
    assert_eq!(references(&files[0]), ["base.yaml", "a/gone.yaml"]);
    let included =
        File::new("compose.yaml", "include:\n  - one.yaml\n  - path: [two.yaml, \"${X:-three.yaml}\"]\n");
    assert_eq!(references(&included), ["one.yaml", "two.yaml", "three.yaml"]);
}

/// Services of the first file as Compose makes them of all files: name, key path, text of the value
/// (items of a list joined), or `-` where there is nothing.
fn check_merged(files: &[(&str, &str)], order: &[&str], expected: &[(&str, &str, &str)]) {
    let list: Vec<File> = files.iter().map(|(path, text)| File::new(*path, *text)).collect();
    let index = crate::Index::of(&list);
    let order: Vec<String> = order.iter().map(|path| (*path).to_owned()).collect();
    let compose = Compose::read(&list[0], &Files::indexed(&list, &index), &order);
    for (name, path, value) in expected {
        let service = compose.services().into_iter().find(|service| service.name == *name).expect(name);
        let keys: Vec<&str> = path.split('.').collect();
        let found = service.whole().node.at_path(&keys).map_or("-".to_owned(), |view| {
            let texts = if view.is_sequence() { view.items() } else { vec![view] };
            texts.iter().map(|view| view.text().unwrap_or("{}")).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found, *value, "{name} {path} in {files:?}");
    }
}

#[test]
fn services_are_merged_as_compose_does() {
    const BASE: &str = "services:\n  a:\n    image: one\n    command: [serve, --tp, 2]\n    environment: {A: 1, B: }\n    \
        ports: [80]\n    deploy: {resources: {limits: {memory: 1g}, reservations: {devices: [{driver: nvidia}]}}}\n";
    let over = |text: &str| format!("services:\n  a:\n{text}");
    // The override file by its name, in either direction.
    check_merged(
        &[("x/compose.yaml", BASE), ("x/compose.override.yml", &over("    image: two\n    ports: [81]\n"))],
        &[],
        &[("a", "image", "two"), ("a", "ports", "80 81"), ("a", "command", "serve --tp 2")],
    );
    check_merged(
        &[
            (
                "docker-compose.override.yml",
                &over(
                    "    command: run\n    environment: [A=2]\n    deploy: {resources: {limits: {memory: 2g}}}\n",
                ),
            ),
            ("docker-compose.yml", BASE),
        ],
        &[],
        &[
            ("a", "command", "run"),
            ("a", "environment", "A=1 B A=2"),
            ("a", "deploy.resources.limits.memory", "2g"),
            ("a", "deploy.resources.reservations.devices", "{}"),
        ],
    );
    // Tags: what is reset is gone, what overrides is not merged.
    check_merged(
        &[
            ("compose.yaml", BASE),
            (
                "compose.override.yaml",
                &over(
                    "    ports: !override [90]\n    command: !reset null\n    deploy: {resources: {reservations: !reset {}}}\n",
                ),
            ),
        ],
        &[],
        &[
            ("a", "ports", "90"),
            ("a", "command", "-"),
            ("a", "deploy.resources.reservations", "-"),
            ("a", "deploy.resources.limits.memory", "1g"),
        ],
    );
    // Any other file only when the user says so, in that order.
    let others =
        [("compose.yaml", BASE), ("gpu.compose.yaml", "services: {a: {image: three, shm_size: 8g}}")];
    check_merged(&others, &[], &[("a", "image", "one"), ("a", "shm_size", "-")]);
    check_merged(
        &others,
        &["compose.yaml", "./gpu.compose.yaml"],
        &[("a", "image", "three"), ("a", "shm_size", "8g")],
    );
    check_merged(
        &others,
        &["gpu.compose.yaml", "compose.yaml"],
        &[("a", "image", "one"), ("a", "shm_size", "8g")],
    );
}

#[test]
fn what_is_extended_comes_from_included_files_too() {
    check_merged(
        &[
            (
                "a/compose.yaml",
                "include:\n  - path: [../b/one.yaml, ../b/two.yaml]\nservices:\n  x:\n    extends: y\n    ipc: host\n",
            ),
            (
                "b/one.yaml",
                "services:\n  y:\n    image: i\n    shm_size: 1g\n    extends: {service: z, file: three.yaml}\n",
            ),
            ("b/two.yaml", "services: {y: {shm_size: 2g}}"),
            ("b/three.yaml", "services: {z: {init: true, image: j}}"),
        ],
        &[],
        &[("x", "ipc", "host"), ("x", "shm_size", "2g"), ("x", "image", "i"), ("x", "init", "true")],
    );
    // Services that extend each other, and a chain that is too long, end.
    let ring = "services: {a: {extends: b, image: i}, b: {extends: a, ipc: host}}";
    check_merged(&[("compose.yaml", ring)], &[], &[("a", "image", "i"), ("a", "ipc", "host")]);
    let chain: String = (0..200).map(|n| format!("  s{n}: {{extends: s{}, image: i}}\n", n + 1)).collect();
    let compose = read(&format!("services:\n{chain}"));
    assert!(compose.services()[0].is_partial());
}
