//! Device ids on machines with MIG, in WSL, and on machines whose nodes are missing.

use driver::{Driver, Gpu, Mig, Node, Platform};
use inject::{Ask, Target, select};

fn node(path: &str) -> Option<Node> {
    Some(Node { path: path.into(), major: 195, ..Node::default() })
}

/// GPU 0 whole, GPU 1 in two MIG devices, GPU 2 in MIG mode without any.
fn mixed() -> Driver {
    let mig = |index, uuid: &str, gpu_instance, compute_instance| Mig {
        index,
        uuid: Some(uuid.into()),
        gpu_instance,
        compute_instance,
        ..Mig::default()
    };
    let gpu = |minor: u32, mig: Vec<Mig>, mig_enabled| Gpu {
        uuid: Some(format!("GPU-{minor}")),
        minor,
        node: node(&format!("/dev/nvidia{minor}")),
        mig,
        mig_enabled,
        ..Gpu::default()
    };
    let gpus = vec![
        gpu(0, Vec::new(), false),
        gpu(1, vec![mig(0, "MIG-a", 1, 0), mig(1, "MIG-b", 9, 2)], true),
        gpu(2, Vec::new(), true),
    ];
    Driver { version: Some("580.95.05".into()), gpus, ..Driver::default() }
}

/// Positions of a GPU and of a MIG device of it.
type Place = (usize, Option<usize>);

fn targets(id: &str, driver: &Driver) -> Result<Vec<Place>, String> {
    let found = select(&Ask::of_list([id]), driver);
    let pair = |target: Target| (target.gpu, target.mig);
    found.map(|targets| targets.into_iter().map(pair).collect()).map_err(|failure| failure.line())
}

#[test]
fn mig_devices_have_many_names() {
    let table: [(&str, &[Place]); 9] = [
        ("all", &[(0, None), (1, Some(0)), (1, Some(1))]),
        ("1:0", &[(1, Some(0))]),
        ("1:1", &[(1, Some(1))]),
        ("mig-B", &[(1, Some(1))]),
        ("MIG-GPU-1/9/2", &[(1, Some(1))]),
        ("MIG-gpu-1/1/0", &[(1, Some(0))]),
        ("1", &[(1, None)]),
        ("2", &[(2, None)]),
        ("GPU-0", &[(0, None)]),
    ];
    for (id, expected) in table {
        assert_eq!(targets(id, &mixed()), Ok(expected.to_vec()), "{id}");
    }
}

#[test]
fn wrong_names_of_mig_devices_say_what_there_is() {
    for (id, expected) in [
        ("1:2", "GPU 1 has MIG devices 1:0, 1:1"),
        ("0:0", "GPU 0 has no MIG devices"),
        ("MIG-GPU-1/9/0", "no MIG device 9/0 on GPU 1: it has 1/0, 9/2"),
        ("MIG-GPU-0/9/0", "it has none"),
        ("MIG-GPU-7/9/0", "no GPU with UUID GPU-7"),
        ("MIG-GPU-1/9", "not a valid UUID or index"),
        ("MIG-GPU-1/9/2/1", "not a valid UUID or index"),
        ("MIG-GPU-1/x/2", "not a valid UUID or index"),
        ("MIG-z", "no MIG device with UUID MIG-z: this machine has MIG-a, MIG-b"),
    ] {
        let failure = targets(id, &mixed()).expect_err(id);
        assert!(failure.contains(expected), "{id}: {failure}");
    }
}

#[test]
fn in_wsl_one_node_is_the_way_to_every_gpu() {
    let gpus = vec![Gpu { node: node("/dev/dxg"), ..Gpu::default() }];
    let wsl = Driver { platform: Platform::Wsl, version: Some("580".into()), gpus, ..Driver::default() };
    for id in ["all", "0", "3", "GPU-7d04f6c1-93a2-4b0e-8f5c-2a6b1c3d4e55"] {
        assert_eq!(targets(id, &wsl), Ok(vec![(0, None)]), "{id}");
    }
    assert!(targets("rubbish", &wsl).is_err());
}

#[test]
fn a_machine_without_any_node_refuses() {
    let mut driver = mixed();
    driver.gpus.iter_mut().for_each(|gpu| gpu.node = None);
    for id in ["all", "0"] {
        let failure = targets(id, &driver).expect_err(id);
        assert!(failure.contains("device node"), "{id}: {failure}");
    }
    driver.gpus[1].node = node("/dev/nvidia1");
    assert_eq!(targets("all", &driver), Ok(vec![(1, Some(0)), (1, Some(1))]), "one is better than none");
}
