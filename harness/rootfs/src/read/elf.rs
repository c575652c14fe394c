//! What an ELF file says of itself: machine, loader, libraries, hardening.

use model::Arch;
use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use crate::{Tree, TreePath};

/// The facts of an ELF file that decide whether and how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elf {
    /// The architecture, if it is one the harness knows.
    pub arch: Option<Arch>,
    /// The raw `e_machine`.
    pub machine: u16,
    /// What kind of file it is.
    pub kind: ElfKind,
    /// The dynamic loader it asks for (`PT_INTERP`).
    pub interpreter: Option<String>,
    /// The libraries it needs (`DT_NEEDED`), in order.
    pub needed: Vec<String>,
    /// The name it has as a library (`DT_SONAME`).
    pub soname: Option<String>,
    /// Library folders, searched before the environment (`DT_RPATH`).
    pub rpath: Vec<String>,
    /// Library folders, searched after the environment (`DT_RUNPATH`).
    pub runpath: Vec<String>,
    /// How much of its tables is read-only once relocated.
    pub relro: Relro,
    /// Whether its stack is not executable (`PT_GNU_STACK` without the execute flag).
    pub has_nx_stack: bool,
    /// Whether a segment is both writable and executable.
    pub has_writable_code: bool,
    /// Whether its loader's name or its dynamic table lies outside the file. A kernel may still run
    /// it, so it stays a finding.
    pub is_damaged: bool,
}

/// Kinds of ELF files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElfKind {
    /// A program at a fixed address.
    FixedProgram,
    /// A program that runs at any address (PIE), dynamic or static.
    PieProgram,
    /// A shared library or plug-in.
    Library,
    /// An object file, kernel module or anything else that is not run directly.
    Other,
}

/// Read-only relocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relro {
    /// None.
    None,
    /// Some tables (`PT_GNU_RELRO`), symbols bound when first used.
    Partial,
    /// All tables, symbols bound at start.
    Full,
}

/// More dynamic entries, or longer strings, than any real file has.
const MOST_DYNAMIC: usize = 65_536;
const LONGEST_STRING: usize = 4_096;
const MOST_NEEDED: usize = 4_096;

impl Elf {
    /// Reads `bytes`; none if they are no ELF file or its segments lie outside it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        match FileKind::parse(bytes).ok()? {
            FileKind::Elf32 => parse::<elf::FileHeader32<Endianness>>(bytes),
            FileKind::Elf64 => parse::<elf::FileHeader64<Endianness>>(bytes),
            _ => None,
        }
    }

    /// Whether it is a program: something one can execute.
    pub fn is_program(&self) -> bool {
        matches!(self.kind, ElfKind::FixedProgram | ElfKind::PieProgram)
    }

    /// Whether it needs no loader.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.needed.is_empty()
    }
}

/// All ELF files of the tree, sorted by path; further names of a file are not repeated.
pub fn elves(tree: &Tree) -> Vec<(TreePath, Elf)> {
    tree.iter()
        .filter_map(|(path, entry)| match &entry.kind {
            crate::Kind::File(blob) => Some((path.clone(), Elf::parse(blob.bytes()?)?)),
            _ => None,
        })
        .collect()
}

fn parse<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Elf> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let machine = header.e_machine(endian);
    let dynamic = Dynamic::read::<H>(segments, endian, bytes);
    let is_damaged = dynamic.is_none();
    let dynamic = dynamic.unwrap_or_default();
    let mut found = Elf {
        arch: arch(machine, header.is_type_64(), endian),
        machine: machine.0,
        kind: ElfKind::Other,
        interpreter: None,
        needed: dynamic.needed,
        soname: dynamic.soname,
        rpath: dynamic.rpath,
        runpath: dynamic.runpath,
        relro: Relro::None,
        has_nx_stack: false,
        has_writable_code: false,
        is_damaged,
    };
    for segment in segments {
        let flags = segment.p_flags(endian).0;
        let (writes, runs) = (flags & elf::PF_W.0 != 0, flags & elf::PF_X.0 != 0);
        match segment.p_type(endian) {
            elf::PT_INTERP => {
                let name = segment.interpreter(endian, bytes).ok().flatten();
                found.interpreter = name.and_then(text);
                found.is_damaged |= found.interpreter.is_none();
            }
            elf::PT_GNU_RELRO => {
                found.relro = match dynamic.binds_now {
                    true => Relro::Full,
                    false => Relro::Partial,
                }
            }
            elf::PT_GNU_STACK => found.has_nx_stack = !runs,
            elf::PT_LOAD => found.has_writable_code |= writes && runs,
            _ => {}
        }
    }
    found.kind = match header.e_type(endian) {
        elf::ET_EXEC => ElfKind::FixedProgram,
        elf::ET_DYN if dynamic.is_pie => ElfKind::PieProgram,
        // libc.so.6 has a loader too, and prints its version when run; its name makes it a library.
        elf::ET_DYN if found.interpreter.is_some() && found.soname.is_none() => ElfKind::PieProgram,
        elf::ET_DYN => ElfKind::Library,
        _ => ElfKind::Other,
    };
    Some(found)
}

#[derive(Default)]
struct Dynamic {
    needed: Vec<String>,
    soname: Option<String>,
    rpath: Vec<String>,
    runpath: Vec<String>,
    binds_now: bool,
    is_pie: bool,
}

impl Dynamic {
    /// Reads the dynamic segment by segments alone, as a loader does: sections may be stripped.
    fn read<H: FileHeader<Endian = Endianness>>(
        segments: &[H::ProgramHeader],
        endian: Endianness,
        bytes: &[u8],
    ) -> Option<Self> {
        let mut found = Self::default();
        let mut table = None;
        for segment in segments {
            table = table.or(segment.dynamic(endian, bytes).ok()?);
        }
        let Some(table) = table else {
            return Some(found);
        };
        let entries: Vec<(i64, u64)> = table
            .iter()
            .take(MOST_DYNAMIC)
            .map(|entry| (entry.d_tag(endian).0, entry.d_val(endian).into()))
            .take_while(|(tag, _)| *tag != elf::DT_NULL.0)
            .collect();
        let value = |wanted: elf::DynamicTag| {
            let mut values = entries.iter().filter(|(tag, _)| *tag == wanted.0);
            values.next().map(|(_, value)| *value)
        };
        let flags = value(elf::DT_FLAGS).unwrap_or(0);
        let flags_1 = value(elf::DT_FLAGS_1).unwrap_or(0);
        found.binds_now = value(elf::DT_BIND_NOW).is_some()
            || flags & elf::DF_BIND_NOW.0 != 0
            || flags_1 & elf::DF_1_NOW.0 != 0;
        found.is_pie = flags_1 & elf::DF_1_PIE.0 != 0;
        let (Some(at), Some(size)) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) else {
            return Some(found);
        };
        let strings = segments.iter().find_map(|segment| {
            (segment.p_type(endian) == elf::PT_LOAD)
                .then(|| segment.data_range(endian, bytes, at, size).ok().flatten())?
        })?;
        let read = |offset: u64| text(strings.get(usize::try_from(offset).ok()?..)?);
        for (tag, offset) in entries {
            match elf::DynamicTag(tag) {
                elf::DT_NEEDED if found.needed.len() < MOST_NEEDED => {
                    found.needed.push(read(offset)?);
                }
                elf::DT_SONAME => found.soname = Some(read(offset)?),
                elf::DT_RPATH => found.rpath.extend(folders(&read(offset)?)),
                elf::DT_RUNPATH => found.runpath.extend(folders(&read(offset)?)),
                _ => {}
            }
        }
        Some(found)
    }
}

fn folders(list: &str) -> Vec<String> {
    list.split(':').map(str::to_owned).collect()
}

/// The text up to the first NUL, or to the end; none when longer than any real name.
fn text(bytes: &[u8]) -> Option<String> {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    (end <= LONGEST_STRING).then(|| crate::escape(&bytes[..end]))
}

fn arch(machine: elf::Machine, is_64: bool, endian: Endianness) -> Option<Arch> {
    let little = endian == Endianness::Little;
    match (machine, is_64, little) {
        (elf::EM_X86_64, true, true) => Some(Arch::Amd64),
        (elf::EM_AARCH64, true, true) => Some(Arch::Arm64),
        (elf::EM_ARM, false, true) => Some(Arch::Armhf),
        (elf::EM_386, false, true) => Some(Arch::I386),
        (elf::EM_PPC64, true, true) => Some(Arch::Ppc64el),
        (elf::EM_RISCV, true, true) => Some(Arch::Riscv64),
        (elf::EM_S390, true, false) => Some(Arch::S390x),
        _ => None,
    }
}

#[cfg(test)]
#[path = "elf_tests.rs"]
pub(crate) mod tests;
