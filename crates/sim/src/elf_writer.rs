//! Writes small ELF files: shared objects that the dynamic loader loads and `ldconfig` lists, and a
//! program that does nothing and succeeds. The same arguments give the same bytes.
//!
//! Source of all constants: the System V ABI, its x86-64, i386 and AArch64 supplements, and elf(5).

/// The machine of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// 64-bit Intel and AMD.
    X86_64,
    /// 32-bit Intel and AMD.
    I386,
    /// 64-bit Arm.
    Aarch64,
}

const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_GNU_STACK: u32 = 0x6474_e551;
const EXECUTE: u32 = 1;
const WRITE: u32 = 2;
const READ: u32 = 4;
const SHT_STRTAB: u32 = 3;
const SHT_HASH: u32 = 5;
const SHT_DYNAMIC: u32 = 6;
const SHT_DYNSYM: u32 = 11;
const SHF_ALLOC: u64 = 2;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;
const DT_SYMENT: u64 = 11;
const DT_SONAME: u64 = 14;
/// Where the program is loaded: the customary address of executables.
const PROGRAM_BASE: u64 = 0x40_0000;

/// A shared object without symbols, with its SONAME and the libraries that it needs.
///
/// One writable segment holds everything: loaders before glibc 2.35 write into the dynamic section.
#[must_use]
pub fn shared_object(machine: Machine, soname: Option<&str>, needed: &[&str]) -> Vec<u8> {
    let mut strings = Strings::default();
    let mut dynamic: Vec<(u64, u64)> = needed.iter().map(|name| (DT_NEEDED, strings.add(name))).collect();
    dynamic.extend(soname.map(|name| (DT_SONAME, strings.add(name))));

    let sizes = machine.sizes();
    let symbols = round_up(sizes.header + 3 * sizes.segment);
    let hash = symbols + sizes.symbol;
    let names = hash + 16;
    let table = round_up(names + strings.size());
    dynamic.extend([
        (DT_HASH, hash),
        (DT_STRTAB, names),
        (DT_SYMTAB, symbols),
        (DT_STRSZ, strings.size()),
        (DT_SYMENT, sizes.symbol),
        (DT_NULL, 0),
    ]);
    let table_size = count(dynamic.len()) * 2 * sizes.address;
    let section_names = table + table_size;
    let sections = round_up(section_names + count(SECTION_NAMES.len()));

    let mut file = Writer::new(machine);
    file.header(ET_DYN, 0, 3, sections, 6);
    file.segment(PT_LOAD, READ | WRITE, 0, 0, section_names, machine.page());
    file.segment(PT_DYNAMIC, READ | WRITE, table, table, table_size, 8);
    file.segment(PT_GNU_STACK, READ | WRITE, 0, 0, 0, 16);
    file.pad_to(hash);
    // One bucket and one chain, both ending at the null symbol: nothing is ever found.
    [1, 1, 0, 0].into_iter().for_each(|word| file.word(word));
    file.bytes(strings.as_bytes());
    file.pad_to(table);
    for (tag, value) in dynamic {
        file.address(tag);
        file.address(value);
    }
    file.bytes(SECTION_NAMES);
    file.pad_to(sections);
    file.section(0, 0, 0, (0, 0), 0, 0);
    file.section(1, SHT_DYNSYM, SHF_ALLOC, (symbols, sizes.symbol), 3, sizes.symbol);
    file.section(9, SHT_HASH, SHF_ALLOC, (hash, 16), 1, 4);
    file.section(15, SHT_STRTAB, SHF_ALLOC, (names, strings.size()), 0, 0);
    file.section(23, SHT_DYNAMIC, SHF_ALLOC, (table, table_size), 3, 2 * sizes.address);
    file.section(32, SHT_STRTAB, 0, (section_names, count(SECTION_NAMES.len())), 0, 0);
    file.bytes
}

/// Names of the sections, at the offsets that [`shared_object`] uses.
const SECTION_NAMES: &[u8] = b"\0.dynsym\0.hash\0.dynstr\0.dynamic\0.shstrtab\0";

/// A static program that ends with exit code 0.
#[must_use]
pub fn idle_program(machine: Machine) -> Vec<u8> {
    let sizes = machine.sizes();
    let code = sizes.header + sizes.segment;
    let instructions = machine.exit_zero();
    let mut file = Writer::new(machine);
    file.header(ET_EXEC, PROGRAM_BASE + code, 1, 0, 0);
    file.segment(PT_LOAD, READ | EXECUTE, 0, PROGRAM_BASE, code + count(instructions.len()), machine.page());
    file.bytes(instructions);
    file.bytes
}

/// Sizes of the structures of one class, in bytes.
struct Sizes {
    header: u64,
    segment: u64,
    section: u64,
    symbol: u64,
    address: u64,
}

impl Machine {
    fn wide(self) -> bool {
        self != Self::I386
    }

    fn sizes(self) -> Sizes {
        if self.wide() {
            Sizes { header: 64, segment: 56, section: 64, symbol: 24, address: 8 }
        } else {
            Sizes { header: 52, segment: 32, section: 40, symbol: 16, address: 4 }
        }
    }

    /// `e_machine`.
    fn number(self) -> u16 {
        match self {
            Self::X86_64 => 62,
            Self::I386 => 3,
            Self::Aarch64 => 183,
        }
    }

    /// The largest page that kernels of this machine use.
    fn page(self) -> u64 {
        if self == Self::Aarch64 { 0x1_0000 } else { 0x1000 }
    }

    /// Instructions of `exit_group(0)`.
    fn exit_zero(self) -> &'static [u8] {
        match self {
            // xor edi, edi; mov eax, 231; syscall
            Self::X86_64 => &[0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05],
            // xor ebx, ebx; mov eax, 252; int 0x80
            Self::I386 => &[0x31, 0xdb, 0xb8, 0xfc, 0, 0, 0, 0xcd, 0x80],
            // mov x0, #0; mov x8, #94; svc #0
            Self::Aarch64 => &[0, 0, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4],
        }
    }
}

/// A string table: names behind each other, each with a final zero, the first one empty.
struct Strings(Vec<u8>);

impl Default for Strings {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Strings {
    /// Adds a name and gives its offset.
    fn add(&mut self, name: &str) -> u64 {
        let offset = self.size();
        self.0.extend(name.bytes());
        self.0.push(0);
        offset
    }

    fn size(&self) -> u64 {
        count(self.0.len())
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The file so far, little-endian.
struct Writer {
    machine: Machine,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(machine: Machine) -> Self {
        Self { machine, bytes: Vec::new() }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    fn half(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    fn word(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// A number as wide as an address of the machine.
    fn address(&mut self, value: u64) {
        let bytes = value.to_le_bytes();
        let width = if self.machine.wide() { 8 } else { 4 };
        self.bytes.extend(bytes.iter().take(width));
    }

    fn pad_to(&mut self, offset: u64) {
        while count(self.bytes.len()) < offset {
            self.bytes.push(0);
        }
    }

    fn header(&mut self, kind: u16, entry: u64, segments: u16, sections: u64, section_count: u16) {
        let sizes = self.machine.sizes();
        let class = if self.machine.wide() { 2 } else { 1 };
        self.bytes(&[0x7f, b'E', b'L', b'F', class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.half(kind);
        self.half(self.machine.number());
        self.word(1);
        self.address(entry);
        self.address(sizes.header);
        self.address(sections);
        self.word(0);
        let section_size = if section_count == 0 { 0 } else { sizes.section };
        let last = section_count.saturating_sub(1);
        for value in
            [half(sizes.header), half(sizes.segment), segments, half(section_size), section_count, last]
        {
            self.half(value);
        }
    }

    fn segment(&mut self, kind: u32, flags: u32, offset: u64, address: u64, size: u64, align: u64) {
        self.word(kind);
        if self.machine.wide() {
            self.word(flags);
        }
        [offset, address, address, size, size].into_iter().for_each(|value| self.address(value));
        if !self.machine.wide() {
            self.word(flags);
        }
        self.address(align);
    }

    /// A section; `place` is its offset, which is also its address, and its size.
    fn section(&mut self, name: u32, kind: u32, flags: u64, place: (u64, u64), link: u32, entry_size: u64) {
        let address = if flags & SHF_ALLOC == 0 { 0 } else { place.0 };
        self.word(name);
        self.word(kind);
        [flags, address, place.0, place.1].into_iter().for_each(|value| self.address(value));
        self.word(link);
        // For the symbol table: how many symbols are local, which is the null symbol alone.
        self.word(u32::from(kind == SHT_DYNSYM));
        self.address(if kind == 0 { 0 } else { 8 });
        self.address(entry_size);
    }
}

fn round_up(offset: u64) -> u64 {
    offset.next_multiple_of(8)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn half(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use elf::abi;
    use elf::endian::AnyEndian;
    use elf::file::Class;

    const MACHINES: [(Machine, Class, u16); 3] = [
        (Machine::X86_64, Class::ELF64, abi::EM_X86_64),
        (Machine::I386, Class::ELF32, abi::EM_386),
        (Machine::Aarch64, Class::ELF64, abi::EM_AARCH64),
    ];

    #[test]
    fn a_shared_object_tells_its_soname_and_needs() {
        for (machine, class, number) in MACHINES {
            let bytes = shared_object(machine, Some("libx.so.1"), &["libc.so.6"]);
            let file = elf::ElfBytes::<AnyEndian>::minimal_parse(&bytes).unwrap();
            assert_eq!(
                (file.ehdr.class, file.ehdr.e_machine, file.ehdr.e_type),
                (class, number, abi::ET_DYN)
            );
            let common = file.find_common_data().unwrap();
            let strings = common.dynsyms_strs.unwrap();
            let text = |tag| {
                let found = common.dynamic.as_ref().unwrap().iter().find(|entry| entry.d_tag == tag);
                found.map(|entry| strings.get(usize::try_from(entry.d_val()).unwrap()).unwrap().to_owned())
            };
            assert_eq!(text(abi::DT_SONAME).as_deref(), Some("libx.so.1"), "{machine:?}");
            assert_eq!(text(abi::DT_NEEDED).as_deref(), Some("libc.so.6"), "{machine:?}");
            let names = file.section_headers_with_strtab().unwrap();
            let (headers, names) = (names.0.unwrap(), names.1.unwrap());
            let names: Vec<&str> = headers
                .iter()
                .map(|header| names.get(usize::try_from(header.sh_name).unwrap()).unwrap())
                .collect();
            assert_eq!(names, ["", ".dynsym", ".hash", ".dynstr", ".dynamic", ".shstrtab"]);
        }
    }

    #[test]
    fn segments_lie_inside_the_file() {
        for (machine, _, _) in MACHINES {
            for bytes in [shared_object(machine, None, &[]), idle_program(machine)] {
                let file = elf::ElfBytes::<AnyEndian>::minimal_parse(&bytes).unwrap();
                for segment in file.segments().unwrap() {
                    let end = usize::try_from(segment.p_offset + segment.p_filesz).unwrap();
                    assert!(end <= bytes.len(), "{machine:?} {segment:?}");
                    assert_eq!(segment.p_vaddr % segment.p_align, segment.p_offset % segment.p_align);
                }
            }
        }
    }
}
