//! Tests of unpacking and rehashing, as whoever runs them.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use rootfs::{Field, Origin};

use super::*;
use crate::rehash;

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn file(text: &str, mode: u32) -> Entry {
    Entry::file(Blob::new(text.as_bytes().to_vec()), mode, Origin::User)
}

fn sample() -> Tree {
    let mut tree = Tree::new();
    let mut timed = file("timed", 0o640);
    timed.mtime = Some(1_234_567_890);
    let entries = [
        ("/bin", Entry::symlink("usr/bin", Origin::User)),
        ("/escape", Entry::symlink("../../../../etc", Origin::User)),
        ("/pipe", Entry::new(Kind::Fifo, 0o622, Origin::User)),
        ("/closed", Entry::directory(0o500, Origin::User)),
        ("/closed/in", file("in", 0o000)),
        ("/tmp", Entry::directory(0o1777, Origin::User)),
        ("/timed", timed),
        ("/usr/bin/set", file("set", 0o4755)),
    ];
    for (at, entry) in entries {
        tree.insert(path(at), entry).unwrap();
    }
    for number in 0..150 {
        let at = path(&format!("/many/{number}"));
        tree.insert(at, file(&number.to_string(), 0o644)).unwrap();
    }
    let link = Kind::Hardlink {
        to: path("/usr/bin/set"),
    };
    tree.insert(path("/a-name"), Entry::new(link, 0, Origin::User))
        .unwrap();
    let raw = TreePath::from_bytes(b"/raw\xff").unwrap();
    tree.insert(raw, file("raw", 0o644)).unwrap();
    tree
}

/// A content in a file without a name below `folder`.
fn spooled(folder: &std::path::Path) -> Blob {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7) as u8).collect();
    let spool = rootfs::Spool::new(folder);
    let blob = spool.take(&mut &bytes[..], bytes.len() as u64).unwrap();
    assert!(blob.on_disk().is_some(), "no files without a name here");
    blob
}

#[test]
fn a_spooled_content_is_named_once_and_copied_for_every_other_path() {
    let dir = tempfile::tempdir().unwrap();
    let blob = spooled(dir.path());
    let mut tree = Tree::new();
    for (at, mode) in [("/one", 0o755), ("/two", 0o4600), ("/sub/three", 0o600)] {
        let entry = Entry::file(blob.clone(), mode, Origin::User);
        tree.insert(path(at), entry).unwrap();
    }
    let root = dir.path().join("root");
    let done = unpack(&tree, &root, Owners::Own, 5).unwrap();
    assert_eq!((done.files, done.bytes), (3, 9_000_000));
    let found = rehash(&root).unwrap();
    let mut numbers = std::collections::BTreeSet::new();
    for (at, mode) in [("one", 0o755), ("two", 0o4600), ("sub/three", 0o600)] {
        let about = std::fs::metadata(root.join(at)).unwrap();
        assert_eq!(about.permissions().mode() & 0o7777, mode, "{at}");
        assert_eq!(about.mtime(), 5);
        numbers.insert(about.ino());
        assert_eq!(found.blob(format!("/{at}")), Some(&blob));
    }
    assert_eq!(numbers.len(), 3, "no path is a hard link of another");
    // Once more, when its file has a name already.
    unpack(&tree, &dir.path().join("again"), Owners::Own, 5).unwrap();
    let again = rehash(&dir.path().join("again")).unwrap();
    assert_eq!(again.blob("/one"), Some(&blob));
}

#[test]
fn a_spooled_content_of_another_file_system_is_copied() {
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let here = tempfile::tempdir().unwrap();
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    assert_ne!(
        device(elsewhere.path()),
        device(here.path()),
        "one disk only"
    );
    let blob = spooled(elsewhere.path());
    let mut tree = Tree::new();
    let entry = Entry::file(blob.clone(), 0o600, Origin::User);
    tree.insert(path("/one"), entry).unwrap();
    unpack(&tree, here.path(), Owners::Own, 5).unwrap();
    assert_eq!(rehash(here.path()).unwrap().blob("/one"), Some(&blob));
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The tree as the caller will find it: without privileges everything is the caller's own.
fn expected(tree: &Tree, owners: Owners) -> Tree {
    let mut out = Tree::new();
    let own = (
        rustix::process::geteuid().as_raw(),
        rustix::process::getegid().as_raw(),
    );
    let of = |entry: &Entry| match owners {
        Owners::Keep => entry.clone(),
        Owners::Own => entry.clone().with_ids(own.0, own.1),
    };
    out.insert(TreePath::root(), of(tree.root())).unwrap();
    for (at, entry) in tree.iter() {
        out.insert(at.clone(), of(entry)).unwrap();
    }
    out
}

#[test]
fn what_is_written_reads_back() {
    let mut tree = sample();
    let mut all = vec![Owners::Own];
    if is_root() {
        tree.insert(path("/owned"), file("x", 0o600).with_ids(1234, 4321))
            .unwrap();
        all.push(Owners::Keep);
    } else {
        // A file of mode 000 cannot be read back without privileges.
        tree.remove(&path("/closed/in"));
    }
    for owners in all {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("root");
        let unpacked = unpack(&tree, &target, owners, 77).unwrap();
        assert!(unpacked.notes.is_empty(), "{:?}", unpacked.notes);
        assert_eq!(unpacked.files, tree.totals().files);
        let back = rehash(&target).unwrap();
        let diff = expected(&tree, owners).diff(&back);
        assert!(diff.is_empty(), "{owners:?}: {diff:?}");
        assert_eq!(back.digest(), expected(&tree, owners).digest());
        assert_eq!(back.get("/timed").unwrap().mtime, Some(1_234_567_890));
        assert_eq!(back.get("/tmp").unwrap().mtime, Some(77));
        assert_eq!(back.get("/bin").unwrap().mtime, Some(77));
        let again = unpack(&tree, &target, owners, 77).unwrap_err();
        assert!(
            again.to_string().contains("not an empty directory"),
            "{again}"
        );
        let open = std::fs::Permissions::from_mode(0o700);
        fs::set_permissions(target.join("closed"), open).unwrap();
    }
}

#[test]
fn every_touch_is_seen() {
    let mut tree = sample();
    tree.remove(&path("/closed"));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    unpack(&tree, &root, Owners::Own, 0).unwrap();
    let before = rehash(&root).unwrap();
    assert!(before.diff(&rehash(&root).unwrap()).is_empty());
    fs::write(root.join("timed"), "Timed").unwrap();
    fs::write(root.join("many/new"), "").unwrap();
    fs::remove_file(root.join("many/7")).unwrap();
    fs::set_permissions(root.join("many/8"), std::fs::Permissions::from_mode(0o666)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let diff = before.diff(&rehash(&root).unwrap());
    let names: Vec<&str> = diff.added.iter().map(TreePath::as_str).collect();
    assert_eq!(names, ["/many/new", "/socket"]);
    assert_eq!(diff.removed, [path("/many/7")]);
    let changed: Vec<(&str, &[Field])> = diff
        .changed
        .iter()
        .map(|c| (c.path.as_str(), &c.fields[..]))
        .collect();
    assert_eq!(
        changed,
        [
            ("/many/8", &[Field::Mode][..]),
            ("/timed", &[Field::Content])
        ]
    );
}

#[test]
fn nothing_is_written_outside() {
    // A tree cannot hold an entry below a link; one that appears on disk is not followed either.
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    let outside = dir.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&root).unwrap();
    let below = Beneath::open(&root).unwrap();
    std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
    assert!(below.folder(&path("/link")).is_err());
    assert!(below.parent(&path("/link/x")).is_err());
    let back = rehash(&root).unwrap();
    assert_eq!(back.len(), 1);
}

#[test]
fn devices_and_capabilities_need_privileges() {
    let mut tree = Tree::new();
    let device = Kind::CharDevice { major: 1, minor: 3 };
    tree.insert(path("/null"), Entry::new(device, 0o666, Origin::User))
        .unwrap();
    let mut capable = file("x", 0o755);
    let value = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    capable
        .xattrs
        .insert("security.capability".into(), value.to_vec());
    tree.insert(path("/x"), capable).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpack(&tree, &dir.path().join("own"), Owners::Own, 0).unwrap();
    assert_eq!(
        unpacked.notes,
        [
            "attribute `security.capability` of `/x` left out: unprivileged",
            "device `/null` left out: unprivileged",
        ]
    );
    if is_root() {
        let root = dir.path().join("keep");
        let unpacked = unpack(&tree, &root, Owners::Keep, 0).unwrap();
        let back = rehash(&root).unwrap();
        // A container without the right to make devices notes it; otherwise it is there.
        for note in &unpacked.notes {
            assert!(note.contains("left out"), "{note}");
        }
        let diff = tree.diff(&back);
        assert_eq!(diff.is_empty(), unpacked.notes.is_empty(), "{diff:?}");
        assert_eq!(fs::metadata(&root).unwrap().uid(), 0);
    }
}

#[test]
fn content_that_is_not_at_hand_is_refused() {
    let mut tree = Tree::new();
    let recorded = Blob::recorded(1, model::Digest::of(b"x"));
    tree.insert(path("/x"), Entry::file(recorded, 0o644, Origin::User))
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let error = unpack(&tree, &dir.path().join("r"), Owners::Own, 0).unwrap_err();
    assert!(matches!(error, ImageError::NoContent(_)));
}
