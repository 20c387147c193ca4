//! Where the program of the hooks lies.

use host::Host;

const NAME: &str = "nvidia-cdi-hook";
const USUAL: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// An absolute path is taken as it is, also of a program that will be put there later. A name (by
/// default `nvidia-cdi-hook`) is searched in PATH and the usual directories; where it is not found, the
/// place in which packages put ours is taken.
pub(super) fn find(host: &Host, given: &str) -> String {
    if given.starts_with('/') {
        return given.to_owned();
    }
    let name = if given.is_empty() { NAME } else { given };
    let path = host.environment().get("PATH").unwrap_or_default();
    let directories = path.split(':').filter(|directory| directory.starts_with('/')).chain(USUAL);
    let candidates = directories.map(|directory| format!("{}/{name}", directory.trim_end_matches('/')));
    let executable = |path: &String| host.stat(path).ok().flatten().is_some_and(|stat| stat.is_executable());
    candidates.into_iter().find(executable).unwrap_or_else(|| format!("/usr/bin/{NAME}"))
}
