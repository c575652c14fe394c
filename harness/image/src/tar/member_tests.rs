//! Tests of the tar reader: archives of another writer, and archives that nobody should write.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::header::Header;
use super::*;

fn members(bytes: &[u8]) -> Vec<Result<Member, ImageError>> {
    Members::new(Bytes::copy_from_slice(bytes)).collect()
}

fn failure(bytes: &[u8]) -> String {
    match members(bytes).pop() {
        Some(Err(error)) => error.to_string(),
        other => panic!("no failure: {other:?}"),
    }
}

fn header(name: &[u8], kind: u8, size: u64) -> Vec<u8> {
    let header = Header {
        name,
        kind,
        mode: 0o644,
        uid: 1,
        gid: 2,
        size,
        mtime: 3,
        link: b"",
        device: None,
    };
    header.bytes().to_vec()
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn pax(records: &[u8]) -> Vec<u8> {
    [header(b"p", b'x', records.len() as u64), padded(records)].concat()
}

#[test]
fn reads_gnu_archives_of_another_writer() {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("dir/{}", "x".repeat(180));
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o640);
    header.set_uid(u64::from(u32::MAX));
    header.set_mtime(77);
    builder
        .append_data(&mut header, &long, &b"hello"[..])
        .unwrap();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder
        .append_link(&mut header, "l", "y".repeat(150))
        .unwrap();
    let bytes = builder.into_inner().unwrap();
    let found: Vec<Member> = members(&bytes).into_iter().map(Result::unwrap).collect();
    assert_eq!(found[0].name, long.as_bytes());
    assert_eq!((&found[0].data[..], found[0].mode), (&b"hello"[..], 0o640));
    assert_eq!((found[0].uid, found[0].mtime), (u64::from(u32::MAX), 77));
    assert_eq!(found[1].link, "y".repeat(150).as_bytes());
}

#[test]
fn pax_values_win_and_may_hold_anything() {
    let records = b"14 path=other\n\
        28 SCHILY.xattr.user.a=\n\0=1\n\
        14 size=00003\n\
        21 mtime=-5.99999999\n\
        9 uid=99\n";
    let mut bytes = pax(records);
    bytes.extend(header(b"name", b'0', 999));
    bytes.extend(padded(b"abc"));
    let found = members(&bytes);
    let member = found[0].as_ref().unwrap();
    assert_eq!(
        (&*member.name, &member.data[..]),
        (&b"other"[..], &b"abc"[..])
    );
    assert_eq!((member.uid, member.gid, member.mtime), (99, 2, -5));
    assert_eq!(member.xattrs, [(b"user.a".to_vec(), b"\n\0=1".to_vec())]);
    assert_eq!(found.len(), 1);
}

#[test]
fn links_and_folders_carry_no_data() {
    let mut bytes = header(b"l", b'2', 700);
    bytes.extend(header(b"d/", b'0', 0));
    let found = members(&bytes);
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].as_ref().unwrap().kind, b'5');
}

#[test]
fn malformed_archives_are_refused() {
    let file = || [header(b"f", b'0', 3), padded(b"abc")].concat();
    let mut unsound = file();
    unsound[0] ^= 1;
    let mut sparse = file();
    sparse[156] = b'S';
    fix(&mut sparse);
    let mut negative = file();
    negative[108] = 0xff;
    fix(&mut negative);
    let mut words = file();
    words[124..128].copy_from_slice(b"8 9x");
    fix(&mut words);
    let table = [
        (unsound, "checksum"),
        (sparse, "sparse"),
        (negative, "owner that is no number"),
        (words, "size that is no number"),
        (file()[..600].to_vec(), ""),
        (file()[..514].to_vec(), "more than the archive has"),
        (file()[..300].to_vec(), "ends inside a header"),
        (
            header(b"f", b'0', u64::MAX >> 31),
            "more than the archive has",
        ),
        ([vec![0; 512], file()].concat(), "zero block"),
        (pax(b"11 path=ab\n"), "without a member"),
        ([pax(b"9 path=ab\n"), file()].concat(), "malformed PAX"),
        (
            [pax(b"10 size=x\n"), file()].concat(),
            "size that is no number",
        ),
        ([pax(b"22 GNU.sparse.major=1\n"), file()].concat(), "sparse"),
        (pax(&vec![b'1'; LONGEST_EXTENSION + 1]), "more than 1 MiB"),
    ];
    for (bytes, says) in table {
        if says.is_empty() {
            assert!(members(&bytes)[0].is_ok(), "cut padding does no harm");
        } else {
            assert!(
                failure(&bytes).contains(says),
                "{}: {says}",
                failure(&bytes)
            );
        }
    }
}

fn fix(bytes: &mut [u8]) {
    bytes[148..156].fill(b' ');
    let sum: u64 = bytes[..512].iter().map(|byte| u64::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

proptest! {
    #[test]
    fn no_damage_panics(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        end: prop::sample::Index,
        sound: bool,
    ) {
        let mut bytes = pax(b"14 path=other\n");
        bytes.extend(header(b"f", b'0', 600));
        bytes.extend(padded(&[7; 600]));
        bytes.extend(header(b"g", b'L', 3));
        bytes.extend(padded(b"abc"));
        bytes.extend(header(b"h", b'3', 0));
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
            let block = at / 512 * 512;
            if sound {
                fix(&mut bytes[block..]);
            }
        }
        let end = end.index(bytes.len() + 1);
        let _ = members(&bytes[..end]);
    }
}
