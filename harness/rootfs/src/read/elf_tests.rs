//! Tests of the ELF reader: made files, the test's own program, and damaged copies of both.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// A made ELF file: one loadable segment over the whole file, and what is asked for.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) is_64: bool,
    pub(crate) is_big: bool,
    pub(crate) machine: u16,
    pub(crate) kind: u16,
    pub(crate) interpreter: Option<&'static str>,
    pub(crate) needed: Vec<&'static str>,
    pub(crate) soname: Option<&'static str>,
    pub(crate) runpath: Option<&'static str>,
    pub(crate) flags_1: u64,
    pub(crate) load_flags: u32,
    pub(crate) stack_flags: Option<u32>,
    pub(crate) has_relro: bool,
    pub(crate) tail: &'static [u8],
}

impl Made {
    pub(crate) fn program() -> Self {
        Self {
            is_64: true,
            is_big: false,
            machine: 62,
            kind: 3,
            interpreter: Some("/lib64/ld-linux-x86-64.so.2"),
            needed: vec!["libc.so.6"],
            soname: None,
            runpath: None,
            flags_1: 0x0800_0001,
            load_flags: 5,
            stack_flags: Some(6),
            has_relro: true,
            tail: b"",
        }
    }

    pub(crate) fn library(soname: &'static str) -> Self {
        Self {
            interpreter: None,
            soname: Some(soname),
            flags_1: 0,
            ..Self::program()
        }
    }

    fn put(&self, out: &mut Vec<u8>, value: u64, size: usize) {
        let bytes = value.to_le_bytes();
        let at = out.len();
        out.extend_from_slice(&bytes[..size]);
        if self.is_big {
            out[at..].reverse();
        }
    }

    fn word(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    fn segment(&self, out: &mut Vec<u8>, kind: u32, flags: u32, at: u64, size: u64) {
        let word = self.word();
        self.put(out, kind.into(), 4);
        if self.is_64 {
            self.put(out, flags.into(), 4);
        }
        for value in [at, at, at, size, size] {
            self.put(out, value, word);
        }
        if !self.is_64 {
            self.put(out, flags.into(), 4);
        }
        self.put(out, 1, word);
    }

    fn strings(&self) -> (Vec<u8>, Vec<(u64, u64)>) {
        let mut strings = vec![0];
        let mut entries = Vec::new();
        let all = self.needed.iter().map(|name| (1, *name));
        let all = all.chain(self.soname.map(|name| (14, name)));
        for (tag, name) in all.chain(self.runpath.map(|list| (29, list))) {
            entries.push((tag, strings.len() as u64));
            strings.extend_from_slice(name.as_bytes());
            strings.push(0);
        }
        (strings, entries)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let word = self.word() as u64;
        let (head, each) = if self.is_64 { (64, 56) } else { (52, 32) };
        let (strings, mut entries) = self.strings();
        let interpreter = self.interpreter.map(|name| format!("{name}\0"));
        let interpreter = interpreter.unwrap_or_default();
        let count = 4 + u64::from(self.has_relro);
        let strings_at = head + count * each;
        let interpreter_at = strings_at + strings.len() as u64;
        let dynamic_at = interpreter_at + interpreter.len() as u64;
        entries.extend([(5, strings_at), (10, strings.len() as u64)]);
        entries.extend([(0x6fff_fffb, self.flags_1), (0, 0)]);
        let dynamic_size = entries.len() as u64 * word * 2;
        let whole = dynamic_at + dynamic_size + self.tail.len() as u64;

        let mut out = vec![0x7f, b'E', b'L', b'F'];
        out.extend([1 + u8::from(self.is_64), 1 + u8::from(self.is_big), 1]);
        out.resize(16, 0);
        self.put(&mut out, self.kind.into(), 2);
        self.put(&mut out, self.machine.into(), 2);
        self.put(&mut out, 1, 4);
        for value in [0, head, 0] {
            self.put(&mut out, value, self.word());
        }
        self.put(&mut out, 0, 4);
        for value in [head, each, count, 0, 0, 0] {
            self.put(&mut out, value, 2);
        }
        let interpreter_kind = if interpreter.is_empty() { 0 } else { 3 };
        let size = interpreter.len() as u64;
        self.segment(&mut out, interpreter_kind, 4, interpreter_at, size);
        self.segment(&mut out, 1, self.load_flags, 0, whole);
        self.segment(&mut out, 2, 6, dynamic_at, dynamic_size);
        let (kind, flags) = self
            .stack_flags
            .map_or((0, 0), |flags| (0x6474_e551, flags));
        self.segment(&mut out, kind, flags, 0, 0);
        if self.has_relro {
            self.segment(&mut out, 0x6474_e552, 4, dynamic_at, dynamic_size);
        }
        out.extend(strings);
        out.extend(interpreter.as_bytes());
        for (tag, value) in entries {
            self.put(&mut out, tag, self.word());
            self.put(&mut out, value, self.word());
        }
        out.extend(self.tail);
        out
    }
}

#[test]
fn reads_every_architecture() {
    let table = [
        (true, false, 62, Some(Arch::Amd64)),
        (true, false, 183, Some(Arch::Arm64)),
        (false, false, 40, Some(Arch::Armhf)),
        (false, false, 3, Some(Arch::I386)),
        (true, false, 21, Some(Arch::Ppc64el)),
        (true, true, 21, None),
        (true, false, 243, Some(Arch::Riscv64)),
        (true, true, 22, Some(Arch::S390x)),
        (true, false, 8, None),
    ];
    for (is_64, is_big, machine, expected) in table {
        let made = Made {
            is_64,
            is_big,
            machine,
            ..Made::program()
        };
        let elf = Elf::parse(&made.bytes()).unwrap();
        assert_eq!((elf.arch, elf.machine), (expected, machine));
        assert_eq!(elf.needed, ["libc.so.6"]);
        assert_eq!(elf.interpreter.as_deref(), made.interpreter);
    }
}

#[test]
fn reads_the_hardening() {
    let plain = Made::program();
    let elf = |made: Made| Elf::parse(&made.bytes()).unwrap();
    let good = elf(plain.clone());
    assert_eq!((good.kind, good.relro), (ElfKind::PieProgram, Relro::Full));
    assert!(good.has_nx_stack && !good.has_writable_code && !good.is_static());
    let lazy = Made {
        flags_1: 0x0800_0000,
        ..plain.clone()
    };
    assert_eq!(elf(lazy).relro, Relro::Partial);
    let soft = Made {
        has_relro: false,
        stack_flags: Some(7),
        load_flags: 7,
        kind: 2,
        ..plain.clone()
    };
    let soft = elf(soft);
    assert_eq!(
        (soft.kind, soft.relro),
        (ElfKind::FixedProgram, Relro::None)
    );
    assert!(!soft.has_nx_stack && soft.has_writable_code);
    let silent = Made {
        stack_flags: None,
        ..plain.clone()
    };
    assert!(!elf(silent).has_nx_stack);
    let library = Made {
        runpath: Some("$ORIGIN/../lib:/opt"),
        ..Made::library("libx.so.1")
    };
    let library = elf(library);
    assert_eq!(library.kind, ElfKind::Library);
    assert_eq!(library.soname.as_deref(), Some("libx.so.1"));
    assert_eq!(library.runpath, ["$ORIGIN/../lib", "/opt"]);
}

#[test]
fn reads_this_very_program() {
    let bytes = fs_err::read(std::env::current_exe().unwrap()).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    assert_eq!(elf.arch, Arch::host());
    assert_eq!(elf.kind, ElfKind::PieProgram);
    assert!(elf.needed.iter().any(|name| name.starts_with("libc.so")));
    assert!(elf.has_nx_stack);
}

#[test]
fn an_odd_address_is_no_obstacle() {
    let bytes = [&[0][..], &Made::program().bytes()].concat();
    assert!(Elf::parse(&bytes[1..]).is_some());
}

#[test]
fn what_is_no_elf_is_none() {
    for bytes in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &[0x7f; 4096]] {
        assert_eq!(Elf::parse(bytes), None);
    }
}

#[test]
fn a_damaged_program_is_still_one() {
    let bytes = Made::program().bytes();
    let cut = Elf::parse(&bytes[..bytes.len() - 20]).unwrap();
    assert!(cut.is_damaged && cut.interpreter.is_some());
    let whole = Elf::parse(&bytes).unwrap();
    assert!(!whole.is_damaged);
    let headers_only = Elf::parse(&bytes[..64 + 5 * 56]).unwrap();
    assert!(headers_only.is_damaged);
}

#[test]
fn no_truncation_panics() {
    for is_64 in [true, false] {
        let made = Made {
            is_64,
            ..Made::program()
        };
        let bytes = made.bytes();
        for end in 0..bytes.len() {
            let _ = Elf::parse(&bytes[..end]);
        }
    }
}

proptest! {
    #[test]
    fn no_mutation_panics(
        is_64: bool,
        is_big: bool,
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let made = Made { is_64, is_big, ..Made::program() };
        let mut bytes = made.bytes();
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = Elf::parse(&bytes);
    }

    #[test]
    fn no_garbage_panics(mut bytes in prop::collection::vec(any::<u8>(), 16..600), is_64: bool) {
        bytes[..4].copy_from_slice(b"\x7fELF");
        bytes[4] = 1 + u8::from(is_64);
        bytes[5] = 1;
        bytes[6] = 1;
        let _ = Elf::parse(&bytes);
    }
}
