//! Python: imports of sources, and words in compiled modules that may name modules.

use std::collections::BTreeSet;

use super::{Owner, Reader, Subject};
use crate::error::BadFile;
use crate::limits::Limits;
use crate::need::{Findings, Need, Strength};
use crate::python::{Import, imports};

/// Reads Python.
pub(super) struct Python;

/// Most words taken from one compiled module.
const MOST_WORDS: usize = 20_000;

/// Functions that run only when a library module is started as a program.
const PROGRAMS: [&str; 5] = ["main", "_main", "test", "_test", "_cli"];

impl Reader for Python {
    fn name(&self) -> &'static str {
        "Python"
    }

    fn takes(&self, subject: &Subject<'_>) -> bool {
        subject.name().ends_with(".py") || is_compiled(subject) || is_script(subject)
    }

    fn read(&self, subject: &Subject<'_>, limits: &Limits) -> Result<Findings, BadFile> {
        let mut found = Findings::default();
        if is_compiled(subject) {
            // What compiled modules of the archive import is known (see `secretly`).
            if subject.owner == Owner::Archive {
                return Ok(found);
            }
            found.needs = words(subject.bytes)
                .into_iter()
                .map(|word| (Need::Word(word), Strength::May))
                .collect();
            return Ok(found);
        }
        let is_module = subject.owner == Owner::Archive && subject.name().ends_with(".py");
        if !is_module {
            found.must(Need::Python);
        }
        let source = String::from_utf8_lossy(subject.bytes);
        for import in imports(&source, limits)? {
            if let Some(strength) = strength(&import, subject.owner) {
                needs(&import, subject.folder(), strength, &mut found);
            }
        }
        Ok(found)
    }
}

fn is_compiled(subject: &Subject<'_>) -> bool {
    let name = subject.name();
    (name.contains(".cpython-") || name.ends_with(".abi3.so"))
        && subject.bytes.starts_with(b"\x7fELF")
}

fn is_script(subject: &Subject<'_>) -> bool {
    let program = rootfs::read::interpreter_of(subject.bytes).map(|(_, program)| program);
    program.is_some_and(|program| program.starts_with("python"))
}

/// How much an import counts; none if it is never executed here.
fn strength(import: &Import, owner: Owner) -> Option<Strength> {
    let function = import.function.as_deref();
    match owner {
        Owner::Own if import.guarded => Some(Strength::May),
        Owner::Own => Some(Strength::Must),
        _ if import.main => None,
        Owner::Vendored if import.guarded || function.is_some() => Some(Strength::May),
        Owner::Archive if function.is_some_and(|name| PROGRAMS.contains(&name)) => None,
        Owner::Archive if function.is_some() && is_of_tests(import) => None,
        Owner::Archive if function.is_some() => Some(Strength::Late),
        Owner::Archive if import.guarded => Some(Strength::May),
        Owner::Vendored | Owner::Archive => Some(Strength::Must),
    }
}

/// Whether it imports the standard library's tests of itself: what does so inside a function is
/// called by these tests alone.
fn is_of_tests(import: &Import) -> bool {
    import.dots == 0 && import.module.split('.').next() == Some("test")
}

fn needs(import: &Import, own: &str, strength: Strength, found: &mut Findings) {
    let folder = (import.dots > 0).then(|| {
        let up = (1..import.dots).fold(own, |at, _| at.rsplit_once('/').map_or("", |(up, _)| up));
        up.to_owned()
    });
    let name = &import.module;
    if !name.is_empty() {
        let (folder, name) = (folder.clone(), name.clone());
        found.add(Need::Module { folder, name }, strength);
    }
    for part in &import.names {
        let name = match name.is_empty() {
            true => part.clone(),
            false => format!("{name}.{part}"),
        };
        let folder = folder.clone();
        found.add(Need::Submodule { folder, name }, strength);
    }
}

/// Texts between two NULs that look like the name of a module.
fn words(bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut start = 0;
    for end in memchr::memchr_iter(0, bytes) {
        let text = bytes.get(start..end).unwrap_or_default();
        start = end + 1;
        let is_word = (2..=60).contains(&text.len())
            && text
                .first()
                .is_some_and(|b| b.is_ascii_lowercase() || *b == b'_')
            && text
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
        if is_word && let Ok(text) = std::str::from_utf8(text) {
            found.insert(text.to_owned());
            if found.len() >= MOST_WORDS {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bytes::Bytes;
    use model::Arch;

    use super::*;

    fn read(path: &str, text: &'static [u8], owner: Owner) -> Result<Vec<String>, BadFile> {
        let bytes = Bytes::from_static(text);
        let subject = Subject {
            path,
            bytes: &bytes,
            executable: true,
            owner,
            arch: Arch::Amd64,
        };
        assert!(Python.takes(&subject));
        let found = Python.read(&subject, &Limits::STANDARD)?;
        let tell = |(need, strength): &(Need, Strength)| format!("{need} {strength:?}");
        Ok(found.needs.iter().map(tell).collect())
    }

    #[test]
    fn relative_imports_start_in_their_folder() {
        let source = b"from . import a\nfrom ..b import c\n";
        let found = read("/x/y/z/m.py", source, Owner::Vendored).unwrap();
        assert_eq!(
            found,
            [
                "the Python interpreter Must",
                "Python module a in /x/y/z Must",
                "Python module b in /x/y Must",
                "Python module b.c in /x/y Must",
            ]
        );
    }

    #[test]
    fn whose_it_is_decides_how_much_it_counts() {
        let source = b"def f():\n    import a\ndef _test():\n    import b\n";
        let of = |owner| read("/x/m.py", source, owner).unwrap();
        assert_eq!(of(Owner::Archive), ["Python module a Late"]);
        let tests = b"def f():\n    from test import support\n";
        assert!(read("/x/m.py", tests, Owner::Archive).unwrap().is_empty());
        assert!(!read("/x/m.py", tests, Owner::Own).unwrap().is_empty());
        let own = [
            "the Python interpreter Must",
            "Python module a Must",
            "Python module b Must",
        ];
        assert_eq!(of(Owner::Own), own);
        assert_eq!(of(Owner::Vendored)[1], "Python module a May");
    }

    #[test]
    fn scripts_and_compiled_modules() {
        let found = read("/x/run", b"#!/usr/bin/env python3\nimport a", Owner::Own).unwrap();
        assert_eq!(found[1], "Python module a Must");
        let compiled = b"\x7fELF\0re\0No\0email.utils\0with space\0";
        let found = read("/x/m.cpython-313-x.so", compiled, Owner::Vendored).unwrap();
        assert_eq!(
            found,
            ["Python module email.utils May", "Python module re May"]
        );
        assert!(read("/x/m.py", b"'''", Owner::Own).is_err());
    }
}
