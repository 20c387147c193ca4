//! Libraries, programs, configuration, firmware and sockets.

use super::{Kind, Layout};
use crate::elf_writer::{self, Machine};
use crate::{Architecture, Content, Description, Library};

pub(super) fn add(description: &Description, layout: &mut Layout) {
    let absent = description.faults.nvml_absent;
    for library in description.user_space.libraries.iter().filter(|library| !(library.nvml && absent)) {
        add_library(description.driver.architecture, library, layout);
    }
    let machine = elf_machine(description.driver.architecture, 64);
    for program in &description.user_space.programs {
        let kind =
            if program.smi { Kind::Smi } else { padded(elf_writer::idle_program(machine), program.size) };
        layout.add(&program.path, 0o755, kind);
    }
    for file in &description.user_space.files {
        match &file.content {
            Content::Text(text) => layout.add_text(&file.path, file.mode, text),
            Content::Hole(size) => layout.add(&file.path, file.mode, padded(Vec::new(), *size)),
        }
    }
    for (path, text) in &description.user_space.links {
        layout.add_link(path, text);
    }
    for path in &description.user_space.sockets {
        layout.add(path, 0o755, Kind::Socket);
    }
}

fn add_library(architecture: Architecture, library: &Library, layout: &mut Layout) {
    let machine = elf_machine(architecture, library.bits);
    let kind = if library.nvml {
        Kind::Nvml
    } else {
        padded(elf_writer::shared_object(machine, library.soname.as_deref(), &["libc.so.6"]), 0)
    };
    layout.add(&library.path, 0o755, kind);
    for (path, text) in &library.links {
        layout.add_link(path, text);
    }
}

fn elf_machine(architecture: Architecture, bits: u8) -> Machine {
    match (architecture, bits) {
        (Architecture::X86_64, 32) => Machine::I386,
        (Architecture::X86_64, _) => Machine::X86_64,
        (Architecture::Aarch64, _) => Machine::Aarch64,
    }
}

fn padded(head: Vec<u8>, size: u64) -> Kind {
    let length = u64::try_from(head.len()).unwrap_or(u64::MAX);
    Kind::File { head, size: size.max(length) }
}
