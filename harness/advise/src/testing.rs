//! Releases and archives for the tests of this crate.

#![allow(clippy::unwrap_used)]

use chisel::{Release, ReleaseFiles, Strictness};

const CHISEL: &str = "\
format: v3
archives:
  test:
    version: 1
    suites: [stable]
    components: [main]
    priority: 1
    public-keys: [key]
maintenance:
  standard: 2020-01-01
  end-of-life: 2100-01-01
public-keys:
  key:
    id: 225629df75b188bd
    path: keys/key.asc
";

const KEY: &[u8] =
    include_bytes!("../../../releases/debian-13/keys/debian-archive-trixie-automatic.asc");

/// The files of a release with these definitions: package, text.
pub(crate) fn files(definitions: &[(&str, &str)]) -> ReleaseFiles {
    let mut files = vec![
        ("chisel.yaml".to_owned(), CHISEL.as_bytes().to_vec()),
        ("keys/key.asc".to_owned(), KEY.to_vec()),
        ("slices/none.yaml".to_owned(), b"package: none\n".to_vec()),
    ];
    for (package, text) in definitions {
        files.push((format!("slices/{package}.yaml"), text.as_bytes().to_vec()));
    }
    ReleaseFiles::from_pairs("test", files)
}

/// As [`files`], read.
pub(crate) fn release(definitions: &[(&str, &str)]) -> Release {
    Release::from_files(&files(definitions), Strictness::Own).unwrap()
}

/// An opened package with these files; those with a target are links.
pub(crate) fn opened(name: &str, files: &[(&str, Option<&str>)]) -> crate::shelf::Opened {
    let entry = |(path, target): &(&str, Option<&str>)| {
        let kind = match target {
            Some(target) => deb::EntryKind::Symlink((*target).to_owned()),
            None => deb::EntryKind::File(bytes::Bytes::new()),
        };
        let entry = deb::Entry {
            path: (*path).to_owned(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            uname: None,
            gname: None,
            mtime: 0,
            xattrs: std::collections::BTreeMap::new(),
        };
        ((*path).to_owned(), entry)
    };
    crate::shelf::Opened {
        record: record(name),
        entries: files.iter().map(entry).collect(),
    }
}

/// The record of a package that stands in no archive.
pub(crate) fn record(name: &str) -> chisel::PackageRecord {
    chisel::PackageRecord {
        name: name.to_owned(),
        version: "1".to_owned(),
        arch: "amd64".to_owned(),
        source: name.to_owned(),
        source_version: "1".to_owned(),
        digest: model::Digest::of(name.as_bytes()),
        size: 0,
        archive: "test".to_owned(),
        suite: "test".to_owned(),
        file: String::new(),
    }
}
