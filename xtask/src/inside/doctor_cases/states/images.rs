//! Images and running containers that a real dockerd is asked about.

use super::State;

pub(super) const ROWS: &[State] = &[
    State::new(
        "image that needs a newer driver",
        "docker_up; image needs:1 --change 'ENV NVIDIA_REQUIRE_CUDA=cuda>=13.9'",
        &["--engine", "docker", "--image", "needs:1"],
        "H801",
    ),
    State::new(
        "compat libraries in LD_LIBRARY_PATH",
        "docker_up; image compat:1 --change 'ENV LD_LIBRARY_PATH=/usr/local/cuda/compat:/usr/lib'",
        &["--engine", "docker", "--image", "compat:1"],
        "H803",
    ),
    State::new(
        "driver files in an image",
        "mkdir -p /mnt/tree/usr/lib/x86_64-linux-gnu; echo x > /mnt/tree/usr/lib/x86_64-linux-gnu/libcuda.so.535.54.03; echo x > /mnt/tree/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.535.54.03; docker_up; image baked:1",
        &["--engine", "docker", "--image", "baked:1"],
        "H808",
    )
    .hidden(),
    State::new(
        "a container whose nodes are gone",
        "docker_up; docker load -q -i $IMAGES/busybox.tar; docker run -d --network none --gpus all --name lost longshore/busybox:latest sleep 1000; nsenter -m -t $(docker inspect -f '{{.State.Pid}}' lost) umount /dev/nvidia0 /dev/nvidiactl",
        &["--engine", "docker", "--container", "lost"],
        "H502",
    )
    .hidden(),
    State::new(
        "a container with the driver of before",
        "docker_up; docker load -q -i $IMAGES/busybox.tar; docker run -d --network none --gpus all --name old longshore/busybox:latest sleep 1000; cd $(libraries); for file in libcuda.so.[0-9]*.* libnvidia-ml.so.[0-9]*.*; do cp -a $file x-copy; rm $file; mv x-copy $file; done",
        &["--engine", "docker", "--container", "old"],
        "H503",
    )
    .hidden(),
];
