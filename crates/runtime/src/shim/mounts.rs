//! Who makes the mounts of a container: our fused hook, or the low-level runtime.

use super::executables;
use cdi::ContainerEdits;
use host::Host;
use settings::Settings;

/// The flag of `nvcdi-feature-flags` that leaves all mounts in `config.json`, for tools and policies
/// that look there.
const IN_SPECIFICATION: &str = "mounts-in-spec";

/// The flag that hands them to our hook under every low-level runtime.
const IN_HOOK: &str = "mounts-in-hook";

/// Hands mounts of the edits over to our hook where that is cheaper: under runc, whose own mounts cost
/// several times as much. crun makes them as fast as the hook, and of other runtimes it is not known
/// whether a hook may mount at all (those of virtual machines do not let it).
pub(super) fn hand_over(
    host: &Host,
    settings: &Settings,
    low_level: &str,
    edits: &mut ContainerEdits,
    config: &oci::Config,
) {
    let flag = |name: &str| settings.runtime.modes.jit_feature_flags.iter().any(|flag| flag == name);
    let by_hook = flag(IN_HOOK) || (is_runc(low_level) && is_executable(host, low_level));
    if by_hook && !flag(IN_SPECIFICATION) {
        let is_ours = |path: &str| executables::is_own(host, path);
        inject::mounts_to_hook(edits, &config.mounts(), is_ours);
    }
}

/// Whether the program is runc by its name, which may say more: `docker-runc`, `runc-1.2`.
fn is_runc(program: &str) -> bool {
    program.rsplit('/').next().is_some_and(|name| name.contains("runc"))
}

/// A script of that name stands before some other program, and it is not known which: mounts stay where
/// every program finds them.
fn is_executable(host: &Host, program: &str) -> bool {
    const ELF: &[u8] = b"\x7fELF";
    host.read_range(program, 0, ELF.len()).is_ok_and(|beginning| beginning == ELF)
}

#[cfg(test)]
mod tests {
    use super::is_runc;

    #[test]
    fn runc_is_known_by_its_name() {
        for (program, expected) in [
            ("/usr/sbin/runc", true),
            ("/usr/bin/docker-runc", true),
            ("/opt/runc.amd64", true),
            ("/usr/bin/crun", false),
            ("/opt/runc/bin/runsc", false),
            ("/usr/bin/kata-runtime", false),
        ] {
            assert_eq!(is_runc(program), expected, "{program}");
        }
    }
}
