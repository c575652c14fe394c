//! Tests of the listing: what it looks like, what is refused.

#![allow(clippy::unwrap_used)]

use super::*;

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn sample() -> Tree {
    let mut tree = Tree::new();
    let mut file = Entry::file(
        Blob::new(&b"hello"[..]),
        0o4755,
        Origin::Slice("a_b".into()),
    );
    file.xattrs.insert("user.x".into(), vec![0xff]);
    file.original = Some(Digest::of(b""));
    file.mtime = Some(-5);
    tree.insert(path("/a/f"), file.with_owner("a_b")).unwrap();
    let entries = [
        ("/a/h", Kind::Hardlink { to: path("/a/f") }),
        ("/dev/null", Kind::CharDevice { major: 1, minor: 3 }),
        ("/dev/sda", Kind::BlockDevice { major: 8, minor: 0 }),
        ("/pipe", Kind::Fifo),
        (
            "/s",
            Kind::Symlink {
                target: "a/f".into(),
            },
        ),
    ];
    for (at, kind) in entries {
        let entry = Entry::new(kind, 0o600, Origin::Layer(2)).with_ids(1, 2);
        tree.insert(path(at), entry).unwrap();
    }
    tree
}

#[test]
fn the_listing_reads_well() {
    let mut text = Vec::new();
    sample().write_listing(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let ends = [
        r#""path":"/"}"#,
        r#""path":"/a"}"#,
        r#""owners":["a_b"],"path":"/a/f"}"#,
        r#""path":"/a/h","link":"/a/f"}"#,
        r#""path":"/dev"}"#,
        r#""device":[1,3],"origin":{"layer":2},"path":"/dev/null"}"#,
        r#""device":[8,0],"origin":{"layer":2},"path":"/dev/sda"}"#,
        r#"{"type":"fifo","mode":"0600","ids":"1:2","origin":{"layer":2},"path":"/pipe"}"#,
        r#""path":"/s","link":"a/f"}"#,
    ];
    assert_eq!(lines.len(), ends.len());
    for (line, end) in lines.iter().zip(ends) {
        assert!(line.ends_with(end), "{line}");
    }
    assert!(lines[2].starts_with(
        r#"{"type":"file","mode":"4755","ids":"0:0","size":5,"digest":"sha256:2cf24dba"#
    ));
    assert_eq!(Tree::read_listing(&mut text.as_bytes()).unwrap(), sample());
}

#[test]
fn owners_and_origin_are_no_part_of_the_digest() {
    let mut tree = sample();
    let before = tree.digest();
    tree.add_owner(&path("/pipe"), "other".into());
    assert_eq!(tree.digest(), before);
    tree.set_mode(&path("/pipe"), 0o601).unwrap();
    assert_ne!(tree.digest(), before);
}

#[test]
fn bad_lines_are_refused() {
    let good = r#"{"type":"fifo","mode":"0600","ids":"1:2","path":"/pipe"}"#;
    assert!(Tree::read_listing(&mut format!("{good}\n").as_bytes()).is_ok());
    let table = [
        (good.replace("0600", "0900"), "not octal"),
        (good.replace("0600", "10000"), "exceeds 7777"),
        (good.replace("1:2", "root"), "no UID:GID"),
        (good.replace("fifo", "socket"), "unknown type"),
        (good.replace("fifo", "file"), "without size"),
        (good.replace("fifo", "symlink"), "without target"),
        (good.replace("fifo", "char-device"), "without numbers"),
        (good.replace("/pipe", "pipe"), "not absolute"),
        (good.replace("ids", "id"), "unknown field"),
        (format!("{good}\n{good}"), "out of order"),
        ("{".to_owned(), "line 1"),
    ];
    for (text, says) in table {
        let error = Tree::read_listing(&mut format!("{text}\n").as_bytes()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}: {text}");
    }
    let error = Tree::read_listing(&mut good.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[test]
fn an_endless_line_is_refused() {
    let text = vec![b' '; LONGEST_LINE as usize + 5];
    let error = Tree::read_listing(&mut &text[..]).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}
