//! What an image would be after the real `ldconfig`, and the judgement whether ours is the same.

use super::super::bundle::{self, Bundle};
use super::super::scratch;
use super::engine::Seen;
use super::recipe::{DEBIAN, Kind, Recipe};
use super::{SHIM, gpu_bundle};
use crate::exec::{capture, command, tail};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What a container of an image must show.
#[derive(Debug)]
pub(super) struct Expected {
    kind: Kind,
    stale: bool,
    cuda: &'static str,
    /// What `ldconfig -p` lists after the real `ldconfig`, in order.
    listed: Vec<String>,
    /// Names of the driver's files and links that a start through the shim adds.
    injected: BTreeSet<String>,
    /// What `nvidia-smi -L` prints on the host.
    gpus: String,
    /// Where the link `libcuda.so.1` of the host's driver leads.
    link: Option<PathBuf>,
}

impl Expected {
    /// Starts a container to learn what is mounted and linked, does the same to a fresh copy of the
    /// image by hand, and runs the real `ldconfig` there.
    pub(super) fn find(recipe: &Recipe, image: &Path, place: &Path) -> Result<Self> {
        let mut expected = Self {
            kind: recipe.kind,
            stale: recipe.stale,
            cuda: recipe.cuda,
            listed: Vec::new(),
            injected: BTreeSet::new(),
            gpus: capture(&mut command(["nvidia-smi", "-L"]))?,
            link: Some(
                fs::read_link(format!("{DEBIAN}/libcuda.so.1")).context("the host has no libcuda.so.1")?,
            ),
        };
        if recipe.kind != Kind::Glibc {
            return Ok(expected);
        }
        let bundle = gpu_bundle(recipe, image, "expected")?;
        bundle::run(Path::new(SHIM), &bundle, "expected")?;
        capture(command(["cp", "-a"]).arg(image).arg(place))?;
        let folders = expected.inject(&bundle, place)?;
        bundle.discard()?;
        // Further directories, such as that of VDPAU, are built into no loader: they come first.
        let further = folders.iter().filter(|folder| *folder != DEBIAN).map(|folder| format!("{folder}\n"));
        let configuration = further.chain([recipe.configuration.to_string()]).collect::<String>();
        expected.listed = real_ldconfig(place, &configuration)?;
        Ok(expected)
    }

    /// Puts copies of the mounted libraries and the links of the hook into a tree; gives the directories.
    fn inject(&mut self, bundle: &Bundle, tree: &Path) -> Result<Vec<String>> {
        let config = bundle.config()?;
        let hooks = config["hooks"]["createContainer"].as_array().into_iter().flatten();
        let words = hooks.flat_map(|hook| hook["args"].as_array().into_iter().flatten());
        let words: Vec<&str> = words.filter_map(|word| word.as_str()).collect();
        for (source, target) in mounts(&config, &words) {
            if target.contains(".so") && Path::new(source).is_file() {
                let place = self.place(tree, target);
                make_parent(&place)?;
                capture(command(["cp", "-L", "--remove-destination", source]).arg(&place))?;
            }
        }
        for link in values(&words, "--link") {
            let (text, path) = link.split_once("::").unwrap_or_default();
            let place = self.place(tree, path);
            make_parent(&place)?;
            fs::remove_file(&place)
                .or_else(crate::engines::missing_is_fine)
                .context("cannot remove a link")?;
            symlink(text, &place).with_context(|| format!("cannot link {}", place.display()))?;
        }
        Ok(values(&words, "--folder").map(str::to_string).collect())
    }

    /// Where an injected file comes to lie; its name is kept.
    fn place(&mut self, tree: &Path, path: &str) -> PathBuf {
        self.injected.extend(path.rsplit_once('/').map(|(_, name)| name.to_string()));
        tree.join(path.trim_start_matches('/'))
    }

    /// Compares what a container showed and left behind.
    pub(super) fn judge(&self, seen: &Seen) -> Result<()> {
        if seen.cuda != self.link {
            return Err(Failure::new(format!(
                "libcuda.so.1 leads to {:?}, not to the driver's {:?}: {}",
                seen.cuda,
                self.link,
                tail(&seen.stderr, 10)
            )));
        }
        match self.kind {
            Kind::Glibc => {
                self.judge_cache(&listed(seen.cache.as_deref().ok_or_else(no_cache)?)?, seen)?;
                self.judge_loader(seen)
            }
            Kind::Musl => {
                no_cache_at_all(seen)?;
                must_hold(&seen.stdout, &format!("libcuda.so.1 => {}/libcuda.so.1", self.cuda))
            }
            Kind::Static => {
                no_cache_at_all(seen)?;
                must_hold(&seen.stdout, "/libcuda.so.1")
            }
        }
    }

    fn judge_cache(&self, ours: &[String], seen: &Seen) -> Result<()> {
        let unindexed = |line: &&String| self.stale && line.trim_start().starts_with("libstale-");
        let absent = |line: &&String| seen.added.as_ref().is_some_and(|added| self.is_absent(line, added));
        let listed = self.listed.iter().filter(|line| !unindexed(line) && !absent(line));
        let wanted: Vec<&String> = listed.collect();
        if ours.iter().eq(wanted.iter().copied()) {
            return Ok(());
        }
        let missing = wanted.iter().filter(|line| !ours.contains(line)).map(|line| format!("- {line}"));
        let surplus = ours.iter().filter(|line| !wanted.contains(line)).map(|line| format!("+ {line}"));
        let mut lines: Vec<String> = missing.chain(surplus).take(12).collect();
        if lines.is_empty() {
            let pair = wanted.iter().zip(ours).find(|(wanted, ours)| wanted != &ours);
            lines.push(format!("the order differs: {pair:?}"));
        }
        Err(Failure::new(format!("the cache is not that of ldconfig\n{}", lines.join("\n"))))
    }

    /// Whether a line is of a driver's library that this start did not add.
    fn is_absent(&self, line: &str, added: &BTreeSet<String>) -> bool {
        let name = line.rsplit_once('/').map_or("", |(_, name)| name);
        self.injected.contains(name) && !added.contains(name)
    }

    /// The loader's own choice of `libcuda` and of NVML is the driver's.
    fn judge_loader(&self, seen: &Seen) -> Result<()> {
        if seen.stdout.trim() != self.gpus.trim() {
            let text = format!("{}{}", tail(&seen.stdout, 5), tail(&seen.stderr, 15));
            return Err(Failure::new(format!("nvidia-smi does not show the host's GPUs: {text}")));
        }
        for soname in ["libcuda.so.1", "libnvidia-ml.so.1"] {
            let listed =
                self.listed.iter().find(|line| line.trim_start().starts_with(&format!("{soname} (")));
            let wanted = listed.and_then(|line| Some(line.split_once(" => ")?.1)).unwrap_or_default();
            let opened = opened(&seen.stderr, soname);
            if opened != Some(wanted) {
                return Err(Failure::new(format!("the loader opened {opened:?} for {soname}, not {wanted}")));
            }
        }
        let opened = opened(&seen.stderr, "libcuda.so.1").unwrap_or_default();
        if opened.trim_start_matches("/usr").starts_with(self.cuda.trim_start_matches("/usr")) {
            return Ok(());
        }
        Err(Failure::new(format!("libcuda.so.1 comes from {opened}, not from {}", self.cuda)))
    }
}

/// The file that the loader tried last for a library: the search ends with the one that it opens.
fn opened<'a>(log: &'a str, soname: &str) -> Option<&'a str> {
    let start = log.find(&format!("find library={soname} "))?;
    let lines = log.get(start..)?.lines().skip(1);
    let search =
        lines.take_while(|line| !line.contains("find library=") && !line.contains("initialize program"));
    search.filter_map(|line| Some(line.split_once("trying file=")?.1.trim())).last()
}

fn must_hold(text: &str, words: &str) -> Result<()> {
    if text.contains(words) {
        return Ok(());
    }
    Err(Failure::new(format!("expected {words:?} in {:?}", tail(text, 10))))
}

fn no_cache() -> Failure {
    Failure::new("the container has no /etc/ld.so.cache")
}

fn no_cache_at_all(seen: &Seen) -> Result<()> {
    if seen.cache.is_none() {
        return Ok(());
    }
    Err(Failure::new("a cache was written that nothing reads"))
}

fn make_parent(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// What is mounted, by the runtime or by our hook: paths on the host and in the container.
fn mounts<'a>(config: &'a serde_json::Value, words: &'a [&'a str]) -> Vec<(&'a str, &'a str)> {
    let by_runtime = config["mounts"].as_array().into_iter().flatten();
    let by_runtime =
        by_runtime.filter_map(|mount| Some((mount["source"].as_str()?, mount["destination"].as_str()?)));
    let by_hook = values(words, "--mount").map(|text| {
        let mut parts = text.split("::");
        let host = parts.next().unwrap_or_default();
        (host, parts.next().unwrap_or(host))
    });
    by_runtime.chain(by_hook).collect()
}

/// The values of a flag, in both spellings.
fn values<'a>(words: &'a [&'a str], flag: &'a str) -> impl Iterator<Item = &'a str> {
    let apart = words.windows(2).filter(move |pair| pair[0] == flag).map(|pair| pair[1]);
    let joined = words.iter().filter_map(move |word| word.strip_prefix(flag)?.strip_prefix('='));
    apart.chain(joined)
}

/// The real `ldconfig`; the configuration names the driver's directory where nothing else does.
fn real_ldconfig(tree: &Path, configuration: &str) -> Result<Vec<String>> {
    fs::write(tree.join("etc/expected.conf"), configuration).context("cannot write the configuration")?;
    let mut ldconfig = command(["ldconfig", "-r"]);
    capture(ldconfig.arg(tree).args(["-f", "/etc/expected.conf", "-C", "/etc/expected.cache"]))?;
    listed(&fs::read(tree.join("etc/expected.cache")).context("ldconfig wrote no cache")?)
}

/// What `ldconfig -p` prints of a cache, without the count and the writer's name.
fn listed(cache: &[u8]) -> Result<Vec<String>> {
    let file = scratch("cache");
    fs::write(&file, cache).context("cannot write a copy of the cache")?;
    let text = capture(command(["ldconfig", "-p", "-C"]).arg(&file))?;
    let lines = text.lines().skip(1).filter(|line| !line.starts_with("Cache generated by"));
    // `ldconfig` of before 2.37 calls 32-bit libraries that need no C library `ELF`; loaders take both.
    Ok(lines.map(|line| line.trim().replace(" (ELF) ", " (libc6) ")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_choice_is_the_last_file_tried() {
        let log = "7:\tfind library=libcuda.so.1 [0]; searching\n7:\t search cache=/etc/ld.so.cache\n\
                   7:\t  trying file=/a/libcuda.so.1\n7:\t  trying file=/b/libcuda.so.1\n7:\n\
                   7:\tfind library=libc.so.6 [0]; searching\n7:\t  trying file=/lib/libc.so.6\n";
        assert_eq!(opened(log, "libcuda.so.1"), Some("/b/libcuda.so.1"));
        assert_eq!(opened(log, "libc.so.6"), Some("/lib/libc.so.6"));
        assert_eq!(opened(log, "libcuda.so"), None);
    }

    #[test]
    fn values_of_flags_are_found_in_both_spellings() {
        let words = ["hook", "--folder", "/a", "--link", "x::/y", "--folder=/b"];
        assert_eq!(values(&words, "--folder").collect::<Vec<_>>(), ["/a", "/b"]);
    }
}
