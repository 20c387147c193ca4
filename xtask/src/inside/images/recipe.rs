//! The kinds of images and how each is made: from Debian's packages and by hand, without a registry.

use super::super::Job;
use super::Plan;
use crate::exec::{capture, command};
use diag::{Result, ResultExt};
use sim::elf_writer::{Machine, shared_object};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Which loader an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// glibc, with a cache in the end.
    Glibc,
    /// musl: no cache, a path file.
    Musl,
    /// None: static programs alone.
    Static,
}

/// One kind of image.
#[derive(Debug)]
pub(super) struct Recipe {
    /// Its name in the table.
    pub(super) name: &'static str,
    /// Its loader.
    pub(super) kind: Kind,
    /// What the real `ldconfig` is given as `ld.so.conf` for the comparison: what the image's own
    /// `ldconfig` has built in besides its configuration, and the driver's directory where neither
    /// has it.
    pub(super) configuration: &'static str,
    /// Whether the root is read-only.
    pub(super) read_only: bool,
    /// The directory from which `libcuda` must come.
    pub(super) cuda: &'static str,
    /// Whether the image's author left libraries out of its cache: they stay out.
    pub(super) stale: bool,
    make: fn(&Maker) -> Result<()>,
}

/// Where an image is made, and from what.
struct Maker {
    images: PathBuf,
    musl: PathBuf,
    tree: PathBuf,
}

/// The driver's directory in containers, whatever the image's layout is.
pub(super) const DEBIAN: &str = "/usr/lib/x86_64-linux-gnu";
const COMPAT: &str = "/usr/local/cuda/compat";
const INCLUDE: &str = "include /etc/ld.so.conf.d/*.conf\n";
const RHEL: &str = "include /etc/ld.so.conf.d/*.conf\n/usr/lib/x86_64-linux-gnu\n/lib64\n/usr/lib64\n";
const PATTERN: &str = "include /opt/*/ld.conf\ninclude /etc/ld.so.conf.d/*.conf\n";
const ARCH: &str = "include /etc/ld.so.conf.d/*.conf\n/usr/lib/x86_64-linux-gnu\n/usr/lib\n";
const SUSE: &str = "/usr/local/lib64\n/usr/local/lib\n/usr/lib/x86_64-linux-gnu\n/lib64\n/usr/lib64\n";
const CACHE: &str = "etc/ld.so.cache";

/// Who asked for a read-only root has one in the end.
pub(crate) const ALSO_WRITES: &str =
    "nvidia-smi -L; touch /made 2>/dev/null && echo 'the root can be written to'; true";

/// All kinds.
pub(super) const ALL: &[Recipe] = &[
    glibc("debian", Maker::debian),
    glibc("glibc without a cache", Maker::no_cache),
    Recipe { kind: Kind::Static, ..glibc("busybox", Maker::busybox) },
    Recipe { kind: Kind::Musl, ..glibc("musl", Maker::musl) },
    Recipe { kind: Kind::Musl, ..glibc("musl with a path file", Maker::musl_path) },
    Recipe { configuration: "", ..glibc("distroless", Maker::distroless) },
    glibc("1,900 libraries", Maker::many),
    glibc("own libcuda", Maker::own_libcuda),
    glibc("zero-byte left-overs", Maker::left_overs),
    Recipe {
        configuration: "/usr/local/cuda/compat\ninclude /etc/ld.so.conf.d/*.conf\n",
        cuda: COMPAT,
        ..glibc("CUDA compat libraries", Maker::compat)
    },
    Recipe { configuration: RHEL, ..glibc("RHEL-like", Maker::rhel) },
    Recipe { configuration: RHEL, ..glibc("RHEL-like without a cache", Maker::rhel_no_cache) },
    Recipe { configuration: SUSE, ..glibc("SUSE-like", Maker::suse) },
    Recipe { configuration: ARCH, ..glibc("Arch-like", Maker::arch) },
    glibc("newer processors", Maker::newer_processors),
    Recipe { configuration: PATTERN, ..glibc("32-bit libraries", Maker::narrow) },
    Recipe { configuration: "/usr/local/lib\n", ..glibc("ld.so.conf without include", Maker::no_include) },
    Recipe { stale: true, ..glibc("stale cache", Maker::stale) },
    glibc("cache of the old format", Maker::old_format),
    glibc("cache of both formats", Maker::both_formats),
    glibc("truncated cache", Maker::truncated),
    Recipe { read_only: true, ..glibc("read-only root", Maker::debian) },
];

const fn glibc(name: &'static str, make: fn(&Maker) -> Result<()>) -> Recipe {
    Recipe {
        name,
        kind: Kind::Glibc,
        configuration: INCLUDE,
        read_only: false,
        cuda: DEBIAN,
        stale: false,
        make,
    }
}

impl Recipe {
    /// Makes the image as a tree.
    pub(super) fn make(&self, job: &Job, plan: &Plan, tree: &Path) -> Result<()> {
        let (images, musl) = (job.images.clone(), plan.musl.clone());
        let maker = Maker { images, musl, tree: tree.to_path_buf() };
        (self.make)(&maker).with_context(|| format!("cannot make the image {}", self.name))
    }

    /// A program that needs the driver's libraries, as far as the image can run one.
    pub(super) fn program(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Glibc if self.read_only => &["sh", "-c", ALSO_WRITES],
            Kind::Glibc => &["nvidia-smi", "-L"],
            Kind::Musl => &["/lib/ld-musl-x86_64.so.1", "--list", "/probe.so"],
            Kind::Static => &["ls", "/usr/lib/x86_64-linux-gnu/libcuda.so.1"],
        }
    }

    /// What makes the loader of glibc say what it opens, `libcuda` among it.
    pub(super) fn environment(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Glibc => &["LD_DEBUG=libs", "LD_PRELOAD=libcuda.so.1"],
            Kind::Musl | Kind::Static => &[],
        }
    }
}

/// Makes the image with 1,900 libraries in its cache as a tree; `images` are the test images.
pub(crate) fn make_large(images: &Path, tree: &Path) -> Result<()> {
    Maker { images: images.to_path_buf(), musl: PathBuf::new(), tree: tree.to_path_buf() }.many()
}

impl Maker {
    fn path(&self, name: &str) -> PathBuf {
        self.tree.join(name)
    }

    fn base(&self, name: &str) -> Result<()> {
        capture(command(["cp", "-a"]).arg(self.images.join(name)).arg(&self.tree)).map(drop)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.tree);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    fn link(&self, target: &str, name: &str) -> Result<()> {
        symlink(target, self.path(name)).with_context(|| format!("cannot link {name}"))
    }

    fn library(&self, name: &str, soname: &str) -> Result<()> {
        self.file(name, shared_object(Machine::X86_64, Some(soname), &[]))
    }

    fn remove(&self, names: &[&str]) -> Result<()> {
        let paths = names.iter().map(|name| self.path(name));
        capture(command(["rm", "-rf"]).args(paths)).map(drop)
    }

    /// The real `ldconfig`, with directories of its own or those of the image.
    fn ldconfig(&self, options: &[&str]) -> Result<()> {
        capture(command(["ldconfig", "-r"]).arg(&self.tree).args(options)).map(drop)
    }

    fn debian(&self) -> Result<()> {
        self.base("glibc")?;
        self.file("etc/debian_version", "13.0\n")?;
        self.ldconfig(&[])
    }

    fn no_cache(&self) -> Result<()> {
        self.debian()?;
        self.remove(&[CACHE])
    }

    fn busybox(&self) -> Result<()> {
        self.base("busybox")
    }

    fn musl(&self) -> Result<()> {
        self.base("busybox")?;
        capture(command(["cp", "-a"]).arg(self.musl.join(".")).arg(&self.tree))?;
        self.file("probe.so", shared_object(Machine::X86_64, Some("probe.so"), &["libcuda.so.1"]))
    }

    fn musl_path(&self) -> Result<()> {
        self.musl()?;
        self.file("etc/ld-musl-x86_64.path", "/opt/lib\n/usr/lib")
    }

    /// glibc, its configuration left out, and nothing that could run a script.
    fn distroless(&self) -> Result<()> {
        self.base("glibc")?;
        self.remove(&[CACHE, "etc/ld.so.conf", "etc/ld.so.conf.d", "usr/bin", "usr/sbin"])?;
        self.file("usr/bin/.keep", "")?;
        self.file("usr/sbin/.keep", "")
    }

    fn many(&self) -> Result<()> {
        self.debian()?;
        for number in 0..1900 {
            let soname = format!("libmany-{number}.so.1");
            self.library(&format!("usr/lib/x86_64-linux-gnu/{soname}.2.3"), &soname)?;
        }
        self.ldconfig(&[])
    }

    fn own_libcuda(&self) -> Result<()> {
        self.debian()?;
        self.library("usr/lib/x86_64-linux-gnu/libcuda.so.470.57.02", "libcuda.so.1")?;
        self.ldconfig(&[])
    }

    /// What `docker commit` keeps of a container that had GPUs: empty mount points.
    fn left_overs(&self) -> Result<()> {
        self.debian()?;
        for name in ["libcuda.so.470.57.02", "libnvidia-ml.so.470.57.02", "libnvidia-ml.so.1"] {
            self.file(&format!("usr/lib/x86_64-linux-gnu/{name}"), "")?;
        }
        self.link("libcuda.so.470.57.02", "usr/lib/x86_64-linux-gnu/libcuda.so.1")?;
        self.ldconfig(&[])
    }

    fn compat(&self) -> Result<()> {
        self.debian()?;
        self.library("usr/local/cuda/compat/libcuda.so.999.10.01", "libcuda.so.1")?;
        self.link("libcuda.so.999.10.01", "usr/local/cuda/compat/libcuda.so.1")?;
        self.ldconfig(&[])
    }

    /// All libraries in `/usr/lib64`, with `/lib64` as a link to it.
    fn rhel(&self) -> Result<()> {
        self.rhel_no_cache()?;
        self.with_cache(RHEL)
    }

    fn rhel_no_cache(&self) -> Result<()> {
        self.base("glibc")?;
        let script = "cd \"$0\" && rm usr/lib64/* && mv usr/lib/x86_64-linux-gnu/* usr/lib64/ && \
                      rmdir usr/lib/x86_64-linux-gnu && rm -f etc/ld.so.cache etc/ld.so.conf.d/*";
        capture(command(["sh", "-c", script]).arg(&self.tree))?;
        self.file("etc/redhat-release", "like RHEL\n")
    }

    /// `/lib64` and `/usr/lib64` are two directories.
    fn suse(&self) -> Result<()> {
        self.rhel_no_cache()?;
        let script =
            "cd \"$0\" && rm lib64 && mv usr/lib64 lib64 && mkdir usr/lib64 && mv lib64/libgcc* usr/lib64";
        capture(command(["sh", "-c", script]).arg(&self.tree))?;
        self.remove(&["etc/redhat-release"])?;
        self.file("etc/SUSE-brand", "like SUSE\n")?;
        self.file("etc/ld.so.conf", "/usr/local/lib64\n/usr/local/lib\ninclude /etc/ld.so.conf.d/*.conf\n")?;
        self.with_cache(SUSE)
    }

    /// All libraries in `/usr/lib`, and every other folder of libraries is a link to it.
    fn arch(&self) -> Result<()> {
        self.rhel_no_cache()?;
        let script = "cd \"$0\" && mv usr/lib64/* usr/lib/ && rmdir usr/lib64 && ln -s lib usr/lib64 && \
                      rm lib64 && ln -s usr/lib lib64";
        capture(command(["sh", "-c", script]).arg(&self.tree))?;
        self.remove(&["etc/redhat-release"])?;
        self.with_cache(ARCH)
    }

    /// Libraries for some processors beside those for all, and no cache that knows them.
    fn newer_processors(&self) -> Result<()> {
        self.debian()?;
        for place in ["", "glibc-hwcaps/x86-64-v2/", "glibc-hwcaps/x86-64-v3/"] {
            let folder = format!("usr/lib/x86_64-linux-gnu/{place}");
            self.library(&format!("{folder}libnewer.so.1.2"), "libnewer.so.1")?;
        }
        self.library("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libnewest.so.1", "libnewest.so.1")?;
        self.ldconfig(&[])?;
        self.remove(&[CACHE])
    }

    /// Libraries of another width, in folders that a pattern in the middle of a path stands for.
    fn narrow(&self) -> Result<()> {
        self.debian()?;
        self.file("etc/ld.so.conf", PATTERN)?;
        for folder in ["opt/b", "opt/a"] {
            self.file(&format!("{folder}/ld.conf"), format!("/{folder}/lib\n"))?;
            let bytes = shared_object(Machine::I386, Some("libnarrow.so.1"), &[]);
            self.file(&format!("{folder}/lib/libnarrow.so.1"), bytes)?;
            self.library(&format!("{folder}/lib/libwide.so.1"), "libwide.so.1")?;
        }
        self.ldconfig(&[])?;
        self.remove(&[CACHE])
    }

    /// A cache as the image's own `ldconfig` would have made it.
    fn with_cache(&self, configuration: &str) -> Result<()> {
        self.file("etc/built-in.conf", configuration)?;
        self.ldconfig(&["-f", "/etc/built-in.conf"])?;
        self.remove(&["etc/built-in.conf", "var/cache/ldconfig"])
    }

    fn no_include(&self) -> Result<()> {
        self.debian()?;
        self.remove(&["etc/ld.so.conf.d"])?;
        self.file("etc/ld.so.conf", "/usr/local/lib\n")?;
        self.ldconfig(&[])
    }

    fn stale(&self) -> Result<()> {
        self.debian()?;
        (0..20).try_for_each(|number| {
            let soname = format!("libstale-{number}.so.1");
            self.library(&format!("usr/lib/x86_64-linux-gnu/{soname}"), &soname)
        })
    }

    fn old_format(&self) -> Result<()> {
        self.debian()?;
        self.ldconfig(&["-c", "old"])
    }

    fn both_formats(&self) -> Result<()> {
        self.debian()?;
        self.ldconfig(&["-c", "compat"])
    }

    fn truncated(&self) -> Result<()> {
        self.debian()?;
        let bytes = fs::read(self.path(CACHE)).context("cannot read the cache")?;
        self.file(CACHE, bytes.get(..bytes.len() / 2).unwrap_or_default())
    }
}
