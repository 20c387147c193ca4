//! The loader's order of entries: descending by name, then by flags, then the specialised first.
//!
//! Names compare as in glibc's `_dl_cache_libcmp`: runs of digits by value, so that
//! `libfoo.so.10` follows `libfoo.so.9`; a digit is above every other byte; other bytes are
//! compared as the machine's `char`, which is signed on x86 and unsigned on ARM.

use super::Entry;
use std::cmp::Ordering;
use std::ffi::c_char;

/// Compares two library names as the loader of this machine does. It is a total preorder: names that
/// differ only in leading zeros of a number are equal.
#[must_use]
pub fn compare_names(left: &[u8], right: &[u8]) -> Ordering {
    compare(left, right, |byte| i16::from(c_char::from_ne_bytes([byte])))
}

/// The same with a machine's own idea of which byte is how large.
fn compare(left: &[u8], right: &[u8], value: fn(u8) -> i16) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (a, b) = (next_token(&mut left, value), next_token(&mut right, value));
        let order = a.cmp(&b);
        if order != Ordering::Equal || a == Token::END {
            return order;
        }
    }
}

/// Compares two entries by their place in the file, as far as names, flags and specialisation
/// tell. Entries that are equal here stand in the order in which the loader finds them.
#[must_use]
pub fn compare_entries(left: &Entry<'_>, right: &Entry<'_>) -> Ordering {
    compare_names(right.soname, left.soname)
        .then_with(|| right.flags.cmp(&left.flags))
        .then_with(|| (right.hwcap != 0).cmp(&(left.hwcap != 0)))
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Byte(i16),
    Number(i32),
}

impl Token {
    /// The end of a name compares as its terminating zero byte.
    const END: Self = Self::Byte(0);
}

/// Takes one byte or one run of digits. Values wrap at 32 bits as they do in the loader.
fn next_token(name: &mut &[u8], value: fn(u8) -> i16) -> Token {
    let Some((first, rest)) = name.split_first() else { return Token::END };
    if !first.is_ascii_digit() {
        *name = rest;
        return Token::Byte(value(*first));
    }
    let length = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = name.split_at(length);
    *name = rest;
    let number = digits
        .iter()
        .fold(0_i32, |value, digit| value.wrapping_mul(10).wrapping_add(i32::from(*digit) - i32::from(b'0')));
    Token::Number(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_in_the_loader() {
        use Ordering::{Equal, Greater, Less};
        // On x86, and on ARM.
        let machines: [fn(u8) -> i16; 2] = [|byte| i16::from(byte.cast_signed()), i16::from];
        let table = [
            ("libc.so.6", "libc.so.6", [Equal; 2]),
            ("libfoo.so.9", "libfoo.so.10", [Less; 2]),
            ("libfoo.so.09", "libfoo.so.9", [Equal; 2]),
            ("libfoo.so", "libfoo.so.1", [Less; 2]),
            ("libfoo1", "libfoo.so", [Greater; 2]),
            ("libA.so", "liba.so", [Less; 2]),
            ("lib\u{e9}.so", "liba.so", [Less, Greater]),
            ("lib\u{e9}.so", "lib", [Less, Greater]),
            ("lib\u{e9}.so", "lib1.so", [Less; 2]),
            ("lib4294967297.so", "lib1.so", [Equal; 2]),
            ("", "", [Equal; 2]),
            ("", "a", [Less; 2]),
        ];
        for (left, right, expected) in table {
            for (value, expected) in machines.into_iter().zip(expected) {
                let (a, b) = (left.as_bytes(), right.as_bytes());
                assert_eq!(compare(a, b, value), expected, "{left} against {right}");
                assert_eq!(compare(b, a, value), expected.reverse(), "{right} against {left}");
            }
        }
    }

    #[test]
    fn specialised_entries_come_before_ordinary_ones() {
        let ordinary =
            Entry { soname: b"libz.so.1", path: b"/lib/libz.so.1", flags: 3, os_version: 0, hwcap: 0 };
        let specialised = Entry { hwcap: super::super::HWCAP_EXTENSION, ..ordinary };
        let wider = Entry { flags: 0x303, ..ordinary };
        assert_eq!(compare_entries(&specialised, &ordinary), Ordering::Less);
        assert_eq!(compare_entries(&wider, &specialised), Ordering::Less);
        assert_eq!(compare_entries(&ordinary, &ordinary), Ordering::Equal);
    }
}
