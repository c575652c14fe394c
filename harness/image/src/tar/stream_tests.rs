//! Tests of the tar writer against another reader, and of writing and reading back.

#![allow(clippy::unwrap_used)]

use std::io::Read as _;

use proptest::prelude::*;
use rootfs::Blob;

use super::*;

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

pub(crate) fn sample() -> Tree {
    let mut tree = Tree::new();
    let long = format!("/{}/{}", "d".repeat(120), "n".repeat(120));
    let deep = format!("/{}", "e".repeat(200));
    let mut capable = Entry::file(Blob::new(&b"cap"[..]), 0o4755, Origin::User);
    let value = b"\x01\n30 path=etc/passwd\n\x00".to_vec();
    capable.xattrs.insert("security.capability".into(), value);
    let device = Kind::CharDevice { major: 1, minor: 3 };
    let block = Kind::BlockDevice {
        major: 8,
        minor: 17,
    };
    let entries = [
        ("/bin", Entry::symlink("usr/bin", Origin::User)),
        ("/dev/null", Entry::new(device, 0o666, Origin::User)),
        (
            "/dev/sda1",
            Entry::new(block, 0o660, Origin::User).with_ids(0, 6),
        ),
        ("/dev/p", Entry::new(Kind::Fifo, 0o600, Origin::User)),
        (
            "/empty",
            Entry::file(Blob::new(&b""[..]), 0o600, Origin::User),
        ),
        (
            "/even",
            Entry::file(Blob::new(vec![7; 1024]), 0o644, Origin::User),
        ),
        ("/usr/bin/x", capable.with_ids(3_000_000, 4_000_000)),
        (
            "/ü/file",
            Entry::file(Blob::new(&b"utf-8"[..]), 0o644, Origin::User),
        ),
        (
            &*long,
            Entry::file(Blob::new(&b"long"[..]), 0o644, Origin::User),
        ),
        (&*deep, Entry::symlink("t".repeat(300), Origin::User)),
    ];
    for (at, entry) in entries {
        tree.insert(path(at), entry).unwrap();
    }
    let link = Kind::Hardlink {
        to: path("/usr/bin/x"),
    };
    tree.insert(path("/usr/bin/y"), Entry::new(link, 0o755, Origin::User))
        .unwrap();
    let raw = TreePath::from_bytes(b"/raw\xff\xfe").unwrap();
    tree.insert(raw, Entry::directory(0o1777, Origin::User))
        .unwrap();
    tree
}

pub(crate) fn whole(stream: &TarStream) -> Vec<u8> {
    let bytes = stream.pieces().concat();
    assert_eq!(bytes.len() as u64, stream.size());
    bytes
}

#[test]
fn another_reader_sees_the_same() {
    let tree = sample();
    let bytes = whole(&TarStream::of(&tree, 1_700_000_000).unwrap());
    assert_eq!(bytes.len() % BLOCK, 0);
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut seen = 0;
    for member in archive.entries().unwrap() {
        let mut member = member.unwrap();
        let name = [b"/", &*member.path_bytes()].concat();
        let name = name.strip_suffix(b"/").unwrap_or(&name);
        let at = TreePath::from_bytes(name).unwrap();
        let entry = tree.get(&at).unwrap();
        let header = member.header().clone();
        assert_eq!(header.mode().unwrap(), entry.mode, "{at}");
        assert_eq!(header.mtime().unwrap(), 1_700_000_000);
        assert_eq!(header.username().unwrap(), Some(""));
        assert_eq!(
            (header.uid().unwrap() as u32, header.gid().unwrap() as u32),
            { (entry.uid, entry.gid) }
        );
        let link = member.link_name_bytes().map(|link| link.into_owned());
        match &entry.kind {
            Kind::Symlink { target } => assert_eq!(link.unwrap(), target.as_bytes()),
            Kind::Hardlink { to } => assert_eq!(link.unwrap(), to.relative().as_bytes()),
            _ => {}
        }
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        if let Kind::File(blob) = &entry.kind {
            assert_eq!(&content[..], &blob.bytes().unwrap()[..]);
        }
        seen += 1;
    }
    assert_eq!(seen, tree.len());
}

#[test]
fn pax_headers_only_where_needed() {
    let mut tree = Tree::new();
    let file = Entry::file(Blob::new(&b"x"[..]), 0o644, Origin::User);
    tree.insert(path("/usr/a"), file.clone()).unwrap();
    let plain = whole(&TarStream::of(&tree, 0).unwrap());
    assert_eq!(
        plain.len(),
        BLOCK * 5,
        "two headers, one block of data, the end"
    );
    tree.insert(path("/usr/b"), file.with_ids(2_097_152, 0))
        .unwrap();
    let extended = whole(&TarStream::of(&tree, 0).unwrap());
    assert_eq!(extended.len(), BLOCK * 9);
    let mut root = tree.root().clone();
    root.mode = 0o700;
    tree.insert(TreePath::root(), root).unwrap();
    assert!(whole(&TarStream::of(&tree, 0).unwrap()).starts_with(b"./\0"));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut bad_name = Entry::directory(0o755, Origin::User);
    bad_name.xattrs.insert("user.a=b".into(), vec![]);
    let device = Kind::CharDevice {
        major: 1,
        minor: 1 << 30,
    };
    let absent = Blob::recorded(3, Digest::of(b"abc"));
    let table = [
        (bad_name, "impossible name"),
        (Entry::new(device, 0o600, Origin::User), "device number"),
        (Entry::file(absent, 0o644, Origin::User), "not at hand"),
    ];
    for (entry, says) in table {
        let mut tree = Tree::new();
        tree.insert(path("/x"), entry).unwrap();
        let error = TarStream::of(&tree, 0).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1200).prop_map(|b| Kind::File(Blob::new(b))),
        "[a-z/.]{1,150}".prop_map(|target| Kind::Symlink { target }),
        Just(Kind::Directory),
        Just(Kind::Fifo),
    ];
    let xattrs = prop::collection::btree_map("[a-z.]{1,20}", any::<Vec<u8>>(), 0..2);
    (kind, 0u32..=0o7777, any::<u32>(), any::<u32>(), xattrs).prop_map(
        |(kind, mode, uid, gid, xattrs)| {
            let mut entry = Entry::new(kind, mode, Origin::User).with_ids(uid, gid);
            entry.xattrs = xattrs;
            entry
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_layer_reads_back_as_its_tree(
        members in prop::collection::vec(("(/[a-z\u{e9}]{1,90}){1,4}", entry()), 0..12),
        mtime in 0u64..1 << 34,
    ) {
        let mut tree = Tree::new();
        for (at, entry) in members {
            let _ = tree.insert(path(&at), entry);
        }
        let first = tree.files().next().map(|(at, _, _)| at.clone());
        if let Some(to) = first {
            let _ = tree.insert(path("/zz"), Entry::new(Kind::Hardlink { to }, 0, Origin::User));
        }
        let bytes = Bytes::from(whole(&TarStream::of(&tree, mtime).unwrap()));
        let limits = crate::Limits::standard();
        let mut budget = crate::layer::Budget::new(&limits);
        let layer = crate::layer::read_layer(&bytes, 0, &mut budget).unwrap();
        let is_known = |what: &str| what.starts_with("symbolic link to") && what.contains("..");
        let mut odd = layer.oddities.iter();
        prop_assert!(odd.all(|odd| is_known(&odd.what)), "{:?}", layer.oddities);
        let mut back = Tree::new();
        back.overlay(&layer);
        let diff = tree.diff(&back);
        prop_assert!(diff.is_empty(), "{:?}", diff);
        for (_, entry) in back.iter() {
            prop_assert_eq!(entry.mtime, Some(mtime as i64));
        }
    }
}
