//! Device programs of cgroup version 2, as values.

use std::fmt;

/// One instruction, as the kernel takes it (`struct bpf_insn` of `linux/bpf.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instruction {
    code: u8,
    /// Destination in the low, source in the high half.
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// A character device to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Major number.
    pub(super) major: u32,
    /// Minor number.
    pub(super) minor: u32,
    /// What may be done.
    pub(super) access: Access,
}

/// Bits of an access, as `BPF_DEVCG_ACC_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access(u8);

const MAKE: u8 = 1;
const READ: u8 = 2;
const WRITE: u8 = 4;
/// `BPF_DEVCG_DEV_CHAR`.
const CHARACTER_DEVICE: i32 = 2;

impl Access {
    /// The letters `r`, `w`, `m`; others do not count. Nothing given is reading and writing.
    pub(super) fn parse(letters: Option<&str>) -> Self {
        let bits = |letters: &str| {
            letters.bytes().fold(0, |bits, letter| {
                bits | match letter {
                    b'r' => READ,
                    b'w' => WRITE,
                    b'm' => MAKE,
                    _ => 0,
                }
            })
        };
        Self(letters.filter(|letters| !letters.is_empty()).map_or(READ | WRITE, bits))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(READ, "r"), (WRITE, "w"), (MAKE, "m")];
        letters.iter().filter(|(bit, _)| self.0 & bit != 0).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl fmt::Display for Rule {
    /// As version 1 takes it: `c 195:0 rw`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c {}:{} {}", self.major, self.minor, self.access)
    }
}

/// The program with the rules in front: what one of them allows is allowed, all else is left to the
/// program. Only registers that a program may not rely on are written (all but 1 and 10).
pub(super) fn widened(program: &[Instruction], rules: &[Rule]) -> Vec<Instruction> {
    let mut widened = Vec::with_capacity(program.len() + 5 + rules.len() * 8);
    // `struct bpf_cgroup_dev_ctx`: type in the low, access in the high half; major; minor.
    widened.extend([
        load_word(2, 0),
        copy(3, 2),
        with_constant(AND, 2, 0xffff),
        with_constant(SHIFT_RIGHT, 3, 16),
        load_word(4, 4),
        load_word(5, 8),
    ]);
    for rule in rules {
        widened.extend(rule_block(*rule));
    }
    widened.extend_from_slice(program);
    widened
}

fn rule_block(rule: Rule) -> [Instruction; 8] {
    let forbidden = i32::from(!rule.access.0 & (MAKE | READ | WRITE));
    [
        skip_unless_equal(2, CHARACTER_DEVICE, 7),
        skip_unless_equal(4, rule.major.cast_signed(), 6),
        skip_unless_equal(5, rule.minor.cast_signed(), 5),
        copy(0, 3),
        with_constant(AND, 0, forbidden),
        skip_unless_equal(0, 0, 2),
        with_constant(MOVE, 0, 1),
        Instruction { code: EXIT, ..Instruction::default() },
    ]
}

const LOAD_WORD: u8 = 0x61;
const AND: u8 = 0x57;
const SHIFT_RIGHT: u8 = 0x77;
const MOVE: u8 = 0xb7;
const COPY: u8 = 0xbf;
const JUMP_UNLESS_EQUAL: u8 = 0x55;
const EXIT: u8 = 0x95;

fn load_word(register: u8, offset: i16) -> Instruction {
    Instruction { code: LOAD_WORD, registers: register | 1 << 4, offset, immediate: 0 }
}

fn copy(to: u8, from: u8) -> Instruction {
    Instruction { code: COPY, registers: to | from << 4, offset: 0, immediate: 0 }
}

fn with_constant(code: u8, register: u8, immediate: i32) -> Instruction {
    Instruction { code, registers: register, offset: 0, immediate }
}

fn skip_unless_equal(register: u8, immediate: i32, count: i16) -> Instruction {
    Instruction { code: JUMP_UNLESS_EQUAL, registers: register, offset: count, immediate }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program answers to an access; a small interpreter of the instructions used here.
    fn answer(program: &[Instruction], kind: u64, access: u64, major: u64, minor: u64) -> u64 {
        let context = [access << 16 | kind, major, minor];
        let mut registers = [0_u64; 11];
        let mut at = 0;
        loop {
            let instruction = program[at];
            let to = usize::from(instruction.registers & 15);
            let from = usize::from(instruction.registers >> 4);
            let constant = i64::from(instruction.immediate).cast_unsigned();
            match instruction.code {
                LOAD_WORD => registers[to] = context[instruction.offset as usize / 4],
                COPY => registers[to] = registers[from],
                AND => registers[to] &= constant,
                SHIFT_RIGHT => registers[to] >>= constant,
                MOVE => registers[to] = constant,
                JUMP_UNLESS_EQUAL if registers[to] != constant => at += instruction.offset as usize,
                JUMP_UNLESS_EQUAL => {}
                EXIT => return registers[0],
                other => panic!("instruction {other:#x}"),
            }
            at += 1;
        }
    }

    fn rule(major: u32, minor: u32, access: &str) -> Rule {
        Rule { major, minor, access: Access::parse(Some(access)) }
    }

    #[test]
    fn only_the_wanted_accesses_are_added() {
        let refuse_all = [with_constant(MOVE, 0, 0), Instruction { code: EXIT, ..Instruction::default() }];
        let program = widened(&refuse_all, &[rule(195, 0, "rw"), rule(510, 1, "r")]);
        let (read, write, make) = (u64::from(READ), u64::from(WRITE), u64::from(MAKE));
        let table = [
            (2, read, 195, 0, 1),
            (2, read | write, 195, 0, 1),
            (2, make, 195, 0, 0),
            (2, read | make, 195, 0, 0),
            (2, read, 195, 1, 0),
            (2, read, 196, 0, 0),
            (1, read, 195, 0, 0),
            (2, read, 510, 1, 1),
            (2, write, 510, 1, 0),
        ];
        for (kind, access, major, minor, expected) in table {
            assert_eq!(
                answer(&program, kind, access, major, minor),
                expected,
                "{kind} {access} {major}:{minor}"
            );
        }
    }

    #[test]
    fn what_the_program_allowed_stays_allowed() {
        let allow_all = [with_constant(MOVE, 0, 1), Instruction { code: EXIT, ..Instruction::default() }];
        let program = widened(&allow_all, &[rule(195, 0, "r")]);
        assert_eq!(answer(&program, 1, 7, 8, 0), 1);
        assert_eq!(answer(&program, 2, 4, 195, 0), 1);
    }

    #[test]
    fn rules_are_written_for_version_1() {
        assert_eq!(rule(195, 255, "rwm").to_string(), "c 195:255 rwm");
        assert_eq!(Rule { major: 1, minor: 2, access: Access::parse(None) }.to_string(), "c 1:2 rw");
        assert_eq!(Rule { major: 1, minor: 2, access: Access::parse(Some("")) }.to_string(), "c 1:2 rw");
    }
}
