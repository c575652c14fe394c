//! Packages read as a stream: the same entries as when all is held, and no fault passes.

use bytes::Bytes;
use deb::{DebReader, DebStream, Entry, EntryKind, Limits, PackageFault};
use testkit::{DebBuilder, Packing};

/// What a stream shows, with contents where they were.
fn entries(package: &Bytes, limits: &Limits) -> Result<Vec<Entry>, PackageFault> {
    let mut entries = Vec::new();
    DebStream::open(package, limits)?.each(|passing| {
        let mut entry = passing.entry;
        if matches!(entry.kind, EntryKind::File(_)) {
            let mut bytes = Vec::new();
            passing.content.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, passing.size);
            entry.kind = EntryKind::File(bytes.into());
        }
        entries.push(entry);
        Ok::<(), PackageFault>(())
    })?;
    Ok(entries)
}

fn sample() -> DebBuilder {
    DebBuilder::new("sample", "1.0-1")
        .dir("/var/tmp", 0o1777)
        .file("/usr/bin/tool", 0o4755, b"tool content")
        .file("/usr/bin/large", 0o644, &vec![7; 300_000])
        .xattr("security.capability", b"\x01\x00\xff\x02")
        .symlink("/usr/bin/link", "../lib/target")
        .hardlink("/usr/bin/same", "/usr/bin/tool")
        .file(&format!("/usr/{}", "f".repeat(200)), 0o644, b"")
        .raw_file("no-dot", b"skipped")
}

#[test]
fn shows_what_a_reader_lists() {
    for packing in Packing::ALL {
        let package: Bytes = sample().packing(packing).build().bytes.into();
        let read = DebReader::read("sample", &package, &Limits::PACKAGE).unwrap();
        let streamed = entries(&package, &Limits::PACKAGE).unwrap();
        assert_eq!(streamed, read.entries(), "{packing:?}");
        let stream = DebStream::open(&package, &Limits::PACKAGE).unwrap();
        assert_eq!(stream.control(), read.control());
        // Contents may be left unread.
        let mut paths = Vec::new();
        let each = stream.each(|passing| {
            paths.push(passing.entry.path);
            Ok::<(), PackageFault>(())
        });
        each.unwrap();
        assert!(read.entries().iter().map(|entry| &entry.path).eq(&paths));
    }
}

#[test]
fn refuses_what_a_reader_refuses() {
    for packing in Packing::ALL {
        let bytes = DebBuilder::new("sample", "1")
            .packing(packing)
            .build()
            .bytes;
        for end in (0..bytes.len() - 1).step_by(7) {
            let cut: Bytes = bytes[..end].to_vec().into();
            let whole = DebReader::read("sample", &cut, &Limits::PACKAGE);
            let passing = entries(&cut, &Limits::PACKAGE);
            assert!(
                whole.is_err() && passing.is_err(),
                "{packing:?} cut at {end}"
            );
        }
    }
    let escaping = sample().raw_file("./../etc/passwd", b"").build().bytes;
    let fault = entries(&escaping.into(), &Limits::PACKAGE).unwrap_err();
    assert!(fault.to_string().contains("bad path"), "{fault}");
}

#[test]
fn stops_a_bomb_at_the_limit_wherever_it_stands() {
    let limits = Limits {
        unpacked_bytes: 50_000,
        ..Limits::PACKAGE
    };
    let zeros = [0; 100_000];
    let last = DebBuilder::new("sample", "1").file("/zeros", 0o644, &zeros);
    let first = DebBuilder::new("sample", "1")
        .file("/zeros", 0o644, &zeros)
        .file("/after", 0o644, b"");
    for builder in [last, first] {
        let package: Bytes = builder.build().bytes.into();
        let mut paths = Vec::new();
        let stream = DebStream::open(&package, &limits).unwrap();
        let each = stream.each(|passing| {
            paths.push(passing.entry.path);
            Ok::<(), PackageFault>(())
        });
        assert!(each.is_err());
        assert!(!paths.contains(&"/after".to_owned()));
    }
}

#[test]
fn whoever_looks_may_end_it() {
    let package: Bytes = sample().build().bytes.into();
    let mut seen = 0;
    let stream = DebStream::open(&package, &Limits::PACKAGE).unwrap();
    let ended = stream.each(|_| {
        seen += 1;
        Err(PackageFault::NoControl)
    });
    assert!(matches!(ended, Err(PackageFault::NoControl)));
    assert_eq!(seen, 1);
}
