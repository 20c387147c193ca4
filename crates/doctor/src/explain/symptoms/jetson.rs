//! Jetson boards.

use crate::explain::Speaker::Program;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "jetson-codec",
        Program,
        &[
            "no element \"nvv4l2decoder\"",
            "no element \"nvv4l2h264enc\"",
            "no element \"nvvidconv\"",
            "Opening channel /dev/nvhost-nvdec failed",
            "Could not get NVDEC Channel handle",
            "Opening channel /dev/nvhost-nvdec failed * Could not get NVDEC Channel handle",
        ],
        "the board's codecs are not in the container: their libraries and nodes come from the host's L4T",
        &[
            from(
                "the container was started without the toolkit's runtime",
                "docker run --runtime=nvidia ...",
                &[],
            ),
            from(
                "the image is for another release of L4T than the board's",
                "cat /etc/nv_tegra_release; an image whose tag names that release",
                &[],
            ),
            from(
                "the plugin cache of GStreamer is of a start without them",
                "rm -rf ~/.cache/gstreamer-1.0 in the container; gst-inspect-1.0 nvv4l2decoder",
                &[],
            ),
        ],
    ),
    symptom(
        "static-tls",
        Program,
        &["cannot allocate memory in static TLS block"],
        "a library was loaded too late to get its place for thread data (Python, GStreamer on ARM)",
        &[from(
            "libGLdispatch or libgomp comes after many other libraries",
            "LD_PRELOAD= the library that the line names, first of all (libGLdispatch.so.0, libgomp.so.1)",
            &[],
        )],
    ),
];
