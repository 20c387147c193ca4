//! Network cards and storage that reach the GPU's memory.

use crate::codes::*;
use crate::explain::Speaker::{Kernel, Library, Program};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "locked-memory",
        Program,
        &[
            "NCCL WARN Call to ibv_reg_mr* failed with error Cannot allocate memory",
            "NCCL WARN Call to ibv_create_cq failed",
            "NCCL WARN Call to ibv_create_qp failed with error Cannot allocate memory",
            "ibv_create_cq() failed: Cannot allocate memory",
            "ibv_create_cq() failed: Cannot allocate memory. Please set max locked memory",
            "ibv_reg_mr() failed: Cannot allocate memory",
            "Please set max locked memory (ulimit -l) to 'unlimited'",
        ],
        "a network card needs memory that stays in place, and this process may lock too little of it",
        &[
            from(
                "the container's limit for locked memory is 64 kB or 8 MB",
                "docker run --ulimit memlock=-1 --ulimit stack=67108864; in Kubernetes LimitMEMLOCK=infinity of containerd's service",
                &[],
            ),
            from("in Slurm: the limit of the login shell", "PropagateResourceLimitsExcept=MEMLOCK", &[]),
        ],
    ),
    symptom(
        "rdma-connect",
        Program,
        &["NCCL WARN Call to ibv_modify_qp failed", "UCX ERROR ibv_create_ah(", "UCX * ERROR ibv_create_ah"],
        "a network card (InfiniBand, RoCE) does not reach the card of the other machine",
        &[
            from(
                "another card is tried than the one that leads there",
                "ibv_devinfo in the container; NCCL_IB_HCA=mlx5_0, UCX_NET_DEVICES=mlx5_0:1",
                &[],
            ),
            from(
                "RoCE: another kind of address is used than the network routes",
                "show_gids; NCCL_IB_GID_INDEX=3",
                &[],
            ),
            from("to see whether it is the network", "NCCL_IB_DISABLE=1 goes over TCP", &[]),
        ],
    ),
    symptom(
        "peermem-mismatch",
        Kernel,
        &[
            "could not insert 'nvidia_peermem': Invalid argument",
            "failed to load nvidia-peermem module",
            "could not insert 'nvidia_peermem': Unknown symbol",
            "nvidia_peermem: disagrees about version of symbol ib_*",
            "nvidia_peermem: Unknown symbol ib_*",
            "could not insert 'nv_peer_mem': Invalid argument",
            "nv_peer_mem: Unknown symbol ib_*",
            "nv_peer_mem: disagrees about version of symbol ib_*",
        ],
        "nvidia-peermem was built for another RDMA stack than the one that is loaded",
        &[
            from(
                "the driver was built before MLNX_OFED or DOCA was installed or upgraded",
                "build the driver's modules again: sudo dkms install --force nvidia/VERSION; then reboot",
                &[MODULE_LOADED],
            ),
            from(
                "the kernel's own RDMA lacks the peer interface",
                "with the open modules and a kernel since 5.12 DMA-BUF does it: leave nvidia-peermem out",
                &[],
            ),
            from(
                "nv_peer_mem: the module from before driver 470",
                "remove it; sudo modprobe nvidia-peermem",
                &[],
            ),
        ],
    ),
    wrapper(
        "peermem-context",
        Kernel,
        &["nv_get_p2p_free_callback:* ERROR detected invalid context"],
        "the driver took GPU memory back that nvidia-peermem no longer knows; what came before it counts",
        &[from("a program ended, or a fault of the GPU ended it", "sudo dmesg | grep -i xid", &[NVML])],
    ),
    symptom(
        "perftest-mr",
        Program,
        &["Couldn't allocate MR * failed to create mr", "Couldn't allocate MR"],
        "the network card could not take the memory that it was to send from",
        &[
            from(
                "with --use_cuda: nothing leads the card to the GPU's memory",
                "sudo modprobe nvidia-peermem, or --use_cuda_dmabuf with the open modules",
                &[],
            ),
            from("too little memory may be locked", "--ulimit memlock=-1", &[]),
        ],
    ),
    symptom(
        "gds",
        Library,
        &[
            "nvidia-fs.ko driver not loaded",
            "NVMe Driver not registered with nvidia-fs",
            "cuFileHandleRegister error: GPUDirect Storage not supported on current file",
            "GPUDirect Storage not supported on current file",
            "CUFile import failed",
        ],
        "GPUDirect Storage cannot read this file straight into the GPU; most programs then go the usual way",
        &[
            from(
                "the module nvidia-fs is not loaded on the host, or its nodes are not in the container",
                "gdscheck -p; sudo modprobe nvidia-fs; -e NVIDIA_GDS=enabled",
                &[],
            ),
            from(
                "the NVMe driver of this kernel was not made for it",
                "gdscheck -p says `NVMe : Unsupported`; MLNX_OFED or DOCA with support for it",
                &[],
            ),
            from(
                "the file lies in the container's own layers, or on a file system that cannot do it",
                "put the data on a mounted ext4 or xfs; \"allow_compat_mode\": true in cufile.json",
                &[],
            ),
        ],
    ),
];
