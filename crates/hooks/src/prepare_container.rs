//! `prepare-container`, the fused hook: all that one GPU container needs, in one process.
//!
//! The prestart hook carries out the same [`Preparation`] after it has entered the container.

use crate::catalogue::Hook;
use crate::container::Container;
use crate::loader_files::{self, LoaderFile};
use crate::mounts::{self, HostMount};
use crate::{
    arguments, codes, create_symlinks, disable_device_node_modification, enable_cuda_compat, loader,
    update_application_profile,
};
use diag::{Failure, Result};
use rootfs::{ContainerRoot, keep_mounts_inside, trusted};
use std::ffi::OsString;
use std::path::Path;

pub(crate) const HOOK: Hook = Hook {
    name: "prepare-container",
    summary: Some(
        "Mounts, links, loader cache, compat libraries, masks and profiles of a GPU container in one step.",
    ),
    flags: "   --mount HOST[::PATH[::OPTIONS]]  show a file, directory or socket of the host at PATH, or at the\n   \
            \x20                           same path; options out of ro,nosuid,nodev,noexec, without them\n   \
            \x20                           ro,nosuid,nodev; always recursive and private\n   \
            --arguments-from FILE       more arguments of this hook, one to a line, from a file that only\n   \
            \x20                           root can write; lines that begin with # are left out\n   \
            --link TARGET::PATH         make the link PATH with the text TARGET\n   \
            --device-link TARGET::PATH  the same, if the container has the device that the link leads to\n   \
            --folder DIR                a directory of injected libraries\n   \
            --library SONAME=PATH       an injected library\n   \
            --loader-file KIND=SONAME   name the library to the loader of vulkan, egl, opencl, gbm, wayland,\n   \
            \x20                           wayland2, xcb or xlib, unless the image does\n   \
            --host-driver-version V     use newer CUDA compat libraries of the image where they allow it\n   \
            --disable-device-node-modification\n   --update-application-profile\n",
    run,
};

/// A symbolic link to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Text of the link.
    pub target: String,
    /// Path in the container.
    pub path: String,
}

/// An injected library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// `DT_SONAME`.
    pub soname: String,
    /// Path in the container.
    pub path: String,
}

/// More arguments than a driver of many thousand files would need.
const ARGUMENTS_LIMIT: usize = 4 * 1024 * 1024;

/// What a container needs besides device nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Files of the host to show, in this order.
    pub mounts: Vec<HostMount>,
    /// Links to make.
    pub links: Vec<Link>,
    /// Links to make if the device node that they lead to is in the container.
    pub device_links: Vec<Link>,
    /// Directories of injected libraries.
    pub folders: Vec<String>,
    /// Injected libraries; so no ELF file has to be opened.
    pub libraries: Vec<Library>,
    /// Files by which loaders find the libraries, if the image has none.
    pub loader_files: Vec<LoaderFile>,
    /// Version of the host's driver, for the decision on compat libraries of the image.
    pub host_driver_version: Option<String>,
    /// Whether to cover the driver's parameters.
    pub disable_device_node_modification: bool,
    /// Whether to write the application profile.
    pub update_application_profile: bool,
}

/// The driver's tables on the host, which must be read before a container is entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostTables {
    /// `/proc/driver/nvidia/params`.
    pub params: Option<String>,
}

impl HostTables {
    /// Reads the tables.
    ///
    /// # Errors
    /// When one exists and cannot be read.
    pub fn read() -> Result<Self> {
        Ok(Self { params: disable_device_node_modification::host_params()? })
    }
}

impl Link {
    /// Reads `TARGET::PATH`.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once("::") {
            Some((target, path)) if !target.is_empty() && !path.is_empty() && !path.contains("::") => {
                Ok(Self { target: target.to_owned(), path: path.to_owned() })
            }
            _ => Err(Failure::coded(codes::BAD_ARGUMENTS, format!("invalid symlink specification {text}"))),
        }
    }

    /// Where the link leads, seen from its directory; no file system is asked.
    #[must_use]
    pub fn destination(&self) -> String {
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let joined = if self.target.starts_with('/') {
            self.target.clone()
        } else {
            format!("{directory}/{}", self.target)
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in joined.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name),
            }
        }
        format!("/{}", parts.join("/"))
    }
}

impl Library {
    /// Reads `SONAME=PATH`.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('=') {
            Some((soname, path)) if !soname.is_empty() && !soname.contains('/') && path.starts_with('/') => {
                Ok(Self { soname: soname.to_owned(), path: path.to_owned() })
            }
            _ => Err(Failure::coded(codes::BAD_ARGUMENTS, format!("invalid library specification {text}"))),
        }
    }
}

impl Preparation {
    /// Reads the arguments that follow the hook's name.
    ///
    /// # Errors
    /// When one is unknown or malformed.
    pub fn parse(arguments: &[OsString]) -> Result<Self> {
        Self::with_specification(arguments).map(|(preparation, _)| preparation)
    }

    /// Carries the preparation out. `nodes` are the paths of the container's device nodes. To be called
    /// in the container's mount namespace, whose mounts no longer reach other namespaces.
    ///
    /// # Errors
    /// When the image stands in the way; the container must not start then.
    pub fn run(&self, root: &ContainerRoot, tables: &HostTables, nodes: &[String]) -> Result<()> {
        mounts::attach(root, &self.mounts)?;
        create_symlinks::create(root, &self.links)?;
        create_symlinks::create(root, &self.present_device_links(nodes))?;
        loader_files::provide(root, &self.loader_files)?;
        if let Some(version) = &self.host_driver_version {
            enable_cuda_compat::update(root, &enable_cuda_compat::Request::for_driver(version))?;
        }
        if !self.folders.is_empty() || !self.libraries.is_empty() {
            loader::update(root, &self.folders, loader::Known::Listed(&self.libraries, &self.links))?;
        }
        if let (true, Some(params)) = (self.disable_device_node_modification, &tables.params) {
            disable_device_node_modification::mask(root, params)?;
        }
        if self.update_application_profile {
            update_application_profile::update(root)?;
        }
        Ok(())
    }

    fn present_device_links(&self, nodes: &[String]) -> Vec<Link> {
        let present = |link: &&Link| nodes.contains(&link.destination());
        self.device_links.iter().filter(present).cloned().collect()
    }

    fn with_specification(arguments: &[OsString]) -> Result<(Self, Option<OsString>)> {
        let mut found = Self::default();
        let mut files = Vec::new();
        let specification = arguments::flags(arguments, |name, values| {
            if name == "arguments-from" {
                files.push(values.text()?);
                return Ok(true);
            }
            found.take(name, values)
        })?;
        for file in files {
            let bytes = trusted::read_owned(Path::new(&file), ARGUMENTS_LIMIT)?;
            found.add_lines(&bytes).map_err(|failure| failure.context(format!("in `{file}`")))?;
        }
        Ok((found, specification))
    }

    /// Takes more arguments, one to a line; a file of them cannot name further files.
    fn add_lines(&mut self, bytes: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Failure::coded(codes::BAD_ARGUMENTS, "not UTF-8").caused_by(error))?;
        let is_argument = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let lines: Vec<OsString> = text.lines().filter(is_argument).map(OsString::from).collect();
        arguments::flags(&lines, |name, values| self.take(name, values)).map(drop)
    }

    fn take(&mut self, name: &str, values: &mut arguments::Values<'_>) -> Result<bool> {
        match name {
            "mount" => self.mounts.push(HostMount::parse(&values.text()?)?),
            "link" => self.links.push(Link::parse(&values.text()?)?),
            "device-link" => self.device_links.push(Link::parse(&values.text()?)?),
            "folder" => self.folders.push(values.text()?),
            "library" => self.libraries.push(Library::parse(&values.text()?)?),
            "loader-file" => self.loader_files.push(LoaderFile::parse(&values.text()?)?),
            "host-driver-version" => self.host_driver_version = Some(values.text()?),
            "disable-device-node-modification" => self.disable_device_node_modification = values.on()?,
            "update-application-profile" => self.update_application_profile = values.on()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn run(arguments: &[OsString]) -> Result<()> {
    let (preparation, specification) = Preparation::with_specification(arguments)?;
    let container = Container::load(specification.as_deref())?;
    let config = container.config()?;
    let path = container.root_path(Some(&config))?;
    if !preparation.mounts.is_empty() {
        keep_mounts_inside(&path)?;
    }
    let root = ContainerRoot::open(path)?;
    let nodes: Vec<String> = config.devices().into_iter().map(|device| device.path).collect();
    preparation.run(&root, &HostTables::read()?, &nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str, path: &str) -> Link {
        Link { target: target.to_owned(), path: path.to_owned() }
    }

    #[test]
    fn links_are_pairs() {
        assert_eq!(Link::parse("a::/b").unwrap(), link("a", "/b"));
        for bad in ["a", "a::", "::b", "a::b::c", ""] {
            let failure = Link::parse(bad).unwrap_err();
            assert_eq!(failure.message(), format!("invalid symlink specification {bad}"));
        }
    }

    #[test]
    fn a_device_link_needs_its_device() {
        let preparation = Preparation {
            device_links: vec![
                link("../card0", "/dev/dri/by-path/pci-0000:07:00.0-card"),
                link("../card1", "/dev/dri/by-path/pci-0000:0f:00.0-card"),
            ],
            ..Preparation::default()
        };
        let nodes = ["/dev/nvidia1".to_owned(), "/dev/dri/card1".to_owned()];
        assert_eq!(preparation.present_device_links(&nodes), preparation.device_links[1..]);
    }

    #[test]
    fn arguments_become_a_preparation() {
        let line = "--link x.so.1::/lib/x.so --device-link ../card0::/dev/dri/by-path/p --folder /lib \
                    --library x.so.1=/lib/x.so.1.2 --host-driver-version=580.95.05 \
                    --disable-device-node-modification --update-application-profile";
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let preparation = Preparation::parse(&arguments).unwrap();
        assert_eq!(preparation.links, [link("x.so.1", "/lib/x.so")]);
        assert_eq!(preparation.libraries[0].soname, "x.so.1");
        assert_eq!(preparation.host_driver_version.as_deref(), Some("580.95.05"));
        assert!(preparation.disable_device_node_modification && preparation.update_application_profile);
        assert!(Preparation::parse(&["--fingerprint=x".into()]).is_err());
    }

    #[test]
    fn a_file_of_arguments_counts_as_if_it_stood_in_the_line() {
        let mut preparation = Preparation::parse(&["--folder=/first".into()]).unwrap();
        let text = "# by hand\n\n--folder=/second\n--mount\n/a b::/c\n--disable-device-node-modification\n";
        preparation.add_lines(text.as_bytes()).unwrap();
        assert_eq!(preparation.folders, ["/first", "/second"]);
        assert_eq!(preparation.mounts, [HostMount::parse("/a b::/c").unwrap()]);
        assert!(preparation.disable_device_node_modification);
        for bad in ["--arguments-from=/x", "--mount", "--container-specification=x", "plain", "\u{fffd}"] {
            assert!(preparation.add_lines(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(preparation.add_lines(b"\xff").is_err());
    }
}
