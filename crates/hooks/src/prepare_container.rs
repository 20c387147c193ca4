//! `prepare-container`, the fused hook: all that one GPU container needs, in one process.
//!
//! The prestart hook carries out the same [`Preparation`] after it has entered the container.

use crate::catalogue::Hook;
use crate::container::Container;
use crate::{
    arguments, codes, create_symlinks, disable_device_node_modification, enable_cuda_compat, loader,
    update_application_profile,
};
use diag::{Failure, Result};
use rootfs::ContainerRoot;
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook {
    name: "prepare-container",
    summary: Some(
        "Links, loader cache, compat libraries, masks and profiles of a GPU container in one step.",
    ),
    flags: "   --link TARGET::PATH         make the link PATH with the text TARGET\n   \
            --device-link TARGET::PATH  the same, if the container has the device that the link leads to\n   \
            --folder DIR                a directory of injected libraries\n   \
            --library SONAME=PATH       an injected library\n   \
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

/// What a container needs besides mounts and device nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Links to make.
    pub links: Vec<Link>,
    /// Links to make if the device node that they lead to is in the container.
    pub device_links: Vec<Link>,
    /// Directories of injected libraries.
    pub folders: Vec<String>,
    /// Injected libraries; so no ELF file has to be opened.
    pub libraries: Vec<Library>,
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

    /// Carries the preparation out. `nodes` are the paths of the container's device nodes.
    ///
    /// # Errors
    /// When the image stands in the way; the container must not start then.
    pub fn run(&self, root: &ContainerRoot, tables: &HostTables, nodes: &[String]) -> Result<()> {
        create_symlinks::create(root, &self.links)?;
        create_symlinks::create(root, &self.present_device_links(nodes))?;
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
        let specification = arguments::flags(arguments, |name, values| {
            match name {
                "link" => found.links.push(Link::parse(&values.text()?)?),
                "device-link" => found.device_links.push(Link::parse(&values.text()?)?),
                "folder" => found.folders.push(values.text()?),
                "library" => found.libraries.push(Library::parse(&values.text()?)?),
                "host-driver-version" => found.host_driver_version = Some(values.text()?),
                "disable-device-node-modification" => found.disable_device_node_modification = values.on()?,
                "update-application-profile" => found.update_application_profile = values.on()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok((found, specification))
    }
}

fn run(arguments: &[OsString]) -> Result<()> {
    let (preparation, specification) = Preparation::with_specification(arguments)?;
    let container = Container::load(specification.as_deref())?;
    let config = container.config()?;
    let root = container.root(Some(&config))?;
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
}
