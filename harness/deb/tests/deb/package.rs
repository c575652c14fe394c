//! Packages: every kind of entry, every compression, every fault.

use deb::{DebReader, Entry, EntryKind, Limits};
use proptest::prelude::*;
use tar::EntryType;
use testkit::{DebBuilder, Packing, ar};

fn read(bytes: &[u8]) -> Result<DebReader, deb::BadPackage> {
    DebReader::read("sample", &bytes.to_vec().into(), &Limits::PACKAGE)
}

fn sample() -> DebBuilder {
    let long = format!("/usr/share/{}/{}", "d".repeat(90), "f".repeat(120));
    DebBuilder::new("sample", "1.0-1")
        .field("Depends", "libc6")
        .control_file("postinst", b"#!/bin/sh\n")
        .dir("/var/tmp", 0o1777)
        .file("/usr/bin/tool", 0o4755, b"tool content")
        .owned_by(7, 42)
        .xattr("security.capability", b"\x01\x00\xff\x02")
        .symlink("/usr/bin/link", "../lib/target")
        .hardlink("/usr/bin/same", "/usr/bin/tool")
        .node("/dev/null", EntryType::Char, 0o666)
        .node("/dev/disk", EntryType::Block, 0o660)
        .node("/run/pipe", EntryType::Fifo, 0o600)
        .file(&long, 0o644, b"")
        .raw_file("no-dot", b"skipped")
        .raw_file("./a//b", b"skipped")
}

fn find<'a>(package: &'a DebReader, path: &str) -> &'a Entry {
    package.entries().iter().find(|e| e.path == path).unwrap()
}

#[test]
fn reads_every_kind_of_entry_in_every_compression() {
    for packing in Packing::ALL {
        let bytes = sample().packing(packing).build().bytes;
        let package = read(&bytes).unwrap();
        assert!(package.control().contains("Depends: libc6"), "{packing:?}");
        assert_eq!(
            package.control_file("postinst"),
            Some(b"#!/bin/sh\n".as_slice())
        );
        assert_eq!(package.entries()[0].path, "/");
        assert_eq!(find(&package, "/var/tmp").mode, 0o1777);
        let tool = find(&package, "/usr/bin/tool");
        assert_eq!((tool.mode, tool.uid, tool.gid), (0o4755, 7, 42));
        assert_eq!(tool.kind, EntryKind::File("tool content".into()));
        assert_eq!(tool.xattrs["security.capability"], b"\x01\x00\xff\x02");
        assert_eq!(
            (tool.mtime, tool.uname.as_deref()),
            (1_700_000_000, Some("root"))
        );
        assert!(find(&package, "/usr/bin/link").xattrs.is_empty());
        let kind = |path| find(&package, path).kind.clone();
        assert_eq!(
            kind("/usr/bin/link"),
            EntryKind::Symlink("../lib/target".to_owned())
        );
        assert_eq!(
            kind("/usr/bin/same"),
            EntryKind::Hardlink("/usr/bin/tool".to_owned())
        );
        assert_eq!(kind("/dev/null"), EntryKind::Char { major: 1, minor: 3 });
        assert_eq!(kind("/dev/disk"), EntryKind::Block { major: 1, minor: 3 });
        assert_eq!(kind("/run/pipe"), EntryKind::Fifo);
        assert!(
            package.entries().iter().any(|e| e.path.len() > 200),
            "long names"
        );
        assert_eq!(package.skipped(), ["no-dot", "./a//b"]);
    }
}

#[test]
fn contents_share_one_unpacked_tar() {
    let bytes = sample().packing(Packing::Plain).build().bytes;
    let bytes: bytes::Bytes = bytes.into();
    let package = DebReader::read("sample", &bytes, &Limits::PACKAGE).unwrap();
    let EntryKind::File(content) = &find(&package, "/usr/bin/tool").kind else {
        panic!("no file");
    };
    let inside = bytes.as_ptr_range();
    assert!(inside.contains(&content.as_ptr()), "the content was copied");
}

#[test]
fn refuses_bad_packages_and_names_them() {
    let members = |control: &str, data: &str| {
        let control = (control.to_owned(), b"no tar".to_vec());
        ar(&[
            ("debian-binary".to_owned(), b"2.0\n".to_vec()),
            control,
            (data.to_owned(), vec![]),
        ])
    };
    let empty = Packing::Gz.pack(&[0; 1024]);
    let no_control = [
        ("debian-binary".to_owned(), b"2.0\n".to_vec()),
        ("control.tar.gz".to_owned(), empty.clone()),
        ("data.tar.gz".to_owned(), empty),
    ];
    for (bytes, why) in [
        (b"!<arch".to_vec(), "not an ar archive"),
        (
            members("control.tar.bz2", "data.tar"),
            "compression of `control.tar.bz2`",
        ),
        (
            members("control.tar.xz", "data.tar"),
            "corrupt or truncated Xz data",
        ),
        (members("control.tar", "data.tar"), "`control.tar`: bad tar"),
        (ar(&no_control), "no control file"),
        (
            sample().raw_file("./../etc/passwd", b"").build().bytes,
            "bad path",
        ),
        (
            sample().hardlink("/x", "/nowhere").build().bytes,
            "no file of the package",
        ),
        (
            sample().hardlink("/x", "/usr/bin").build().bytes,
            "no file of the package",
        ),
    ] {
        let fault = read(&bytes).unwrap_err().to_string();
        assert!(fault.starts_with("package `sample`: "), "{fault}");
        assert!(fault.contains(why), "{why}: {fault}");
    }
}

#[test]
fn refuses_a_bomb_by_the_limits_it_is_given() {
    let bytes = DebBuilder::new("sample", "1")
        .file("/zeros", 0o644, &[0; 100_000])
        .build()
        .bytes;
    let limits = Limits {
        unpacked_bytes: 50_000,
        ..Limits::PACKAGE
    };
    let fault = DebReader::read("sample", &bytes.into(), &limits).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("unpacks to more than 50000 bytes"),
        "{fault}"
    );
}

#[test]
fn refuses_every_truncation() {
    for packing in Packing::ALL {
        let bytes = DebBuilder::new("sample", "1")
            .packing(packing)
            .build()
            .bytes;
        for end in (0..bytes.len() - 1).step_by(7) {
            assert!(read(&bytes[..end]).is_err(), "{packing:?} cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_flipped_bytes(at in any::<prop::sample::Index>(), to in any::<u8>(), plain in any::<bool>()) {
        let packing = if plain { Packing::Plain } else { Packing::Xz };
        let mut bytes = sample().packing(packing).build().bytes;
        let at = at.index(bytes.len());
        bytes[at] = to;
        let _ = read(&bytes);
    }

    #[test]
    fn reads_back_what_was_written(files in prop::collection::btree_map(
        "/[a-z]{1,6}/[a-zA-Z0-9+~.]{1,90}x", (0u32..0o7777, prop::collection::vec(any::<u8>(), 0..600)), 0..8,
    )) {
        let mut package = DebBuilder::new("sample", "1");
        for (path, (mode, content)) in &files {
            package = package.file(path, *mode, content);
        }
        let package = read(&package.build().bytes).unwrap();
        for (path, (mode, content)) in files {
            let entry = find(&package, &path);
            prop_assert_eq!(entry.mode, mode);
            prop_assert_eq!(&entry.kind, &EntryKind::File(content.into()));
        }
    }
}
