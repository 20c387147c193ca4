//! The hostile images: scripts that run in an image's root, where `$HOST` is the folder of the host that
//! they try to reach and `$UP` climbs to `/`.

/// How the start of a container with a hostile image ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// The container is created; whatever the image tries acts on the image alone.
    Contained,
    /// The container is refused with words, by the hook or already by the runtime.
    Refused,
}

use Ends::{Contained, Refused};

/// A hostile image.
#[derive(Debug)]
pub(super) struct Image {
    /// The flaw of the field that it tries again.
    pub(super) name: &'static str,
    /// A shell script that runs in the image's root.
    pub(super) script: &'static str,
    pub(super) environment: &'static [&'static str],
    /// A path that is made immutable.
    pub(super) fixed: Option<&'static str>,
    /// In the order of [`super::place::Way::ALL`]; `nvidia-container-cli` is the code of the prestart hook.
    pub(super) ends: [Ends; 3],
}

const fn image(name: &'static str, script: &'static str, ends: [Ends; 3]) -> Image {
    Image { name, script, environment: &[], fixed: None, ends }
}

/// The flaws of the field.
pub(super) const CVES: &[Image] = &[
    image("harmless", "", [Contained; 3]),
    image(
        "CVE-2024-0132: a compat library is a link to the host",
        "mkdir usr/local/cuda/compat; cd usr/local/cuda/compat
         ln -s $UP$HOST libcuda.so.999.1; ln -s $HOST/lib libcuda.so.1",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0132: the compat folder is a link to the host",
        "ln -s $UP$HOST/compat usr/local/cuda/compat",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0133: the library folder is a link to the host",
        "mkdir -p .$HOST/lib; mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s $HOST/lib usr/lib/x86_64-linux-gnu",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0134: /etc is a link to the host",
        "mkdir srv; mv etc .$HOST; ln -s $UP$HOST etc",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0136: the image has an ldconfig of its own",
        "mkdir -p usr/sbin; printf '#!/bin/sh\\ntouch /ran $HOST/ran\\n' > usr/sbin/ldconfig
         chmod 755 usr/sbin/ldconfig; cp usr/sbin/ldconfig usr/sbin/ldconfig.real",
        [Contained; 3],
    ),
    Image {
        // A loader that honours one of these waits for the named pipe for ever.
        environment: &[
            "LD_PRELOAD=/proc/self/cwd/x.so:/x.so:/mnt/bundles/hostile/rootfs/x.so",
            "LD_AUDIT=/proc/self/cwd/x.so",
            "LD_LIBRARY_PATH=/proc/self/cwd",
        ],
        ..image("CVE-2025-23266: LD_PRELOAD and LD_AUDIT", "mkfifo x.so ../x.so", [Contained; 3])
    },
    image(
        "CVE-2025-23267: ld.so.conf.d is a link to the host",
        "rm -r etc/ld.so.conf.d; ln -s $UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2025-23267: the loader cache is a link to the host",
        "rm etc/ld.so.cache; ln -s $UP$HOST/ld.so.cache etc/ld.so.cache",
        [Contained; 3],
    ),
    image(
        "CVE-2025-31133: mount targets are links to the host",
        "ln -s $UP$HOST/secret usr/bin/nvidia-smi; ln -s $HOST/secret usr/lib/x86_64-linux-gnu/libcuda.so.1
         mkdir -p .$HOST; echo inside > .$HOST/secret",
        [Contained; 3],
    ),
    image(
        "CVE-2024-45310: folders would be made behind a link",
        "rm -rf usr/share etc/nvidia; ln -s $UP$HOST/nvidia etc/nvidia; ln -s $HOST usr/share; ln -s $HOST opt2
         mkdir -p .$HOST/nvidia; rm -rf opt; ln -s $HOST opt",
        [Contained; 3],
    ),
    image(
        "CVE-2023-28642: a magic link of /proc/self/root",
        "mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s /proc/self/root/srv/victim/lib usr/lib/x86_64-linux-gnu",
        [Refused; 3],
    ),
    image(
        "CVE-2024-21626: a magic link of /proc/self/cwd",
        "rm -r etc/ld.so.conf.d; ln -s /proc/self/cwd/$UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2024-21626: a magic link of /proc/self/fd",
        "rm -r etc/ld.so.conf.d; ln -s /proc/self/fd/3/$UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2025-52881: a link to files of the kernel",
        "rm -r etc/ld.so.conf.d; ln -s /proc/sys/kernel etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image("ld.so.conf is a named pipe", "rm etc/ld.so.conf; mkfifo etc/ld.so.conf", [Contained; 3]),
    image("a drop-in is a named pipe", "mkfifo etc/ld.so.conf.d/00-a.conf", [Contained; 3]),
    image("the loader cache is a named pipe", "rm etc/ld.so.cache; mkfifo etc/ld.so.cache", [Contained; 3]),
    image(
        "the application profile is a named pipe",
        "mkdir -p etc/nvidia/nvidia-application-profiles-rc.d
         mkfifo etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf",
        [Contained; 3],
    ),
    image(
        "ld.so.conf includes itself",
        "printf 'include ld.so.conf\\ninclude /etc/ld.so.conf*\\n' > etc/ld.so.conf",
        [Contained; 3],
    ),
    image("/etc is a file", "mv etc old; echo > etc", [Refused; 3]),
    image(
        "the chmod hook meets a link to the host",
        "ln -s $UP$HOST/secret etc/opened",
        [Contained; 3],
    ),
];

/// What else may stand in an image where a hook reads or writes.
pub(super) const SHAPES: &[Image] = &[
    image("the loader cache is a folder", "rm etc/ld.so.cache; mkdir -p etc/ld.so.cache/x", [Refused; 3]),
    image("the loader cache is a device", "rm etc/ld.so.cache; mknod etc/ld.so.cache c 10 130", [Contained; 3]),
    image("the loader cache is a terabyte of nothing", "truncate -s 1T etc/ld.so.cache", [Contained; 3]),
    image("the loader cache ends after its header", "truncate -s 48 etc/ld.so.cache", [Contained; 3]),
    image(
        "the loader cache promises four thousand million libraries",
        "printf '\\377\\377\\377\\377' | dd of=etc/ld.so.cache bs=1 seek=20 conv=notrunc",
        [Contained; 3],
    ),
    image(
        "the loader cache has names out of its bounds",
        "printf '\\377\\377\\377\\177' | dd of=etc/ld.so.cache bs=1 seek=52 conv=notrunc",
        [Contained; 3],
    ),
    image("ld.so.conf is a device", "rm etc/ld.so.conf; mknod etc/ld.so.conf c 1 5", [Contained; 3]),
    image("ld.so.conf includes devices", "echo 'include /dev/* /proc/*' >> etc/ld.so.conf; mknod dev.conf c 1 5
         echo 'include /dev.conf' >> etc/ld.so.conf", [Contained; 3]),
    image("ld.so.conf is as large as it can be", "yes /opt/lib | head -c 16M > etc/ld.so.conf", [Contained; 3]),
    image(
        "ld.so.conf has lines without end",
        "head -c 300000 /dev/zero | tr '\\0' / > etc/ld.so.conf; echo >> etc/ld.so.conf
         echo include $(head -c 5000 /dev/zero | tr '\\0' a)/* >> etc/ld.so.conf",
        [Contained; 3],
    ),
    image(
        "thousands of drop-ins include each other",
        "cd etc/ld.so.conf.d; for i in $(seq 3000); do echo 'include /etc/ld.so.conf.d/*' > $i.conf; done",
        [Contained; 3],
    ),
    image(
        "names of drop-ins that are no text",
        "cd etc/ld.so.conf.d; echo /opt > \"$(printf '\\377\\n x').conf\"
         echo /opt > $(head -c 250 /dev/zero | tr '\\0' a).conf; mkdir 00-dir.conf; ln -s 00-loop.conf 00-loop.conf",
        [Contained; 3],
    ),
    image(
        "our drop-in is a link to the host",
        "cd etc/ld.so.conf.d; ln -s $UP$HOST/secret 00-nvcr-longshore.conf; ln -s $HOST/ld.so.conf 00-compat-longshore.conf
         echo > ../ld.so.conf",
        [Contained; 3],
    ),
    image(
        "our names of the moment are links to the host",
        "for f in etc/ld.so.cache etc/ld.so.conf etc/ld.so.conf.d/00-nvcr-longshore.conf usr/lib/x86_64-linux-gnu/libcuda.so
         do ln -s $UP$HOST/secret $(dirname $f)/.$(basename $f).longshore; done; echo > etc/ld.so.conf
         ln -s other usr/lib/x86_64-linux-gnu/libcuda.so",
        [Contained; 3],
    ),
    image(
        "our name of the moment is a folder with something in it",
        "mkdir -p etc/.ld.so.cache.longshore/x",
        [Refused; 3],
    ),
    image("files that are written are hard links", "ln etc/ld.so.cache etc/other; ln etc/ld.so.conf etc/another", [Contained; 3]),
    Image {
        fixed: Some("etc/ld.so.cache"),
        ..image("a file that is written cannot be changed", "", [Refused; 3])
    },
    Image {
        fixed: Some("usr/lib/x86_64-linux-gnu"),
        ..image("a folder that is written to cannot be changed", "", [Refused; 3])
    },
    image("links in a circle", "mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s a usr/lib/x86_64-linux-gnu
         ln -s x86_64-linux-gnu usr/lib/a", [Refused; 3]),
    image(
        "a folder is a link that leads nowhere",
        "mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s /nowhere/at/all usr/lib/x86_64-linux-gnu",
        [Refused; 3],
    ),
    image("a folder is a link that climbs", "mkdir -p .$HOST; mv usr/lib/x86_64-linux-gnu .$HOST/lib
         ln -s ../$UP$HOST/lib usr/lib/x86_64-linux-gnu", [Contained; 3]),
    image("a folder is a file", "mv usr/lib/x86_64-linux-gnu usr/lib/old; echo > usr/lib/x86_64-linux-gnu", [Refused; 3]),
    image("a folder is a named pipe", "mv usr/lib/x86_64-linux-gnu usr/lib/old; mkfifo usr/lib/x86_64-linux-gnu", [Refused; 3]),
    image("a mount target is a folder", "mkdir -p usr/bin/nvidia-smi", [Refused, Contained, Refused]),
    image("mount targets are named pipes and devices", "mkfifo usr/bin/nvidia-smi; mknod usr/bin/nvidia-debugdump c 1 5", [Contained; 3]),
    image("the library of a link is a folder", "mkdir -p usr/lib/x86_64-linux-gnu/libcuda.so/x", [Refused; 3]),
    image("/usr is a link to /", "rm bin sbin lib lib64; mv usr/* .; rmdir usr; ln -s / usr", [Contained; 3]),
    image(
        "the compat folder is full of what is no library",
        "mkdir usr/local/cuda/compat; cd usr/local/cuda/compat; mkfifo libcuda.so.999.1; mkdir libcuda.so.999.2
         mknod libcuda.so.999.3 c 1 5; head -c 1M /dev/urandom > libcuda.so.999.4",
        [Contained; 3],
    ),
    image("the folder of the application profile is a link to the kernel", "mkdir -p etc/nvidia
         ln -s /proc/sys/kernel etc/nvidia/nvidia-application-profiles-rc.d", [Refused; 3]),
    image("the application profile is a folder", "mkdir -p etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf/x", [Refused; 3]),
    image("/usr/lib is a link to the root of a process", "mv usr/lib usr/old
         ln -s /proc/self/root/usr/old usr/lib", [Refused; 3]),
    image("the loader cache is a link to a device", "ln -sf /dev/null etc/ld.so.cache", [Contained; 3]),
    image("ld.so.conf is a link to a file of the kernel", "ln -sf /proc/self/environ etc/ld.so.conf", [Contained; 3]),
    image(
        "patterns stand for every file of the image",
        "for i in $(seq 3000); do echo 'include /*/*/*/*/*/* /proc/*/*/*/* /sys/*/*/*/*/*'; done > etc/ld.so.conf",
        [Contained; 3],
    ),
    image(
        "libraries that are none, and names that are no text",
        "rm etc/ld.so.cache; cd usr/lib/x86_64-linux-gnu; mkfifo libfifo.so.1; mkdir libfolder.so.1; ln -s libloop.so.1 libloop.so.1
         mknod libzero.so.1 c 1 5; ln -s $UP$HOST/secret libhost.so.1; ln -s /proc/kcore libcore.so.1
         (head -c 4096 libc.so.6; head -c 60000 /dev/urandom) > libhalf.so.1; truncate -s 2G libhalf.so.1
         cp libc.so.6 \"$(printf 'libline\\n.so.\\377\\033[2J')\"; cp libc.so.6 $(head -c 240 /dev/zero | tr '\\0' x).so",
        [Contained; 3],
    ),
    image(
        "kinds of processors are links, pipes and thousands",
        "rm etc/ld.so.cache; cd usr/lib/x86_64-linux-gnu; mkdir glibc-hwcaps; cd glibc-hwcaps; mkfifo a; ln -s b b; ln -s $UP$HOST/lib c
         ln -s .. d; for i in $(seq 2000); do mkdir e$i; done; ln -s ../../glibc-hwcaps e1/glibc-hwcaps",
        [Contained; 3],
    ),
    image("/dev is a link", "rm -rf dev; mkdir -p srv/dev; ln -s srv/dev dev", [Contained; 3]),
    image("/etc/ld.so.conf.d is a file", "rm -r etc/ld.so.conf.d; echo > etc/ld.so.conf.d; echo > etc/ld.so.conf", [Refused; 3]),
];
