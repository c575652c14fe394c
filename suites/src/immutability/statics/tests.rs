//! Every static check against a tree with one flaw, and against the same without it.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use model::{ImageSpec, Outcome};
use rootfs::{Blob, Entry, Origin, Tree, TreePath};

use super::{CHECKS, Subject};

const SPEC: &str = "summary: x\nslices: {debian-13: [a_b]}\nconfig: {entrypoint: [/usr/bin/app]}\n\
                    readiness: {tcp: {port: 80}}\nresources: {memory_mib: 1, pids: 1}\n\
                    baseline: none\nwritable: [{path: /data, size_mib: 1}]\n";

fn file(mode: u32) -> Entry {
    Entry::file(Blob::new(Bytes::from_static(b"x")), mode, Origin::User).with_owner("a_b")
}

fn good() -> Tree {
    let mut tree = Tree::new();
    tree.insert(TreePath::new("/usr/bin/app").unwrap(), file(0o755))
        .unwrap();
    tree.insert(TreePath::new("/etc/app.conf").unwrap(), file(0o644))
        .unwrap();
    tree
}

/// The ids of the checks that fail on `tree`, which was cut as `cut`.
fn failing(tree: &Tree, cut: &Tree, user: &str) -> Vec<&'static str> {
    let spec = ImageSpec::from_yaml("test", SPEC).unwrap();
    let subject = Subject {
        tree,
        cut: Some(cut),
        user,
        spec: &spec,
    };
    CHECKS
        .iter()
        .filter(|(info, look)| look(&subject).decide(info).outcome != Outcome::Pass)
        .map(|(info, _)| info.id)
        .collect()
}

#[test]
fn a_good_tree_passes() {
    assert!(failing(&good(), &good(), "65532:65532").is_empty());
}

#[test]
fn each_flaw_is_found_by_its_check_and_by_no_other() {
    let mut capable = file(0o755);
    // cap_net_raw=ep, version 2 (capabilities(7), "File capability extended attribute").
    let raw = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    capable
        .xattrs
        .insert("security.capability".to_owned(), raw.to_vec());
    let owned = file(0o644).with_ids(65532, 65532);
    let flaws: Vec<(&str, &str, &str, Entry)> = vec![
        ("IMM-001", "a shell", "/usr/bin/bash", file(0o755)),
        (
            "IMM-002",
            "an undeclared interpreter",
            "/usr/bin/perl",
            file(0o755),
        ),
        ("IMM-003", "a package manager", "/usr/bin/dpkg", file(0o755)),
        ("IMM-005", "a setuid file", "/usr/bin/su2", file(0o4755)),
        ("IMM-006", "a file capability", "/usr/bin/ping", capable),
        (
            "IMM-007",
            "code for everybody",
            "/usr/lib/code.so",
            file(0o666),
        ),
        (
            "IMM-007",
            "code of the user's own",
            "/usr/lib/own.so",
            owned,
        ),
        (
            "IMM-007",
            "code of group 0",
            "/usr/lib/group0.so",
            file(0o664),
        ),
    ];
    for (check, flaw, path, entry) in flaws {
        let mut tree = good();
        tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        assert_eq!(
            failing(&tree, &tree, "65532:65532"),
            [check],
            "{flaw}: {path}"
        );
    }
}

#[test]
fn what_was_not_cut_is_found() {
    let mut tree = good();
    tree.insert(TreePath::new("/usr/lib/new.so").unwrap(), file(0o644))
        .unwrap();
    let flaw = "a file added after the cut";
    assert_eq!(
        failing(&tree, &good(), "65532:65532"),
        ["IMM-004"],
        "{flaw}"
    );
    assert_eq!(
        failing(&good(), &tree, "65532:65532"),
        ["IMM-004"],
        "missing"
    );
    let mut changed = good();
    changed
        .insert(TreePath::new("/etc/app.conf").unwrap(), file(0o600))
        .unwrap();
    assert_eq!(
        failing(&changed, &good(), "65532:65532"),
        ["IMM-004"],
        "changed"
    );
}

#[test]
fn root_and_names_are_found() {
    for user in ["", "0", "0:0", "root", "nobody"] {
        assert_eq!(failing(&good(), &good(), user), ["IMM-008"], "{user:?}");
    }
}
