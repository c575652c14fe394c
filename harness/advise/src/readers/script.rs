//! Scripts: the program that their first line names.

use super::{Owner, Reader, Subject};
use crate::error::BadFile;
use crate::limits::Limits;
use crate::need::{Findings, Need};

/// Reads first lines.
pub(super) struct Script;

impl Reader for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn takes(&self, subject: &Subject<'_>) -> bool {
        // What others brought along, and modules of the archive, are imported, not started.
        let is_module = match subject.owner {
            Owner::Own => false,
            Owner::Vendored => true,
            Owner::Archive => subject.name().ends_with(".py"),
        };
        subject.executable && !is_module && subject.bytes.starts_with(b"#!")
    }

    fn read(&self, subject: &Subject<'_>, _: &Limits) -> Result<Findings, BadFile> {
        let mut found = Findings::default();
        let Some((interpreter, program)) = rootfs::read::interpreter_of(subject.bytes) else {
            return Ok(found);
        };
        // Python sources are started by the interpreter's name as well, which is needed anyway.
        let is_python = program.starts_with("python");
        let mut needs = vec![Need::File(interpreter.clone())];
        if !interpreter.ends_with(&format!("/{program}")) {
            needs.push(Need::Program(program.clone()));
        }
        for need in needs {
            match is_python {
                true => found.may(need),
                false => found.must(need),
            }
        }
        if !is_python && subject.owner == Owner::Own {
            found.notes.push(format!(
                "what the {program} script {} calls is not followed",
                crate::application::shown(subject.path)
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bytes::Bytes;
    use model::Arch;

    use super::*;
    use crate::need::Strength;

    fn read(text: &'static str) -> Vec<(Need, Strength)> {
        let bytes = Bytes::from(text);
        let subject = Subject {
            path: "/x/run",
            bytes: &bytes,
            executable: true,
            owner: Owner::Own,
            arch: Arch::Amd64,
        };
        assert!(Script.takes(&subject) || !text.starts_with("#!"));
        Script.read(&subject, &Limits::STANDARD).unwrap().needs
    }

    #[test]
    fn first_lines_name_programs() {
        let file = |path: &str| Need::File(path.to_owned());
        assert_eq!(read("#!/bin/sh\n"), [(file("/bin/sh"), Strength::Must)]);
        let env = [
            (file("/usr/bin/env"), Strength::Must),
            (Need::Program("perl".to_owned()), Strength::Must),
        ];
        assert_eq!(read("#!/usr/bin/env perl\n"), env);
        let python = [(file("/usr/bin/python3"), Strength::May)];
        assert_eq!(read("#!/usr/bin/python3\n"), python);
    }

    #[test]
    fn an_empty_first_line_names_nothing() {
        assert_eq!(read("#!\n"), []);
        assert_eq!(read("echo"), []);
    }
}
