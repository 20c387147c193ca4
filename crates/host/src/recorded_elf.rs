//! The smallest shared library that says its SONAME: what a recorded machine answers for a library
//! whose real bytes nobody wants in a repository.
//!
//! Layout (System V ABI, chapters 4 and 5): file header, one `PT_LOAD` and one `PT_DYNAMIC` program
//! header, the dynamic section (`DT_SONAME`, `DT_STRTAB`, `DT_STRSZ`, `DT_NULL`), the string table.

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const DT_NULL: u64 = 0;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;
const DT_SONAME: u64 = 14;

/// A little-endian library of `bits` (32: i386, 64: x86-64); an empty `soname` makes one without.
pub(crate) fn image(bits: u8, soname: &str) -> Vec<u8> {
    let wide = bits == 64;
    let (header, program, word) = if wide { (64, 56, 8) } else { (52, 32, 4) };
    let strings = [b"\0", soname.as_bytes(), b"\0"].concat();
    let dynamic_at = header + 2 * program;
    let mut dynamic = vec![];
    if !soname.is_empty() {
        dynamic.push((DT_SONAME, 1));
    }
    let strings_at = dynamic_at + (dynamic.len() as u64 + 3) * 2 * word;
    dynamic.extend([(DT_STRTAB, strings_at), (DT_STRSZ, strings.len() as u64), (DT_NULL, 0)]);
    let end = strings_at + strings.len() as u64;

    let mut out = Writer { wide, bytes: file_header(wide) };
    out.program_header(PT_LOAD, 0, end);
    out.program_header(PT_DYNAMIC, dynamic_at, strings_at - dynamic_at);
    for (tag, value) in dynamic {
        out.word(tag);
        out.word(value);
    }
    out.bytes.extend_from_slice(&strings);
    out.bytes
}

fn file_header(wide: bool) -> Vec<u8> {
    let class = if wide { 2 } else { 1 };
    let mut out =
        Writer { wide, bytes: vec![0x7f, b'E', b'L', b'F', class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
    let (machine, header, program, section) = if wide { (62, 64, 56, 64) } else { (3, 52, 32, 40) };
    out.half(3); // ET_DYN
    out.half(machine);
    out.int(1); // EV_CURRENT
    out.word(0); // entry
    out.word(u64::from(header));
    out.word(0); // no section headers
    out.int(0); // flags
    for value in [header, program, 2, section, 0, 0] {
        out.half(value);
    }
    out.bytes
}

struct Writer {
    wide: bool,
    bytes: Vec<u8>,
}

impl Writer {
    fn half(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn int(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn word(&mut self, value: u64) {
        let width = if self.wide { 8 } else { 4 };
        self.bytes.extend_from_slice(value.to_le_bytes().get(..width).unwrap_or_default());
    }

    /// Flags stand before the offset in 64-bit files and after the sizes in 32-bit ones.
    fn program_header(&mut self, kind: u32, offset: u64, size: u64) {
        self.int(kind);
        if self.wide {
            self.int(4);
        }
        for value in [offset, offset, offset, size, size] {
            self.word(value);
        }
        if !self.wide {
            self.int(4);
        }
        self.word(8);
    }
}

#[cfg(test)]
mod tests {
    use super::image;

    #[test]
    fn both_classes_have_the_sizes_of_the_standard() {
        assert_eq!(image(64, "libcuda.so.1").len(), 64 + 2 * 56 + 4 * 16 + 14);
        assert_eq!(image(32, "libcuda.so.1").len(), 52 + 2 * 32 + 4 * 8 + 14);
        assert_eq!(image(64, "").len(), 64 + 2 * 56 + 3 * 16 + 2);
    }
}
