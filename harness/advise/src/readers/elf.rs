//! ELF programs, libraries and plug-ins: loader, libraries, and names of libraries in their texts.

use std::collections::BTreeSet;

use rootfs::read::ElfKind;

use super::{Owner, Reader, Subject};
use crate::application::shown;
use crate::error::BadFile;
use crate::limits::Limits;
use crate::need::{Findings, Need};

/// Reads ELF files.
pub(super) struct Elf;

/// Most names of libraries taken from the texts of one file.
const MOST_TEXTS: usize = 200;

impl Reader for Elf {
    fn name(&self) -> &'static str {
        "ELF"
    }

    fn takes(&self, subject: &Subject<'_>) -> bool {
        subject.bytes.starts_with(b"\x7fELF")
    }

    fn read(&self, subject: &Subject<'_>, _: &Limits) -> Result<Findings, BadFile> {
        let elf = rootfs::read::Elf::parse(subject.bytes);
        let elf = elf.ok_or(BadFile::Elf("its segments lie outside it"))?;
        let mut found = Findings::default();
        if elf.kind == ElfKind::Other {
            return Ok(found);
        }
        if elf.is_damaged {
            return Err(BadFile::Elf(
                "its loader's name or dynamic table lies outside it",
            ));
        }
        let Some(arch) = elf.arch.filter(|arch| *arch == subject.arch) else {
            let machine = elf.arch.map_or_else(
                || format!("machine {}", elf.machine),
                |arch| arch.to_string(),
            );
            found.notes.push(format!(
                "{} is for {machine}, not for {}: left out",
                shown(subject.path),
                subject.arch
            ));
            return Ok(found);
        };
        if let Some(loader) = &elf.interpreter {
            found.must(Need::File(loader.clone()));
        }
        // A loader looks at RPATH only where there is no RUNPATH.
        let folders = match elf.runpath.is_empty() {
            true => &elf.rpath,
            false => &elf.runpath,
        };
        let folders: Vec<String> = folders
            .iter()
            .filter(|folder| !folder.is_empty())
            .map(|folder| placed(folder, subject.folder()))
            .collect();
        let library = |name: &str| match name.contains('/') {
            true => Need::File(placed(name, subject.folder())),
            false => Need::Library {
                name: name.to_owned(),
                arch,
                folders: folders.clone(),
            },
        };
        for name in &elf.needed {
            found.must(library(name));
        }
        if subject.owner != Owner::Archive {
            let known =
                |name: &String| elf.needed.contains(name) || elf.soname.as_ref() == Some(name);
            for name in texts(subject.bytes).into_iter().filter(|name| !known(name)) {
                found.may(library(&name));
            }
        }
        Ok(found)
    }
}

/// `folder` with `$ORIGIN` replaced, without `.` and `..`.
fn placed(folder: &str, origin: &str) -> String {
    let path = folder
        .replace("${ORIGIN}", origin)
        .replace("$ORIGIN", origin);
    crate::paths::clean(&path)
}

/// Texts that are the name of a library with its version, as `dlopen` takes it: `libx.so.1`.
fn texts(bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for at in memchr::memmem::find_iter(bytes, b"\0lib") {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let end = memchr::memchr(0, rest.get(..rest.len().min(80)).unwrap_or_default());
        let text = end.and_then(|end| std::str::from_utf8(rest.get(..end)?).ok());
        if let Some(text) = text.filter(|text| is_versioned(text)) {
            found.insert(text.to_owned());
            if found.len() >= MOST_TEXTS {
                break;
            }
        }
    }
    found
}

fn is_versioned(text: &str) -> bool {
    let Some((stem, version)) = text.split_once(".so.") else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
    stem.len() > 3
        && stem.chars().all(plain)
        && !version.is_empty()
        && version.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bytes::Bytes;
    use model::Arch;

    use super::*;
    use crate::need::Strength;

    fn own_program(arch: Arch) -> Result<Findings, BadFile> {
        let bytes: Bytes = fs_err::read("/proc/self/exe").unwrap().into();
        read(&bytes, arch)
    }

    fn read(bytes: &Bytes, arch: Arch) -> Result<Findings, BadFile> {
        let subject = Subject {
            path: "/x/bin/p",
            bytes,
            executable: true,
            owner: Owner::Own,
            arch,
        };
        assert!(Elf.takes(&subject));
        Elf.read(&subject, &Limits::STANDARD)
    }

    #[test]
    fn a_program_names_loader_and_libraries() {
        let host = Arch::host().unwrap();
        let found = own_program(host).unwrap();
        let libc = found.needs.iter().any(|(need, strength)| {
            matches!(need, Need::Library { name, .. } if name == "libc.so.6")
                && *strength == Strength::Must
        });
        let loader = found
            .needs
            .iter()
            .any(|(need, _)| matches!(need, Need::File(path) if path.contains("/ld-linux")));
        assert!(libc && loader, "{:?}", found.needs);
    }

    #[test]
    fn another_machine_is_left_out_and_damage_is_named() {
        let other = match Arch::host() {
            Some(Arch::S390x) => Arch::Amd64,
            _ => Arch::S390x,
        };
        let found = own_program(other).unwrap();
        assert!(
            found.needs.is_empty() && found.notes.len() == 1,
            "{found:?}"
        );
        let bytes: Bytes = fs_err::read("/proc/self/exe").unwrap().into();
        for end in [4, 20, 63, 100, 300] {
            assert!(read(&bytes.slice(..end), Arch::Amd64).is_err(), "{end}");
        }
    }

    #[test]
    fn folders_and_texts() {
        assert_eq!(placed("$ORIGIN/../lib", "/a/bin"), "/a/lib");
        assert_eq!(placed("${ORIGIN}/x", "/a"), "/a/x");
        let bytes = b"\0libx11.so.6\0libno.so\0liba b.so.1\0lib.so.1\0libz.so.1";
        let found: Vec<String> = texts(bytes).into_iter().collect();
        assert_eq!(found, ["libx11.so.6"]);
    }
}
