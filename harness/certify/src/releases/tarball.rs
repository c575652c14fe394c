//! A packed release: what of it is a release is read into memory, and nothing is written.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use camino::{Utf8Component, Utf8Path};
use deb::Compression;
use tar::EntryType;

/// Most entries; a real one has about 1,200.
const MOST_ENTRIES: usize = 20_000;

/// Most unpacked bytes of all entries.
const MOST_BYTES: u64 = 512 << 20;

/// Most bytes of one file that is taken.
const MOST_FILE_BYTES: u64 = 4 << 20;

/// What is taken: the definition, and the files below these folders whose names end so.
const DEFINITION: &str = "chisel.yaml";
const FOLDERS: [(&str, &str); 2] = [("slices/", ".yaml"), ("keys/", "")];

/// Path and bytes of the files that make up the release in a packed folder. Whatever else lies
/// beside them is passed over, but for paths that lead out of the folder: such an archive is refused
/// as a whole, and so is one in which a part of the release is a link.
pub(super) fn files(packed: &Bytes) -> Result<Vec<(String, Vec<u8>)>> {
    let limits = deb::Limits {
        unpacked_bytes: MOST_BYTES,
        ..deb::Limits::PACKAGE
    };
    let unpacked = deb::unpack(Compression::Gzip, packed, &limits)?;
    let mut archive = tar::Archive::new(unpacked.as_ref());
    let mut files = Vec::new();
    for (count, entry) in archive.entries()?.enumerate() {
        ensure!(count < MOST_ENTRIES, "more than {MOST_ENTRIES} entries");
        let mut entry = entry.context("reading the archive")?;
        if matches!(
            entry.header().entry_type(),
            EntryType::XGlobalHeader | EntryType::XHeader
        ) {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let name = String::from_utf8(name).context("a name that is not UTF-8")?;
        let Some(inside) = inside(&name)? else {
            continue;
        };
        let kind = entry.header().entry_type();
        if !is_part(&inside) || kind.is_dir() {
            continue;
        }
        ensure!(
            kind.is_file(),
            "{name}: a part of the release is no plain file"
        );
        let size = entry.size();
        ensure!(
            size <= MOST_FILE_BYTES,
            "{name}: {size} bytes, more than {MOST_FILE_BYTES}"
        );
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .with_context(|| name.clone())?;
        files.push((inside, bytes));
    }
    if !files.iter().any(|(path, _)| path == DEFINITION) {
        bail!("there is no {DEFINITION} in it");
    }
    let mut paths: Vec<&String> = files.iter().map(|(path, _)| path).collect();
    paths.sort();
    if let Some(twice) = paths.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("{} is there twice", twice[0]);
    }
    Ok(files)
}

/// The path below the one folder that everything lies in; nothing for that folder itself.
fn inside(name: &str) -> Result<Option<String>> {
    let mut parts = Vec::new();
    for part in Utf8Path::new(name).components() {
        match part {
            Utf8Component::Normal(part) => parts.push(part),
            Utf8Component::CurDir => {}
            _ => bail!("{name}: leads out of the folder"),
        }
    }
    let rest = parts.get(1..).unwrap_or_default();
    Ok((!rest.is_empty()).then(|| rest.join("/")))
}

fn is_part(path: &str) -> bool {
    let below = |(folder, end): &(&str, &str)| path.starts_with(folder) && path.ends_with(end);
    path == DEFINITION || FOLDERS.iter().any(below)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use tar::Header;

    use super::*;

    /// Packs entries of any name, as hostile archives have them.
    fn packed(entries: &[(&str, EntryType, &[u8])]) -> Bytes {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, kind, bytes) in entries {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        let plain = tar.into_inner().unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&plain).unwrap();
        gz.finish().unwrap().into()
    }

    const FILE: EntryType = EntryType::Regular;

    #[test]
    fn a_release_is_taken_out_of_its_folder() {
        let found = files(&packed(&[
            ("r-1/", EntryType::Directory, b""),
            ("r-1/chisel.yaml", FILE, b"format: v1"),
            ("r-1/slices/", EntryType::Directory, b""),
            ("r-1/slices/a/some.yaml", FILE, b"package: some"),
            ("r-1/slices/README", FILE, b"no"),
            ("r-1/tests/link", EntryType::Symlink, b""),
            ("r-1/README.md", FILE, b"no"),
        ]))
        .unwrap();
        let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["chisel.yaml", "slices/a/some.yaml"]);
        assert_eq!(found[0].1, b"format: v1");
    }

    #[test]
    fn what_is_no_plain_release_is_refused() {
        let good: (&str, EntryType, &[u8]) = ("r/chisel.yaml", FILE, b"format: v1");
        let large = vec![b' '; 5 << 20];
        let bad: [(&str, EntryType, &[u8], &str); 6] = [
            ("r/../../etc/x", FILE, b"", "leads out"),
            ("/etc/x", FILE, b"", "leads out"),
            ("r/slices/a.yaml", EntryType::Symlink, b"", "no plain file"),
            ("r/slices/a.yaml", EntryType::Link, b"", "no plain file"),
            ("r/slices/a.yaml", FILE, &large, "5242880 bytes, more than"),
            ("r/chisel.yaml", FILE, b"format: v2", "twice"),
        ];
        for (name, kind, bytes, why) in bad {
            let said = files(&packed(&[good, (name, kind, bytes)])).unwrap_err();
            assert!(format!("{said:#}").contains(why), "{name}: {said:#}");
        }
        let said = files(&packed(&[("r/README", FILE, b"")])).unwrap_err();
        assert!(said.to_string().contains("no chisel.yaml"), "{said}");
        assert!(files(&Bytes::from_static(b"no archive")).is_err());
        let whole = packed(&[good]);
        assert!(files(&whole.slice(..whole.len() / 2)).is_err());
    }

    #[test]
    fn there_are_not_too_many_entries() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(0);
        header.set_mode(0o644);
        header.as_gnu_mut().unwrap().name[..3].copy_from_slice(b"r/x");
        header.set_cksum();
        for _ in 0..=MOST_ENTRIES {
            tar.append(&header, &b""[..]).unwrap();
        }
        let plain = tar.into_inner().unwrap();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&plain).unwrap();
        let said = files(&gz.finish().unwrap().into()).unwrap_err();
        assert!(said.to_string().contains("20000 entries"), "{said}");
    }
}
