//! The bpf(2) calls that a device program needs; nothing in Rust's libraries wraps them safely.
#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper")]

use super::program::Instruction;
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::{Errno, Result};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::c_int;

// Commands, types and flags of linux/bpf.h.
const PROG_LOAD: c_int = 5;
const PROG_ATTACH: c_int = 8;
const PROG_DETACH: c_int = 9;
const PROG_GET_FD_BY_ID: c_int = 13;
const OBJ_GET_INFO_BY_FD: c_int = 15;
const PROG_QUERY: c_int = 16;
const CGROUP_DEVICE_PROGRAM: u32 = 15;
const CGROUP_DEVICE: u32 = 6;
const ALLOW_MULTI: u32 = 2;
const REPLACE: u32 = 4;

/// More programs than any group has (the kernel's own bound for one attach point).
const PROGRAMS_LIMIT: usize = 64;
/// The kernel's bound for a program of root.
const INSTRUCTIONS_LIMIT: usize = 1 << 20;

/// What is attached to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attached {
    /// Ids of the programs, in the order in which they run.
    pub(super) programs: Vec<u32>,
    /// Flags with which they were attached.
    pub(super) flags: u32,
}

/// The device programs attached to the group itself.
pub(super) fn query(group: &OwnedFd) -> Result<Attached> {
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        target: u32,
        attach_type: u32,
        query_flags: u32,
        attach_flags: u32,
        programs: u64,
        count: u32,
        padding: u32,
        attach_flags_of_programs: u64,
    }
    let mut programs = vec![0_u32; PROGRAMS_LIMIT];
    let mut attributes = Attributes {
        target: number(group.as_raw_fd()),
        attach_type: CGROUP_DEVICE,
        programs: address(programs.as_mut_ptr()),
        count: PROGRAMS_LIMIT as u32,
        ..Attributes::default()
    };
    // SAFETY: `programs` points to `count` words that live until the end of this function, and the
    // kernel writes no more of them than `count`.
    unsafe { call(PROG_QUERY, &mut attributes)? };
    programs.truncate(attributes.count as usize);
    Ok(Attached { programs, flags: attributes.attach_flags })
}

/// Opens a program by its id.
pub(super) fn open_program(id: u32) -> Result<OwnedFd> {
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        id: u32,
        next: u32,
        flags: u32,
        padding: u32,
    }
    let mut attributes = Attributes { id, ..Attributes::default() };
    // SAFETY: the attributes hold no address.
    let fd = unsafe { call(PROG_GET_FD_BY_ID, &mut attributes)? };
    // SAFETY: the call succeeded, so the kernel has made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The instructions of a program; none where the kernel hides them.
pub(super) fn instructions(program: &OwnedFd) -> Result<Vec<Instruction>> {
    let mut nothing = ProgramInformation::default();
    information(program, &mut nothing)?;
    let count = nothing.translated_length as usize / size_of::<Instruction>();
    if count > INSTRUCTIONS_LIMIT {
        return Err(Errno::TOOBIG);
    }
    let mut instructions = vec![Instruction::default(); count];
    let mut wanted = ProgramInformation {
        translated_length: nothing.translated_length,
        translated: address(instructions.as_mut_ptr()),
        ..ProgramInformation::default()
    };
    information(program, &mut wanted)?;
    // The kernel clears the address when it gives nothing out.
    let given = wanted.translated_length as usize / size_of::<Instruction>();
    if wanted.translated == 0 || given != count {
        return Ok(Vec::new());
    }
    Ok(instructions)
}

/// Loads a device program.
pub(super) fn load(instructions: &[Instruction]) -> Result<OwnedFd> {
    match try_load(instructions) {
        // Before Linux 5.11 programs count against the limit of locked memory.
        Err(Errno::PERM) => {
            setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None })?;
            try_load(instructions)
        }
        other => other,
    }
}

/// Puts `new` in the place of `old`. Where the kernel cannot do that in one step (before 5.6) the
/// new one is attached first: while both are, an access must be allowed by both.
pub(super) fn replace(group: &OwnedFd, old: &OwnedFd, new: &OwnedFd, flags: u32) -> Result<()> {
    if flags & ALLOW_MULTI == 0 {
        // Only one program can be attached in this way; attaching replaces it.
        return attachment(PROG_ATTACH, group, new, flags, None);
    }
    match attachment(PROG_ATTACH, group, new, ALLOW_MULTI | REPLACE, Some(old)) {
        Err(Errno::INVAL) => {
            attachment(PROG_ATTACH, group, new, ALLOW_MULTI, None)?;
            attachment(PROG_DETACH, group, old, 0, None)
        }
        other => other,
    }
}

fn try_load(instructions: &[Instruction]) -> Result<OwnedFd> {
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        kind: u32,
        count: u32,
        instructions: u64,
        license: u64,
        log_level: u32,
        log_size: u32,
        log: u64,
        kernel_version: u32,
        flags: u32,
    }
    let mut attributes = Attributes {
        kind: CGROUP_DEVICE_PROGRAM,
        count: u32::try_from(instructions.len()).unwrap_or(u32::MAX),
        instructions: instructions.as_ptr() as u64,
        license: c"Apache-2.0".as_ptr() as u64,
        ..Attributes::default()
    };
    // SAFETY: `instructions` and the license are live and of the stated length; the kernel only
    // reads them. No log is asked for.
    let fd = unsafe { call(PROG_LOAD, &mut attributes)? };
    // SAFETY: the call succeeded, so the kernel has made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn attachment(
    command: c_int,
    group: &OwnedFd,
    program: &OwnedFd,
    flags: u32,
    replaced: Option<&OwnedFd>,
) -> Result<()> {
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        target: u32,
        program: u32,
        attach_type: u32,
        flags: u32,
        replaced: u32,
    }
    let mut attributes = Attributes {
        target: number(group.as_raw_fd()),
        program: number(program.as_raw_fd()),
        attach_type: CGROUP_DEVICE,
        flags,
        replaced: replaced.map_or(0, |fd| number(fd.as_raw_fd())),
    };
    // SAFETY: the attributes hold no address.
    unsafe { call(command, &mut attributes).map(drop) }
}

/// The beginning of `struct bpf_prog_info`.
#[repr(C)]
#[derive(Default)]
struct ProgramInformation {
    kind: u32,
    id: u32,
    tag: [u8; 8],
    machine_code_length: u32,
    translated_length: u32,
    machine_code: u64,
    translated: u64,
}

/// The kernel reads from `wanted` where it is to write the instructions, and fills it in.
fn information(program: &OwnedFd, wanted: &mut ProgramInformation) -> Result<()> {
    #[repr(C)]
    struct Attributes {
        program: u32,
        length: u32,
        information: u64,
    }
    let mut attributes = Attributes {
        program: number(program.as_raw_fd()),
        length: size_of::<ProgramInformation>() as u32,
        information: address(&raw mut *wanted),
    };
    // SAFETY: `information` points to a live structure of the stated length. Its own address, when it
    // is not zero, points to `translated_length` bytes that the caller keeps alive; without
    // instructions wanted that length is zero.
    unsafe { call(OBJ_GET_INFO_BY_FD, &mut attributes).map(drop) }
}

/// bpf(2).
///
/// # Safety
/// Every address in `attributes` must be valid for what the command does with it.
unsafe fn call<T>(command: c_int, attributes: &mut T) -> Result<RawFd> {
    // SAFETY: `attributes` is a live structure without gaps whose true size is passed; what it points
    // to is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attributes, size_of::<T>()) };
    if result < 0 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL));
    }
    RawFd::try_from(result).ok().ok_or(Errno::INVAL)
}

fn number(fd: RawFd) -> u32 {
    fd.cast_unsigned()
}

fn address<T>(pointer: *mut T) -> u64 {
    pointer as u64
}
