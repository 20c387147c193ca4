//! Every program that a set-up may run as root, and what for. Another one is not run; the table in
//! `docs/setup.md` is made from this one.

/// Path and purpose.
pub const PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/apt-get", "installing and removing packages on Debian, Ubuntu and their relatives"),
    ("/usr/bin/apt-mark", "marking a package that comes back as one that others need"),
    ("/usr/bin/dpkg", "finishing what was interrupted; purging packages on the way back"),
    ("/usr/bin/dnf", "installing and removing packages on Fedora, RHEL and their relatives"),
    ("/usr/bin/zypper", "installing and removing packages on openSUSE and SLES"),
    ("/usr/bin/rpm", "listing packages; removing keys and our own package on the way back"),
    ("/usr/bin/pacman", "installing and removing packages on Arch Linux"),
    ("/usr/bin/ubuntu-drivers", "the driver on Ubuntu; shown only"),
    ("/usr/bin/modprobe", "the kernel module where nothing else is known; shown only"),
    ("/usr/bin/snap", "removing Docker's snap; shown only"),
    ("/usr/bin/install", "making the folder for the key of Docker's repository"),
    ("/usr/bin/curl", "fetching that key, over HTTPS"),
    ("/bin/rm", "removing that key, and what a removed Docker leaves behind, on the way back"),
    ("/usr/bin/find", "emptying apt's downloaded lists when they are damaged"),
    ("/usr/bin/systemctl", "starting, restarting and enabling units, and looking at them"),
    ("/usr/bin/loginctl", "letting the Docker of a user run without a login"),
    ("/usr/sbin/usermod", "membership in the group docker"),
    ("/usr/bin/gpasswd", "ending that membership on the way back"),
    ("/usr/sbin/groupdel", "removing a group docker that Docker's package made and left"),
    (
        "/usr/sbin/runuser",
        "what is done as the user who called: client settings, credential helpers, Docker without root",
    ),
    ("/usr/bin/longshore", "repairing the client's settings of root"),
];

/// Whether a set-up may run it.
pub(crate) fn is_allowed(program: &str) -> bool {
    PROGRAMS.iter().any(|(path, _)| *path == program)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests write the table when they are told to")]

    use super::*;
    use std::fs;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/setup.md");
    const START: &str = "| program | for |\n| --- | --- |\n";

    /// `UPDATE_CASES=1` writes it.
    #[test]
    fn the_table_in_the_documentation_is_this_one() {
        let rows: String = PROGRAMS.iter().map(|(path, what)| format!("| `{path}` | {what} |\n")).collect();
        let page = fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once(START).unwrap();
        let after: String = rest.split_inclusive('\n').skip_while(|line| line.starts_with('|')).collect();
        let wanted = format!("{before}{START}{rows}{after}");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(PAGE, &wanted).unwrap();
        }
        assert!(
            page == wanted || std::env::var_os("UPDATE_CASES").is_some(),
            "docs/setup.md is stale: UPDATE_CASES=1 makes its table anew"
        );
    }
}
