//! `--plan --form=shell`: run by root, it leads to the same machine as the set-up itself.

use super::machine::{Place, write};
use diag::{Result, ResultExt};
use std::fs;

const SCRIPT: &str = "/root/plan.sh";

/// The set-up is the measure; what differs is its own record, and what each run makes anew.
pub(super) fn same(place: &mut Place) -> Result<()> {
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    let measure = place.state()?;
    place.ends(&place.undo(), 0)?;
    let (clean, installed) = (place.state()?, place.installed()?);
    let script = place.ends(&place.setup("--plan --form=shell"), 0)?;
    write(SCRIPT, &script)?;
    let ran =
        place.ends(&format!("sh -n {SCRIPT} && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh {SCRIPT}"), 0)?;
    place.has_gpu(&ran)?;
    fs::remove_file(SCRIPT).context("cannot remove the script")?;
    place.ends("rm -rf /var/lib/longshore/setup /var/lib/longshore/journal", 0)?;
    place.is_like(&measure, OWN)?;
    // The way back is that of `setup` only: the set-up that finds all done has nothing to take back.
    place.only(&installed)?;
    place.is_as(&clean)
}

const OWN: &[&str] = &["/var/lib/longshore"];
