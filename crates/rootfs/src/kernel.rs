//! File systems made by the kernel: a link of the image that leads there is a trap. Making something there
//! acts on the machine, and reading can too: who reads the kernel's log takes it from others.

use rustix::fd::AsFd;
use rustix::fs::fstatfs;
use rustix::io::Result;

/// `PROC_SUPER_MAGIC`.
const PROC: u64 = 0x9fa0;

/// Numbers from `linux/magic.h`.
const KERNEL_FILE_SYSTEMS: &[u64] = &[
    PROC,
    0x6265_6572, // sysfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x7363_6673, // securityfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0xcafe_4a11, // bpf
    0x1980_0202, // mqueue
    0x6265_6570, // configfs
    0xde5e_81e4, // efivarfs
    0x6165_676c, // pstore
    0x0765_5821, // resctrl
    0x4249_4e4d, // binfmt_misc
    0xf97c_ff8c, // selinuxfs
    0x6573_5543, // fusectl
];

/// Whether the open thing lies on one of them.
pub(crate) fn is_of_kernel(fd: impl AsFd) -> Result<bool> {
    number(fd).map(|number| KERNEL_FILE_SYSTEMS.contains(&number))
}

/// Whether the open thing is of procfs.
pub(crate) fn is_proc(fd: impl AsFd) -> Result<bool> {
    number(fd).map(|number| number == PROC)
}

#[expect(clippy::cast_sign_loss, reason = "file system numbers are bit patterns of 32 bits")]
fn number(fd: impl AsFd) -> Result<u64> {
    Ok(fstatfs(fd)?.f_type as u64 & 0xffff_ffff)
}
