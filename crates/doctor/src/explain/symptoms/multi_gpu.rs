//! Several GPUs together: peer access, NVLink and its switches, memory across machines.

use crate::codes::*;
use crate::explain::Speaker::{Cluster, Library};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "p2p-not-supported",
        Library,
        &[
            "peer access is not supported between these two devices",
            "Cuda failure 217 * peer access is not supported between these two devices",
            "NCCL WARN Cuda failure 217 * peer access is not supported between these two devices",
            "NCCL WARN failed to open CUDA IPC handle : 217 peer access is not supported between these two devices",
            "cudaErrorPeerAccessUnsupported",
            "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED",
            "CUDA error 217",
        ],
        "these two GPUs cannot read each other's memory, and the program takes it that they can (error 217)",
        &[
            from(
                "GPUs for desks, a VM or WSL2 do not offer it",
                "nvidia-smi topo -p2p r; NCCL_P2P_DISABLE=1; vLLM and SGLang: --disable-custom-all-reduce",
                &[],
            ),
            from(
                "the container has only some of the GPUs, or one program sees other GPUs than its peer",
                "nvidia-smi -L in both; the same --gpus for all of them",
                &[],
            ),
        ],
    ),
    symptom(
        "cuda-ipc",
        Library,
        &[
            "failed to open CUDA IPC handle: invalid resource handle",
            "failed to open CUDA IPC handle: invalid argument",
            "failed to register CUDA shared memory region * failed to open CUDA IPC handle: invalid resource handle",
            "failed to register CUDA shared memory region * failed to open CUDA IPC handle: invalid argument",
        ],
        "one process could not open the GPU memory that another one shares",
        &[
            from(
                "the two are in different containers, which do not share processes and IPC",
                "--ipc=host --pid=host for both, and the same GPUs",
                &[],
            ),
            from(
                "a process opens a handle that it made itself, or that is closed",
                "look at the program",
                &[],
            ),
        ],
    ),
    symptom(
        "nvls",
        Library,
        &[
            "NCCL WARN Cuda failure 401",
            "NCCL WARN Cuda failure 401 'the operation cannot be performed in the present state'",
            "Failed to bind NVLink SHARP (NVLS) Multicast memory",
            "Failed to bind NVLink SHARP (NVLS) Multicast memory * CUDA error 401",
            "CUDA error 401 'the operation cannot be performed in the present state'",
        ],
        "NCCL could not set up multicast over NVLink's switches (NVLS)",
        &[
            from(
                "the fabric manager or the switches are not in order",
                "nvidia-smi -q | grep -A2 Fabric; sudo systemctl restart nvidia-fabricmanager without programs on the GPUs; or reboot",
                &[FABRIC_MANAGER],
            ),
            from(
                "it has to run until then, or the container has only some of the GPUs",
                "NCCL_NVLS_ENABLE=0 goes without it",
                &[],
            ),
        ],
    ),
    symptom(
        "fabric-manager-partial",
        Library,
        &[
            "not all local fabric manager instances finished their configuration",
            "failed to find the GPU handle * in the multicast team request",
        ],
        "the fabric manager did not set up all GPUs and switches, or no longer knows one of them",
        &[
            from(
                "a GPU or a switch failed, was reset, or came later",
                "journalctl -u nvidia-fabricmanager; sudo dmesg | grep -iE 's?xid'",
                &[FABRIC_MANAGER, GPU_LOST],
            ),
            from(
                "it was set up before the change",
                "stop the programs on all GPUs, sudo systemctl restart nvidia-fabricmanager; or reboot",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    symptom(
        "nvlink-inactive",
        Library,
        &["Unable to retrieve Nvlink information as all links are inActive"],
        "no NVLink of this GPU is up",
        &[
            from("there is no bridge between the cards", "nvidia-smi topo -m; look at the machine", &[]),
            from(
                "a machine with NVSwitch: the fabric manager did not set them up, or a fault took them down",
                "nvidia-smi -q | grep -A2 Fabric; sudo dmesg | grep -i xid",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    symptom(
        "imex-no-channel",
        Library,
        &[
            "CUDA_ERROR_NOT_PERMITTED * cuMemCreate",
            "cuMemCreate failed: operation not permitted",
            "CUDA_ERROR_NOT_PERMITTED (error 800) * cuMemCreate",
        ],
        "the program asks for memory that is shared across machines, and has no IMEX channel",
        &[
            from(
                "no channel was made, or it was not given to the container",
                "ls /dev/nvidia-caps-imex-channels; -e NVIDIA_IMEX_CHANNELS=0, in Kubernetes a ComputeDomain",
                &[],
            ),
            from(
                "the machine is not a part of a larger NVLink domain (NVL72)",
                "leave the mode for several nodes out: NCCL_MNNVL_ENABLE=0, or the program's own switch",
                &[],
            ),
        ],
    ),
    symptom(
        "imex-unhealthy",
        Cluster,
        &["DCGM_FR_IMEX_UNHEALTHY", "IMEX daemon status is * (not READY)"],
        "the IMEX daemon of this machine is not ready, so memory cannot be shared across machines",
        &[
            from(
                "nvidia-imex does not run, or cannot reach the daemons of the other machines",
                "nvidia-imex-ctl -N; systemctl status nvidia-imex; /etc/nvidia-imex/nodes_config.cfg",
                &[],
            ),
            from("it is not used here", "take its check out of the health checks", &[]),
        ],
    ),
];
