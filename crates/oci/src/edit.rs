//! What is changed in a configuration. Each editor does what the reference library of the Container
//! Device Interface does to the same part, so that engines see the same result.

use crate::Config;
use crate::model::{Device, DeviceRule, Hook, Mount, Stage};
use crate::node::{Node, invalid};
use diag::Result;

impl Config {
    /// Appends `KEY=value` to `process.env`; an earlier entry of the same name stays.
    ///
    /// # Errors
    /// `process` or `process.env` has an unexpected form.
    pub fn push_env(&mut self, entry: &str) -> Result<()> {
        self.push(&["process", "env"], Node::of(&entry)?)
    }

    /// Puts a node into `linux.devices`, in place of one with the same path, at the end.
    ///
    /// # Errors
    /// `linux` or `linux.devices` has an unexpected form.
    pub fn set_device(&mut self, device: &Device) -> Result<()> {
        self.set_devices(std::slice::from_ref(device))
    }

    /// Does [`Config::set_device`] for many nodes at once, which is much quicker.
    ///
    /// # Errors
    /// As for [`Config::set_device`].
    pub fn set_devices(&mut self, devices: &[Device]) -> Result<()> {
        let present = self.devices().into_iter().map(|device| device.path).collect();
        self.replace(&["linux", "devices"], present, devices, |device| &device.path)
    }

    /// Appends a rule to `linux.resources.devices`.
    ///
    /// # Errors
    /// `linux`, `linux.resources` or `linux.resources.devices` has an unexpected form.
    pub fn allow_device(&mut self, rule: &DeviceRule) -> Result<()> {
        self.push(&["linux", "resources", "devices"], Node::of(rule)?)
    }

    /// Puts a mount at the end of `mounts`, in place of one with the same destination. Call
    /// [`Config::sort_mounts`] after the last one.
    ///
    /// # Errors
    /// `mounts` has an unexpected form.
    pub fn add_mount(&mut self, mount: &Mount) -> Result<()> {
        self.add_mounts(std::slice::from_ref(mount))
    }

    /// Does [`Config::add_mount`] for many mounts at once, which is much quicker.
    ///
    /// # Errors
    /// As for [`Config::add_mount`].
    pub fn add_mounts(&mut self, mounts: &[Mount]) -> Result<()> {
        let present = self.mounts().into_iter().map(|mount| mount.destination).collect();
        self.replace(&["mounts"], present, mounts, |mount| &mount.destination)
    }

    /// Sorts `mounts` by the depth of the destination, otherwise keeping the order, so that a mount
    /// never hides one that was made before it below the same directory.
    ///
    /// # Errors
    /// `mounts` has an unexpected form.
    pub fn sort_mounts(&mut self) -> Result<()> {
        let present = self.mounts().into_iter().map(|mount| mount.destination).collect();
        let named = self.take_named(&["mounts"], present)?;
        let mut rest: Vec<(usize, Node)> =
            named.into_iter().map(|(destination, item)| (path_depth(&destination), item)).collect();
        let items = self.items(&["mounts"])?;
        for wanted in 1.. {
            let (now, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(depth, _)| *depth <= wanted);
            items.extend(now.into_iter().map(|(_, item)| item));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Appends a hook to `hooks.<stage>`.
    ///
    /// # Errors
    /// `hooks` or the stage's list has an unexpected form.
    pub fn push_hook(&mut self, stage: Stage, hook: &Hook) -> Result<()> {
        self.push(&["hooks", stage.name()], Node::of(hook)?)
    }

    /// Puts a hook before all others of `hooks.<stage>`.
    ///
    /// # Errors
    /// `hooks` or the stage's list has an unexpected form.
    pub fn insert_hook(&mut self, stage: Stage, hook: &Hook) -> Result<()> {
        let hook = Node::of(hook)?;
        self.items(&["hooks", stage.name()])?.insert(0, hook);
        Ok(())
    }

    /// Removes the hooks of a stage whose path satisfies `unwanted`, and says how many.
    ///
    /// # Errors
    /// `hooks` or the stage's list has an unexpected form.
    pub fn remove_hooks(&mut self, stage: Stage, unwanted: impl Fn(&str) -> bool) -> Result<usize> {
        let goes: Vec<bool> = self.hooks(stage).iter().map(|hook| unwanted(&hook.path)).collect();
        let found = goes.iter().filter(|goes| **goes).count();
        if found > 0 {
            let mut goes = goes.into_iter();
            self.items(&["hooks", stage.name()])?.retain(|_| !goes.next().unwrap_or_default());
        }
        Ok(found)
    }

    /// Adds a supplementary group to `process.user.additionalGids` unless it is there.
    ///
    /// # Errors
    /// `process.user` has an unexpected form.
    pub fn add_gid(&mut self, gid: u32) -> Result<()> {
        if self.user().additional_gids.contains(&gid) {
            return Ok(());
        }
        self.push(&["process", "user", "additionalGids"], Node::of(&gid)?)
    }

    /// Sets a whole member of `linux` for which there is no editor of its own.
    ///
    /// # Errors
    /// `linux` has an unexpected form, or the value cannot be written as JSON.
    pub fn set_linux(&mut self, key: &str, value: &impl serde::Serialize) -> Result<()> {
        let value = Node::of(value)?;
        *self.at(&["linux", key])? = value;
        Ok(())
    }

    fn push(&mut self, path: &[&str], item: Node) -> Result<()> {
        self.items(path)?.push(item);
        Ok(())
    }

    /// Puts items at the end of a list, each in place of the first one with the same name; `present`
    /// are the names of the items that are there.
    fn replace<T: serde::Serialize>(
        &mut self,
        path: &[&str],
        present: Vec<String>,
        new: &[T],
        name: impl Fn(&T) -> &String,
    ) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let nodes = new.iter().map(Node::of).collect::<Result<Vec<_>>>()?;
        let mut named = self.take_named(path, present)?;
        for (item, node) in new.iter().zip(nodes) {
            if let Some(at) = named.iter().position(|(known, _)| known == name(item)) {
                named.remove(at);
            }
            named.push((name(item).clone(), node));
        }
        *self.items(path)? = named.into_iter().map(|(_, item)| item).collect();
        Ok(())
    }

    /// Takes the items of a list out, each with its name. The names come from the typed reader, which
    /// engines agree with, and not from taking the item apart: that refuses a key that stands twice,
    /// also where nobody looks at it.
    fn take_named(&mut self, path: &[&str], names: Vec<String>) -> Result<Vec<(String, Node)>> {
        let items = self.items(path)?;
        if items.len() != names.len() {
            return Err(invalid(&path.join("."), "holds items of another form"));
        }
        Ok(names.into_iter().zip(std::mem::take(items)).collect())
    }

    /// The list at `path`, opened and made if need be.
    fn items(&mut self, path: &[&str]) -> Result<&mut Vec<Node>> {
        self.at(path)?.open_list(&path.join("."))
    }

    fn at(&mut self, path: &[&str]) -> Result<&mut Node> {
        self.edited = true;
        let mut node = &mut self.root;
        for (position, key) in path.iter().enumerate() {
            let place = if position == 0 { "the document".to_owned() } else { path[..position].join(".") };
            node = node.member_mut(key, &place)?;
        }
        Ok(node)
    }
}

/// How many components deep a path lies; `/` and `/proc` are both 1.
fn path_depth(path: &str) -> usize {
    let mut parts = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => parts = parts.saturating_sub(1),
            _ => parts += 1,
        }
    }
    parts.max(1)
}
