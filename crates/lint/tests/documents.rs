//! The Dockerfiles of public guides and of an older checker's test-suite, rewritten, with what is
//! to be said about each. A guide's good advice must stay silent, its mistakes must be found.

use lint::{File, Options, check};

/// Name, Dockerfile, codes expected in order.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "guide: CUDA image with a compiler",
        "FROM nvidia/cuda:11.8.0-cudnn8-devel-ubuntu20.04\nRUN apt-get update && apt-get install -y \\\n    build-essential \\\n    cmake \\\n    git\nCOPY . /app\nWORKDIR /app\nRUN cmake . && make\nEXPOSE 8080\nCMD [\"./app\"]\n",
        &[],
    ),
    (
        "guide: tag without a system",
        "FROM nvidia/cuda:11.8.0-base\nCOPY ./my_cuda_app /app\nWORKDIR /app\nRUN make\nCMD [\"./my_cuda_app\"]\n",
        &["G104"],
    ),
    (
        "guide: pip on an image without Python",
        "FROM nvidia/cuda:11.8.0-runtime-ubuntu20.04\nCOPY requirements.txt /\nRUN pip3 install --no-cache-dir -r requirements.txt\nCOPY ./my_deep_learning_app /app\nWORKDIR /app\nCMD [\"python3\", \"main.py\"]\n",
        &["G110"],
    ),
    (
        "guide: own library, the old search path is kept",
        "FROM nvidia/cuda:11.8.0-base\nCOPY ./my_cuda_library /my_cuda_library\nWORKDIR /my_cuda_library\nRUN nvcc -c *.cu -o *.o\nENV LD_LIBRARY_PATH=\"/my_cuda_library:$LD_LIBRARY_PATH\"\nRUN make\n",
        &["G104"],
    ),
    ("guide: latest is gone", "FROM nvidia/cuda\nCMD nvidia-smi\n", &["G102"]),
    ("guide: base images called good", "FROM pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime\n", &[]),
    (
        "guide: base images called bad, which work",
        "FROM python:3.10\nRUN pip install torch torchvision\n",
        &[],
    ),
    (
        "guide: driver in the image",
        "FROM ubuntu:22.04\nRUN apt-get install -y nvidia-driver-535\nRUN apt-get install -y nvidia-driver-*\n",
        &["G301", "G301"],
    ),
    ("guide: toolkit in the image", "FROM ubuntu:22.04\nRUN apt-get install -y cuda-toolkit-12-1\n", &[]),
    (
        "guide: suffix table, 12.0 and 12.2",
        "FROM python:3.11\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu120\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu122\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu121\n",
        &["G204", "G204"],
    ),
    (
        "guide: compile flash-attn with a toolkit",
        "FROM nvidia/cuda:12.1.0-devel-ubuntu22.04\nRUN apt-get update && apt-get install -y \\\n    cuda-toolkit-12-1 \\\n    build-essential python3-pip\nRUN pip install flash-attn --no-build-isolation\n",
        &[],
    ),
    (
        "checker's `valid`",
        "FROM nvidia/cuda:12.1.0-runtime-ubuntu22.04\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip3 install torch torchvision --index-url https://download.pytorch.org/whl/cu121\n",
        &[],
    ),
    (
        "checker's `cpu base with torch`: wheels bring CUDA along",
        "FROM python:3.11-slim\nRUN pip install torch==2.0.1\n",
        &[],
    ),
    (
        "checker's `all verified`: its own good example has no pip",
        "FROM nvidia/cuda:12.1.0-runtime-ubuntu22.04\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu121\nRUN pip install tensorflow[and-cuda]\n",
        &["G110"],
    ),
    (
        "checker's `version mismatch`: that wheel does not exist",
        "FROM nvidia/cuda:11.7.1-runtime-ubuntu22.04\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip install torch==2.5.0 --index-url https://download.pytorch.org/whl/cu117\n",
        &["G203"],
    ),
    (
        "checker's `runtime needs compilation`: xformers has wheels, flash-attn has none",
        "FROM nvidia/cuda:12.1.0-runtime-ubuntu22.04\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip install xformers\nRUN pip install flash-attn\n",
        &["G211"],
    ),
    (
        "checker's fix removed this step: apt and a script beside pip",
        "FROM python:3.11\nRUN apt-get update && apt-get install -y git && pip install torch && ./build.sh\n",
        &[],
    ),
    (
        "checker's comment lines",
        "FROM python:3.11\n# RUN pip install torch --index-url https://download.pytorch.org/whl/cu122\n# RUN apt-get install nvidia-driver-535\nRUN true\n",
        &[],
    ),
];

#[test]
fn documents_get_the_right_answers() {
    for (name, text, expected) in CASES {
        // The age of tags, which are those of the documents' time, is no matter here.
        let options = Options { ignore: vec!["G103".into(), "G107".into()], ..Options::default() };
        let reports = check(&[File::new("Dockerfile", *text)], &options);
        let codes: Vec<&str> = reports[0].findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, *expected, "{name}: {:#?}", reports[0].findings);
    }
}
