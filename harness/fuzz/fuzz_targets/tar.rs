//! The data archive of a package: its entries have clean paths, and each link leads to a file.
#![no_main]

use std::collections::BTreeSet;

use bytes::Bytes;
use deb::{DebReader, DebStream, EntryKind, Limits, PackageFault};
use libfuzzer_sys::fuzz_target;

/// A package around `data`, whose control archive is right.
fn package(data: &[u8]) -> Bytes {
    let control = include_bytes!("../seeds/control.tar");
    let mut ar = b"!<arch>\n".to_vec();
    for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("control.tar", control), ("data.tar", data)]
    {
        let (owner, mode) = (0, 100_644);
        let size = bytes.len();
        let head = format!("{name:<16}{owner:<12}{owner:<6}{owner:<6}{mode:<8}{size:<10}`\n");
        ar.extend(head.into_bytes());
        ar.extend(bytes);
        if size % 2 == 1 {
            ar.push(b'\n');
        }
    }
    ar.into()
}

fuzz_target!(|data: &[u8]| {
    let package = package(data);
    let Ok(read) = DebReader::read("fuzzed", &package, &Limits::PACKAGE) else { return };
    let mut passing = Vec::new();
    let streamed = DebStream::open(&package, &Limits::PACKAGE).and_then(|stream| {
        stream.each(|passed| {
            passing.push(passed.entry.path);
            Ok::<(), PackageFault>(())
        })
    });
    streamed.expect("what is read whole is read as a stream");
    assert!(read.entries().iter().map(|entry| &entry.path).eq(&passing));
    let mut files = BTreeSet::new();
    for entry in read.entries() {
        let inner = entry.path.strip_prefix('/').expect("an absolute path");
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        assert!(inner.is_empty() || inner.split('/').all(plain), "{}", entry.path);
        if !matches!(entry.kind, EntryKind::Dir) {
            files.insert(entry.path.clone());
        }
    }
    for entry in read.entries() {
        if let EntryKind::Hardlink(to) = &entry.kind {
            assert!(files.contains(to), "{} to {to}", entry.path);
        }
    }
});
