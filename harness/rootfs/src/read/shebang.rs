//! Scripts, and the programs their first lines name.

use crate::{Tree, TreePath};

/// An executable file that starts with `#!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shebang {
    /// The script.
    pub path: TreePath,
    /// The program its first line names, as written.
    pub interpreter: String,
    /// The name of what really runs: the interpreter's own name, or what `env` is asked to find.
    pub program: String,
}

/// How much of a file the kernel looks at (`BINPRM_BUF_SIZE`).
const HEAD: usize = 256;

/// The executable scripts of the tree, sorted by path.
pub fn shebangs(tree: &Tree) -> Vec<Shebang> {
    tree.files()
        .filter(|(_, entry, _)| entry.mode & 0o111 != 0)
        .filter_map(|(path, _, blob)| {
            let (interpreter, program) = parse(blob.bytes()?)?;
            Some(Shebang {
                path: path.clone(),
                interpreter,
                program,
            })
        })
        .collect()
}

/// What the first line of a script names: the interpreter as written, and the name of what really
/// runs (see [`Shebang::program`]). None if `bytes` are no script.
pub fn interpreter_of(bytes: &[u8]) -> Option<(String, String)> {
    parse(bytes)
}

fn parse(bytes: &[u8]) -> Option<(String, String)> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let rest = head.strip_prefix(b"#!")?;
    let end = rest.iter().position(|b| matches!(b, b'\n' | 0));
    let line = crate::escape(&rest[..end.unwrap_or(rest.len())]);
    let mut words = line.split([' ', '\t', '\r']).filter(|w| !w.is_empty());
    let interpreter = words.next()?;
    let name = base(interpreter);
    let program = if name == "env" {
        // `env -S python3 -u`, `env -i A=B perl`: options and assignments come first.
        let is_program = |word: &&str| !word.starts_with('-') && !word.contains('=');
        words.find(is_program).map_or("env", base)
    } else {
        name
    };
    Some((interpreter.to_owned(), program.to_owned()))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin};
    use proptest::prelude::*;

    #[test]
    fn reads_first_lines() {
        let table = [
            (&b"#!/bin/sh\nx"[..], Some(("/bin/sh", "sh"))),
            (b"#! /usr/bin/perl -w", Some(("/usr/bin/perl", "perl"))),
            (
                b"#!/usr/bin/env python3\n",
                Some(("/usr/bin/env", "python3")),
            ),
            (
                b"#!/usr/bin/env -S A=b node -x\n",
                Some(("/usr/bin/env", "node")),
            ),
            (b"#!/usr/bin/env\n", Some(("/usr/bin/env", "env"))),
            (b"#!\n", None),
            (b"#! \t", None),
            (b"", None),
            (b"\x7fELF", None),
        ];
        for (bytes, expected) in table {
            let found = parse(bytes);
            let found = found.as_ref().map(|(a, b)| (&**a, &**b));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn only_executable_files_are_scripts() {
        let mut tree = Tree::new();
        for (path, mode) in [("/a", 0o755), ("/b", 0o644)] {
            let entry = Entry::file(Blob::new(&b"#!/bin/sh"[..]), mode, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        let found = shebangs(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path.as_str(), "/a");
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = parse(&[b"#!", &bytes[..]].concat());
        }
    }
}
