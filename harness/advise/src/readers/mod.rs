//! Readers: one file each, bytes in, typed needs out. They look at nothing but what they are given.

mod elf;
mod java;
mod python;
mod script;

use bytes::Bytes;
use model::Arch;

use crate::error::BadFile;
use crate::limits::Limits;
use crate::need::Findings;

/// One file, as a reader sees it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its absolute path where it is used.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a Bytes,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whose it is.
    pub owner: Owner,
    /// The architecture that advice is for.
    pub arch: Arch,
}

/// Whose a file is. What a person wrote is read more closely than what an archive vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The application's own.
    Own,
    /// Brought along by the application: other people's packages.
    Vendored,
    /// A package of the archive.
    Archive,
}

/// A kind of file.
pub trait Reader: Sync {
    /// One word for it.
    fn name(&self) -> &'static str;
    /// Whether the file is of its kind, by name and first bytes.
    fn takes(&self, subject: &Subject<'_>) -> bool;
    /// What it needs.
    fn read(&self, subject: &Subject<'_>, limits: &Limits) -> Result<Findings, BadFile>;
}

/// Every reader. A file may be of several kinds: a script is Python source too.
pub static READERS: &[&dyn Reader] = &[&elf::Elf, &script::Script, &python::Python, &java::Java];

impl Subject<'_> {
    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The folder it stands in.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the bytes are, a reader answers.
        #[test]
        fn no_bytes_make_a_reader_panic(
            head in prop::sample::select(vec![
                &b"\x7fELF\x02\x01\x01"[..], b"#!/usr/bin/env ", b"\xca\xfe\xba\xbe\0\0\0\x41",
                b"PK\x03\x04", b"import ", b"from . import (", b"\"\"\"",
            ]),
            tail in prop::collection::vec(any::<u8>(), 0..300),
            name in prop::sample::select(vec!["a", "a.py", "a.so", "A.class", "a.jar"]),
        ) {
            let bytes: Bytes = [head, &tail].concat().into();
            let path = format!("/x/{name}");
            let subject = Subject {
                path: &path,
                bytes: &bytes,
                executable: true,
                owner: Owner::Own,
                arch: Arch::Amd64,
            };
            for reader in READERS {
                if reader.takes(&subject) {
                    let _ = reader.read(&subject, &Limits::STANDARD);
                }
            }
        }
    }
}
