//! Which package a missing file belongs to, and whether the driver was changed.

use formats::dpkg;
use host::{Host, exec};
use std::time::Duration;

const DPKG_LISTS: &str = "/var/lib/dpkg/info";
const RPM: &str = "/usr/bin/rpm";

/// The package that the database of packages says owns the file, in words.
pub(super) fn of(host: &Host, path: &str) -> Option<String> {
    of_dpkg(host, path).or_else(|| of_rpm(host, path))
}

fn of_dpkg(host: &Host, path: &str) -> Option<String> {
    let entries = host.list_optional(DPKG_LISTS).ok()??;
    // On a merged /usr the database may know the file by its old place.
    let places = [Some(path), path.strip_prefix("/usr").filter(|rest| rest.starts_with("/lib"))];
    let owner = |name: &str| {
        let package = dpkg::of_list(name)?;
        let bytes = host.read_optional(&format!("{DPKG_LISTS}/{name}")).ok()??;
        let text = String::from_utf8_lossy(&bytes);
        places.into_iter().flatten().any(|place| dpkg::lists(&text, place)).then(|| package.to_owned())
    };
    let package = entries.iter().find_map(|entry| owner(&entry.name))?;
    Some(format!("the installed package {package}: reinstall it"))
}

/// The database of rpm has no plain form; its own program reads it.
fn of_rpm(host: &Host, path: &str) -> Option<String> {
    if !host.is_live() || !host.exists(RPM) {
        return None;
    }
    let command = exec::Command::new(RPM)
        .args(["-qf", "--queryformat", "%{NAME}-%{VERSION}-%{RELEASE}\n", path])
        .deadline(Duration::from_secs(5));
    let output = command.run().ok().filter(exec::Output::success)?;
    let package = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    Some(format!("the installed package {package}: reinstall it"))
}

/// The missing files carry one driver version and the machine's driver another one.
pub(super) fn driver_change(host: &Host, missing: &[&str]) -> Option<String> {
    let was = missing.iter().find_map(|path| version_of(path))?;
    let (driver, _) = discover::sweep(host, &discover::Options::default(), None);
    let is = driver.version?;
    (is != was).then(|| format!("the file was written for driver {was}, this machine has {is}"))
}

/// `580.95.05` of `/usr/lib/libcuda.so.580.95.05`.
fn version_of(path: &str) -> Option<&str> {
    let (_, version) = path.rsplit_once(".so.")?;
    let numbers = version.split('.').collect::<Vec<_>>();
    let driver = numbers.len() >= 2
        && numbers.iter().all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        && numbers.first().is_some_and(|first| first.len() == 3);
    driver.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_drivers_are_told_from_others() {
        assert_eq!(version_of("/usr/lib/libcuda.so.580.95.05"), Some("580.95.05"));
        for other in
            ["/usr/lib/libcuda.so.1", "/usr/lib/libnvidia-egl-wayland.so.1.1.19", "/usr/bin/nvidia-smi"]
        {
            assert_eq!(version_of(other), None, "{other}");
        }
    }
}
