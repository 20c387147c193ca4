//! Xids: faults of a GPU that the driver reports by number, and the GPU's own processor.
//!
//! What each number means and what to do first is NVIDIA's catalog of Xids
//! (<https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html>).

use crate::codes::*;
use crate::explain::Speaker::Kernel;
use crate::explain::{Origin, Symptom, from, symptom};

/// The texts of some Xids: as the driver prints them, and named as the reason of an Xid 45.
macro_rules! xids {
    ($($number:literal),+ $(; $($text:literal),+)?) => {
        &[
            $(
                concat!("NVRM: Xid @ ", $number),
                concat!("NVRM: Xid @ 45 * caused by previous Xid ", $number),
            )+
            $($($text),+)?
        ]
    };
}

/// What tells a fault of the GPU from one of the program.
const OTHER_PROGRAMS_TOO: Origin = from(
    "it comes with different programs on the same GPU: the GPU or the driver",
    "dcgmi diag -r 3 on that GPU; another version of the driver",
    &[NVML],
);

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "xid-program",
        Kernel,
        xids!(8, 11, 13, 25, 32, 69, 80),
        "what a program sent to the GPU failed there, and the driver ended that program's work; the GPU goes on",
        &[
            from(
                "an error of the program that the line names (`name=`), or of its CUDA libraries",
                "compute-sanitizer PROGRAM; start it again",
                &[],
            ),
            OTHER_PROGRAMS_TOO,
        ],
    ),
    symptom(
        "xid-page-fault",
        Kernel,
        xids!(31),
        "a program on the GPU used an address that is not its own, and the driver ended its work (Xid 31)",
        &[
            from(
                "an error of the program that the line names (`name=`): a pointer out of range, memory freed too soon",
                "compute-sanitizer PROGRAM; start it again",
                &[],
            ),
            OTHER_PROGRAMS_TOO,
        ],
    ),
    symptom(
        "xid-43",
        Kernel,
        xids!(43),
        "the driver stopped a program's work after an error of that program; the GPU is well (Xid 43)",
        &[from("an error of the program that the line names (`name=`)", "start that program again", &[])],
    ),
    symptom(
        "xid-45",
        Kernel,
        xids!(45),
        "the driver cleared away the work of a program that ended or failed (Xid 45)",
        &[
            from(
                "the program was ended (Ctrl-C, a kill, no memory) or failed by itself",
                "look at the program that the line names (`name=`)",
                &[],
            ),
            from(
                "another fault of the GPU came first",
                "sudo dmesg | grep -i xid: the Xid before it counts",
                &[NVML],
            ),
            from(
                "it comes alone on a machine with NVSwitch",
                "sudo systemctl restart nvidia-fabricmanager",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    symptom(
        "xid-109",
        Kernel,
        xids!(109),
        "the GPU could not change from one program's work to another's in time (Xid 109)",
        &[
            from(
                "work of the program that the line names (`name=`) does not end",
                "stop that program, then start it again",
                &[],
            ),
            from(
                "the GPU hangs, or the driver has an error",
                "nvidia-smi --gpu-reset on the idle GPU; another version of the driver",
                &[NVML],
            ),
        ],
    ),
    symptom(
        "xid-engine",
        Kernel,
        xids!(39, 40, 41, 68, 70, 71, 72, 75, 76, 77, 82, 83, 84, 85, 86, 88, 89),
        "an engine of the GPU for copies, video or pictures failed, and the driver ended a program's work",
        &[
            from("the program that uses it", "start that program again", &[]),
            from(
                "it returns: the driver or the GPU",
                "another version of the driver; dcgmi diag -r 3",
                &[NVML],
            ),
        ],
    ),
    symptom(
        "xid-ecc",
        Kernel,
        xids!(48, 140),
        "the GPU's memory has an error that could not be corrected: what was computed is lost",
        &[from(
            "a cell of the GPU's memory",
            "drain the machine and reset the GPU; with an Xid 64 too, or when it returns, have it replaced",
            &[NVML],
        )],
    ),
    symptom(
        "xid-row-noted",
        Kernel,
        xids!(63),
        "the GPU noted a bad place of its memory, to put another in its stead (Xid 63)",
        &[from(
            "nothing more to do now: it takes effect with the next reset",
            "nvidia-smi -q -d ROW_REMAPPER,PAGE_RETIREMENT; reset the GPU when it is idle",
            &[],
        )],
    ),
    symptom(
        "xid-row-not-noted",
        Kernel,
        xids!(64),
        "the GPU could not put another place in the stead of a bad one of its memory (Xid 64)",
        &[from(
            "no spare place is left there, or it could not be noted",
            "drain the machine and reset the GPU; nvidia-smi -q -d ROW_REMAPPER; when it returns, have it replaced",
            &[NVML],
        )],
    ),
    symptom(
        "xid-contained",
        Kernel,
        xids!(94),
        "an error of the GPU's memory hit one program only; the others go on (Xid 94)",
        &[from(
            "a cell of the GPU's memory",
            "start the program that the line names again; reset the GPU when it is idle",
            &[NVML],
        )],
    ),
    symptom(
        "xid-uncontained",
        Kernel,
        xids!(95),
        "an error of the GPU's memory may have hit every program on it (Xid 95)",
        &[from(
            "a cell of the GPU's memory",
            "stop all programs on that GPU, reset it; when it returns, have it replaced",
            &[NVML],
        )],
    ),
    symptom(
        "xid-nvlink",
        Kernel,
        xids!(74),
        "a link between GPUs, or to a switch, reported an error (Xid 74)",
        &[
            from(
                "the link, its bridge or the board",
                "nvidia-smi nvlink -e and -s; reset the GPU; when the same link returns, have it looked at",
                &[NVML],
            ),
            from(
                "the GPU or the switch at its other end failed first",
                "sudo dmesg | grep -iE 's?xid'",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    symptom(
        "xid-nvlink5",
        Kernel,
        xids!(144, 145, 146, 147, 148, 149, 150),
        "NVLink of a Blackwell machine reports an error; `Nonfatal` or `Fatal` in the line says how bad it is",
        &[
            from(
                "`Nonfatal`: often to be passed over; an Xid 154 beside it says what is needed",
                "sudo dmesg | grep 'Xid.*: 154'; the catalog of Xids has a table for the numbers in brackets",
                &[],
            ),
            from(
                "`Fatal`, or a link is down",
                "nvidia-smi nvlink -s; stop the programs, reset the GPU; when it returns, have the link looked at",
                &[NVML, FABRIC_MANAGER],
            ),
        ],
    ),
    symptom(
        "xid-79",
        Kernel,
        xids!(
            79;
            "GPU has fallen off the bus",
            "NVRM: Xid @ 79* GPU has fallen off the bus",
            "NVRM: fallen off the bus and is not responding to commands",
            "installed in this system has * fallen off the bus and is not responding"
        ),
        "the GPU no longer answers on the bus",
        &[from(
            "power, heat, the slot or the GPU itself",
            "drain the machine and power-cycle it; when it comes back, check the hardware",
            &[NVML, GPU_ON_BUS],
        )],
    ),
    symptom(
        "xid-gsp",
        Kernel,
        xids!(
            119, 120;
            "Xid * GSP RPC",
            "Timeout waiting for RPC from GSP",
            "NVRM: Xid @ 119* Timeout waiting for RPC from GSP",
            "_kgspIsHeartbeatTimedOut",
            "_kgspIsHeartbeatTimedOut: Heartbeat timed out",
            "_kgspLogRpcTimeout",
            "_kgspLogRpcTimeout: * GSP Timeout"
        ),
        "the GPU's own processor (GSP) does not answer the driver",
        &[
            from(
                "its firmware hangs, or the GPU does",
                "stop the programs, nvidia-smi --gpu-reset; when that fails, power-cycle the machine",
                &[NVML, GPU_LOST],
            ),
            from("an error of this release of the driver", "another version of the driver", &[]),
        ],
    ),
    symptom(
        "xid-reset",
        Kernel,
        xids!(46, 62, 110, 143, 158),
        "a part of the GPU stopped or could not be started; it stays so until a reset",
        &[from(
            "the GPU or its firmware",
            "stop the programs, nvidia-smi --gpu-reset or reboot; when it returns, have it replaced",
            &[NVML],
        )],
    ),
    symptom(
        "xid-power",
        Kernel,
        xids!(54),
        "a cable that feeds the GPU is not in place (Xid 54)",
        &[from("the GPU's own power cable", "switch the machine off and look at it", &[])],
    ),
    symptom(
        "xid-vgpu-start",
        Kernel,
        xids!(78),
        "a vGPU could not be started (Xid 78)",
        &[from(
            "the vGPU software of host and guest do not fit, or are too old",
            "the same release on both",
            &[VERSION_SKEW],
        )],
    ),
    symptom(
        "xid-recovery",
        Kernel,
        xids!(154),
        "the driver says what the GPU needs after the Xid before it; the words in brackets name it (Xid 154)",
        &[from(
            "the Xid before it",
            "do what the brackets say: `Reset` is nvidia-smi --gpu-reset, `Reboot` is a reboot, `Drain` is to stop programs",
            &[NVML],
        )],
    ),
    symptom(
        "xid",
        Kernel,
        &["NVRM: Xid (PCI:", "NVRM: Xid"],
        "the driver reports a fault of a GPU; explain has no entry for the number after the address",
        &[from(
            "a number that NVIDIA does not document, or that is rare",
            "look for it in https://docs.nvidia.com/deploy/xid-errors; sudo dmesg | grep -i xid for others before it",
            &[NVML],
        )],
    ),
];
