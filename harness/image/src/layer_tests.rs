//! Tests of reading layers: compression, limits, hostile members.

#![allow(clippy::unwrap_used)]

use rootfs::Tree;

use super::*;
use crate::tar::TarStream;

fn plain() -> Bytes {
    let mut tree = Tree::new();
    for (path, text) in [("/a/b/c", "1"), ("/d", "2")] {
        let mut entry = Entry::file(Blob::new(text.as_bytes()), 0o644, Origin::User);
        entry.xattrs.insert("user.x".into(), vec![0; 100]);
        tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
    }
    TarStream::of(&tree, 5).unwrap().pieces().concat().into()
}

#[test]
fn every_compression_reads_the_same() {
    let plain = plain();
    let limits = Limits::standard();
    let gzip: Bytes = crate::gzip(std::slice::from_ref(&plain), 6)
        .unwrap()
        .concat()
        .into();
    let twice: Bytes = [&gzip[..], &gzip[..]].concat().into();
    let zstd: Bytes = zstd::encode_all(&plain[..], 3).unwrap().into();
    for (stored, kind) in [
        (&plain, Compression::None),
        (&gzip, Compression::Gzip),
        (&zstd, Compression::Zstd),
    ] {
        assert_eq!(Compression::of(stored), kind);
        assert_eq!(decompress(stored, 0, &limits).unwrap(), plain);
    }
    assert_eq!(
        decompress(&twice, 0, &limits).unwrap().len(),
        plain.len() * 2
    );
    for whole in [&gzip, &zstd] {
        let cut = whole.slice(..whole.len() - 3);
        let error = decompress(&cut, 4, &limits).unwrap_err();
        assert!(error.to_string().contains("layer 4"), "{error}");
    }
}

#[test]
fn every_limit_holds() {
    let plain = plain();
    let bomb: Bytes = crate::gzip(&[Bytes::from(vec![0; 4 << 20])], 9)
        .unwrap()
        .concat()
        .into();
    let standard = Limits::standard();
    let small = |layer_bytes| Limits {
        layer_bytes,
        ..standard.clone()
    };
    let size = plain.len() as u64;
    assert!(decompress(&plain, 0, &small(size)).is_ok());
    assert!(decompress(&plain, 0, &small(size - 1)).is_err());
    let error = decompress(&bomb, 0, &small((4 << 20) - 1)).unwrap_err();
    assert!(
        error.to_string().contains("limit of 4194303 bytes"),
        "{error}"
    );
    let ratio = Limits {
        ratio_from_bytes: 1 << 20,
        ..standard.clone()
    };
    let error = decompress(&bomb, 0, &ratio).unwrap_err();
    assert!(error.to_string().contains("limit of 200 times"), "{error}");
    assert!(
        decompress(&bomb, 0, &standard).is_ok(),
        "small things may be dense"
    );

    let read = |limits: &Limits| read_layer(&plain, 0, &mut Budget::new(limits));
    let with = |change: fn(&mut Limits, u64), value: u64| {
        let mut limits = standard.clone();
        change(&mut limits, value);
        read(&limits).map(|_| ()).map_err(|error| error.to_string())
    };
    for (change, enough, says) in [
        (
            (|l, v| l.entries = v) as fn(&mut Limits, u64),
            4,
            "4 entries",
        ),
        (|l, v| l.depth = v as usize, 3, "parts"),
        (|l, v| l.xattr_bytes = v, 106, "extended attributes"),
    ] {
        assert_eq!(with(change, enough), Ok(()));
        let error = with(change, enough - 1).unwrap_err();
        assert!(
            error.contains(says) || error.contains("3 entries"),
            "{error}"
        );
    }
    let limits = Limits {
        image_bytes: 10,
        ..standard
    };
    let mut budget = Budget::new(&limits);
    assert!(budget.take_bytes(10).is_ok());
    assert!(budget.take_bytes(1).is_err());
}

#[test]
fn hostile_members_are_kept_as_data() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: &[u8], kind: tar::EntryType, link: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    };
    add(b"../../etc/cron.d/x", tar::EntryType::Regular, b"");
    add(b"/etc/shadow", tar::EntryType::Regular, b"");
    add(b"out", tar::EntryType::Symlink, b"../../../../tmp");
    add(b"out/pwned", tar::EntryType::Regular, b"");
    add(b"hard", tar::EntryType::Link, b"../../../../etc/passwd");
    add(b"odd", tar::EntryType::new(b'Z'), b"");
    let bytes: Bytes = builder.into_inner().unwrap().into();
    let limits = Limits::standard();
    let layer = read_layer(&bytes, 0, &mut Budget::new(&limits)).unwrap();
    let mut tree = Tree::new();
    let late = tree.overlay(&layer);
    let paths: Vec<&str> = tree.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/etc",
            "/etc/cron.d",
            "/etc/cron.d/x",
            "/etc/shadow",
            "/out",
            "/tmp",
            "/tmp/pwned"
        ]
    );
    let notes: Vec<&str> = layer.oddities.iter().map(|o| &*o.what).collect();
    assert_eq!(
        notes,
        [
            "name climbs above the root",
            "absolute name",
            "symbolic link to `../../../../tmp` climbs above the root",
            "goes through a symbolic link to `/tmp/pwned`",
            "hard link to `../../../../etc/passwd` climbs above the root",
            "unknown member type 0x5a",
        ]
    );
    assert!(late[0].what.contains("no file of the tree"));
}
