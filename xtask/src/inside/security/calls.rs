//! The log of a hook's system calls: no call takes a path of the image without in-root resolution, no
//! program is executed, and what was inherited is closed before anything is opened.

use super::place::{Container, NOTHING, SEPARATE, Way, call, said, state};
use super::race::Namespace;
use crate::exec::command;
use crate::inside::check::Ledger;
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::process::Output;

/// An image in which every hook has something to do.
const IMAGE: &str = "mkdir -p usr/local/cuda/compat etc/nvidia opt; touch etc/opened
    cp usr/lib/x86_64-linux-gnu/libc.so.6 usr/local/cuda/compat/libcuda.so.999.1
    ln -s $UP$HOST/ld.so.conf.d etc/extra; echo 'include /etc/extra/*.conf' >> etc/ld.so.conf";

/// Judges the calls of the fused hook and of the separate hooks.
pub(super) fn run(job: &Job, ledger: &mut Ledger) -> Result<()> {
    ledger.check("system calls", "fused hook", || {
        let container = Container::make(job, Way::Fused, NOTHING, IMAGE, &[])?;
        let arguments = container.fused_arguments()?;
        traced(container, &arguments)
    })?;
    ledger.check("system calls", "prestart hook", || prestart(job))?;
    for line in SEPARATE {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        ledger.check("system calls", words.first().map_or("", String::as_str), || {
            traced(Container::make(job, Way::Separate, NOTHING, IMAGE, &[])?, &words)
        })?;
    }
    Ok(())
}

/// Calls the hook as an OCI runtime does, under strace, in a mount namespace that ends with it.
fn traced(container: Container<'_>, arguments: &[String]) -> Result<()> {
    let mut strace = command(["timeout", "-k", "5", "60", "unshare", "-m"]);
    strace.args(STRACE).arg(scratch(LOG)).args(["--", "/usr/bin/nvidia-cdi-hook"]).args(arguments);
    let ended = call(&mut strace, &state(&container.bundle, 0))?;
    judge_log(container, &ended)
}

/// The prestart hook, for a process in a mount namespace of its own.
fn prestart(job: &Job) -> Result<()> {
    let container = Container::make(job, Way::Prestart, NOTHING, IMAGE, &[])?;
    container.without_cgroups()?;
    let mut process = Namespace::start("slave")?;
    let mut strace = command(["timeout", "-k", "5", "60"]);
    strace.args(STRACE).arg(scratch(LOG)).args(["--", "/usr/bin/nvidia-container-runtime-hook", "prestart"]);
    let strace = strace.env_clear().env("PATH", "/usr/bin:/bin");
    let ended = call(strace, &state(&container.bundle, process.child.id()))?;
    process.end()?;
    judge_log(container, &ended)
}

const STRACE: [&str; 5] = ["strace", "-f", "-s", "4096", "-o"];
const LOG: &str = "strace.log";

fn judge_log(container: Container<'_>, ended: &Output) -> Result<()> {
    let log = scratch(LOG);
    let text = fs::read(&log).context("strace wrote no log")?;
    let root = container.bundle.path.join("rootfs").display().to_string();
    container.remove()?;
    if !ended.status.success() {
        return Err(Failure::new(said(ended)));
    }
    judge(&String::from_utf8_lossy(&text), &root)
}

/// Calls that take a path. The last quoted text of `symlinkat` is one, the first is a text only.
const PATH_CALLS: &str = " open openat openat2 stat lstat newfstatat statx readlink readlinkat mkdir mkdirat symlink \
    symlinkat link linkat unlink unlinkat rmdir rename renameat renameat2 chmod fchmodat fchmodat2 chown lchown fchownat \
    mknod mknodat access faccessat faccessat2 mount umount2 open_tree move_mount chdir chroot pivot_root truncate \
    utimensat statfs setxattr lsetxattr getxattr inotify_add_watch name_to_handle_at ";

/// Fails at the first call that it should not have made.
fn judge(log: &str, root: &str) -> Result<()> {
    let calls: Vec<&str> =
        log.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim_start())).collect();
    let position = |wanted: &str| calls.iter().position(|call| call.starts_with(wanted));
    // Rust's start looks for the end of the stack.
    let opens = |call: &&str| call.starts_with("open") && !call.contains("\"/proc/self/maps\"");
    let (closed, opened) = (position("close_range(3, 4294967295"), calls.iter().position(opens));
    if closed.is_none() || closed > opened {
        return Err(Failure::new("inherited descriptors are not closed before something is opened"));
    }
    if calls.iter().filter(|call| call.starts_with("execve")).count() != 1 {
        return Err(Failure::new("a program is executed"));
    }
    if position("openat2(").is_none() {
        return Err(Failure::new("nothing was looked up in the image: this proves nothing"));
    }
    match calls.iter().find(|call| !is_safe(call, root)) {
        None => Ok(()),
        Some(call) => Err(Failure::new(format!("not resolved inside the root: {call}"))),
    }
}

fn is_safe(call: &str, root: &str) -> bool {
    let Some((name, rest)) = call.split_once('(') else { return true };
    if !PATH_CALLS.contains(&format!(" {name} ")) {
        return true;
    }
    let quoted: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
    let paths = match name {
        "symlinkat" => quoted.get(1..).unwrap_or_default(),
        // What comes back, and the options of a file system.
        "readlink" | "readlinkat" => quoted.get(..1).unwrap_or_default(),
        "mount" => quoted.split(|text| text.is_empty()).next().unwrap_or_default(),
        _ => &quoted,
    };
    if name == "openat2" {
        return !rest.starts_with("AT_FDCWD")
            && rest.contains("RESOLVE_IN_ROOT")
            && rest.contains("RESOLVE_NO_MAGICLINKS");
    }
    paths.iter().all(|path| is_safe_path(name, rest, path, root))
}

/// An empty path is the descriptor itself; an absolute one is the host's unless it lies in the image; a
/// relative one must be a single name in a descriptor, and not be followed.
fn is_safe_path(name: &str, rest: &str, path: &str, root: &str) -> bool {
    if path.is_empty() {
        let is_open_link = name == "readlinkat" && rest.starts_with(|first: char| first.is_ascii_digit());
        return is_open_link || rest.contains("EMPTY_PATH");
    }
    if path.starts_with('/') {
        // The root is opened once, and before that taken out of the host's peer group.
        let is_root = path == root && (rest.contains("O_PATH") || rest.contains("MS_SLAVE"));
        return is_root || !(path == root || path.starts_with(&format!("{root}/")));
    }
    // A file once more that was looked up already, by our own entry in procfs.
    if name == "openat" && path.strip_prefix("self/fd/").is_some_and(|fd| fd.parse::<u32>().is_ok()) {
        return true;
    }
    let follows = match name {
        // The descriptor itself, to list it.
        "openat" if path == "." => false,
        "openat" => !rest.contains("O_NOFOLLOW"),
        "newfstatat" | "statx" => !rest.contains("AT_SYMLINK_NOFOLLOW"),
        "fchmodat" | "utimensat" | "fchownat" => true,
        "open_tree" => path != "private",
        _ => false,
    };
    // `symlinkat` has its text in front of the descriptor.
    let in_descriptor = rest.starts_with(|first: char| first.is_ascii_digit())
        || rest.starts_with('"') && name == "symlinkat";
    in_descriptor && !rest.contains("AT_FDCWD") && !path.contains('/') && path != ".." && !follows
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "/b/rootfs";

    #[test]
    fn calls_that_leave_the_root_are_seen() {
        let safe = [
            r#"openat2(4, "etc/x", {flags=O_RDONLY, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) = 5"#,
            r#"openat(AT_FDCWD, "/b/rootfs", O_RDONLY|O_PATH|O_DIRECTORY) = 4"#,
            r#"openat(AT_FDCWD, "/b/config.json", O_RDONLY) = 4"#,
            r#"mount(NULL, "/b/rootfs", NULL, MS_SLAVE, NULL) = 0"#,
            r#"mount(NULL, "/proc/self/fd/8", NULL, MS_REMOUNT|MS_BIND|MS_RELATIME, "") = 0"#,
            r#"readlinkat(AT_FDCWD, "/dev/dri/by-path/x", "../card0", 256) = 8"#,
            r#"readlinkat(5, "x", "../../y", 256) = 7"#,
            r#"readlinkat(5, "", "usr/lib", 256) = 7"#,
            r#"open_tree(AT_FDCWD, "/usr/lib/libcuda.so.1", OPEN_TREE_CLONE|AT_RECURSIVE) = 5"#,
            r#"move_mount(5, "", 6, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = 0"#,
            r#"openat(5, ".", O_RDONLY|O_DIRECTORY) = 6"#,
            r#"openat(5, "self/fd/7", O_RDONLY|O_NONBLOCK) = 6"#,
            r#"openat(5, ".x.longshore", O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW, 0600) = 6"#,
            r#"symlinkat("../../x", 5, "y") = 0"#,
            r#"renameat(5, ".x", 5, "x") = 0"#,
            r#"newfstatat(5, "", {st_mode=S_IFDIR}, AT_EMPTY_PATH) = 0"#,
            r#"write(2, "/b/rootfs/etc", 3) = 3"#,
        ];
        let unsafe_calls = [
            r#"openat2(4, "etc/x", {flags=O_RDONLY, resolve=RESOLVE_NO_MAGICLINKS}, 24) = 5"#,
            r#"openat(AT_FDCWD, "/b/rootfs/etc/x", O_RDONLY) = 4"#,
            r#"openat(AT_FDCWD, "etc/x", O_RDONLY|O_NOFOLLOW) = 4"#,
            r#"openat(5, "etc/x", O_RDONLY|O_NOFOLLOW) = 4"#,
            r#"openat(5, "x", O_RDONLY) = 4"#,
            r#"openat(5, "..", O_RDONLY|O_NOFOLLOW) = 4"#,
            r#"openat(5, "self/fd/7/x", O_RDONLY|O_NOFOLLOW) = 4"#,
            r#"newfstatat(5, "x", {st_mode=S_IFDIR}, 0) = 0"#,
            r#"symlinkat("x", AT_FDCWD, "/b/rootfs/y") = 0"#,
            r#"symlinkat("x", 5, "a/b") = 0"#,
            r#"chmod("/b/rootfs/etc/opened", 0777) = 0"#,
            r#"readlinkat(5, "a/b", "../../y", 256) = 7"#,
            r#"mkdirat(5, "..", 0755) = 0"#,
            r#"mount("x", "/b/rootfs/usr/lib/x", NULL, MS_BIND, NULL) = 0"#,
            r#"open_tree(5, "usr/lib/libcuda.so.1", OPEN_TREE_CLONE|AT_RECURSIVE) = 5"#,
        ];
        safe.iter().for_each(|call| assert!(is_safe(call, ROOT), "{call}"));
        unsafe_calls.iter().for_each(|call| assert!(!is_safe(call, ROOT), "{call}"));
    }

    #[test]
    fn programs_and_inherited_descriptors_are_seen() {
        let start = "1 execve(\"/h\", [\"h\"], 0x1) = 0\n";
        let close = "1 close_range(3, 4294967295, 0) = 0\n";
        let look = "1 openat2(4, \"x\", {resolve=RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS}, 24) = 5\n";
        assert!(judge(&format!("{start}{close}{look}"), ROOT).is_ok());
        assert!(judge(&format!("{start}{look}{close}"), ROOT).is_err());
        assert!(judge(&format!("{start}{close}{look}{start}"), ROOT).is_err());
        assert!(judge(&format!("{start}{close}"), ROOT).is_err());
    }
}
