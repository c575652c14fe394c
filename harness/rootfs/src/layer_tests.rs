//! Tests of layers: whiteouts, replacement, hostile members.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::Blob;

fn file(text: &str) -> Entry {
    Entry::file(Blob::new(text.as_bytes().to_vec()), 0o644, Origin::Layer(0))
}

fn folder(mode: u32) -> Entry {
    Entry::directory(mode, Origin::Layer(0))
}

fn link(target: &str) -> Entry {
    Entry::symlink(target, Origin::Layer(0))
}

fn layer(members: &[(&str, Entry)]) -> Layer {
    let mut layer = Layer::new();
    for (raw, entry) in members {
        layer.add(raw, entry.clone(), None);
    }
    layer
}

fn merged(layers: &[Layer]) -> Tree {
    let mut tree = Tree::new();
    for layer in layers {
        let odd = tree.overlay(layer);
        assert!(odd.is_empty(), "{odd:?}");
    }
    tree
}

fn shape(tree: &Tree) -> Vec<String> {
    let text = |path: &TreePath| match tree.blob(path).and_then(Blob::bytes) {
        Some(bytes) => format!("{path}={}", String::from_utf8_lossy(bytes)),
        None => path.to_string(),
    };
    tree.iter().map(|(path, _)| text(path)).collect()
}

#[test]
fn whiteouts_hide_only_what_lies_below() {
    let low = layer(&[("a", file("1")), ("d/x", file("1")), ("d/y", file("1"))]);
    let high = layer(&[
        ("d/new", file("2")),
        (".wh.a", file("")),
        ("d/.wh.x", file("")),
    ]);
    assert_eq!(
        shape(&merged(&[low.clone(), high])),
        ["/d", "/d/new=2", "/d/y=1"]
    );
    // The order inside the archive does not matter, and a layer may hide and remake a path.
    let high = layer(&[
        ("a", file("2")),
        (".wh.a", file("")),
        ("d/.wh..wh..opq", file("")),
    ]);
    assert_eq!(shape(&merged(&[low, high])), ["/a=2", "/d"]);
}

#[test]
fn replacement_follows_the_kind() {
    let low = layer(&[
        ("a/b", file("1")),
        ("f", file("1")),
        ("l", link("a")),
        ("d", folder(0o700)),
    ]);
    let high = layer(&[
        ("a", file("2")),
        ("f/x", file("2")),
        ("f", folder(0o755)),
        ("l", folder(0o711)),
        ("d/x", file("2")),
    ]);
    let tree = merged(&[low.clone(), high]);
    assert_eq!(shape(&tree), ["/a=2", "/d", "/d/x=2", "/f", "/f/x=2", "/l"]);
    assert_eq!(
        tree.get("/d").unwrap().mode,
        0o700,
        "implicit parents change nothing"
    );
    assert_eq!(tree.get("/l").unwrap().mode, 0o711);
}

#[test]
fn links_of_lower_layers_are_followed_inside_the_root() {
    let low = layer(&[
        ("lib", link("usr/lib")),
        ("usr/lib", folder(0o755)),
        ("e", link("../../x")),
    ]);
    assert_eq!(
        low.oddities[0].what,
        "symbolic link to `../../x` climbs above the root"
    );
    let high = layer(&[("lib/a", file("2")), ("e/b", file("2"))]);
    let tree = merged(&[low, high]);
    assert_eq!(
        shape(&tree)[..],
        [
            "/e",
            "/lib",
            "/usr",
            "/usr/lib",
            "/usr/lib/a=2",
            "/x",
            "/x/b=2"
        ]
    );
}

#[test]
fn hard_links_reach_lower_layers() {
    let low = layer(&[("a", file("1"))]);
    let mut high = Layer::new();
    high.add("z", file(""), Some("a"));
    high.add("gone", file(""), Some("../../etc/shadow"));
    assert_eq!(high.oddities.len(), 1);
    let mut tree = merged(&[low]);
    let odd = tree.overlay(&high);
    assert_eq!(shape(&tree), ["/a=1", "/z=1"]);
    assert!(odd[0].what.contains("no file of the tree"), "{odd:?}");
    // A later layer that replaces the file leaves the other name as it was.
    tree.overlay(&layer(&[("a", file("2"))]));
    assert_eq!(shape(&tree), ["/a=2", "/z=1"]);
}

#[test]
fn hostile_names_are_noted_and_stay_inside() {
    let mut long = "x/".repeat(2100);
    long.push('x');
    let table = [
        ("../../etc/passwd", "climbs above the root", "/etc/passwd"),
        ("a/../b", "`..` part", "/b"),
        ("/abs", "absolute", "/abs"),
        (&*long, "impossible name", ""),
        ("a\0b", "impossible name", ""),
        (".wh.", "whiteout of no name", ""),
        (".wh...", "whiteout of no name", ""),
        (".wh..wh.plnk", "AUFS", ""),
    ];
    for (raw, says, placed) in table {
        let layer = layer(&[(raw, file("x"))]);
        assert!(
            layer.oddities[0].what.contains(says),
            "{:?}",
            layer.oddities
        );
        let last = layer.tree.iter().next_back().map(|(path, _)| path.as_str());
        assert_eq!(last.unwrap_or(""), placed);
        assert!(layer.whiteouts.is_empty());
    }
}

#[test]
fn what_a_runtime_refuses_is_told() {
    let own = layer(&[("f", file("1")), ("f/x", file("2")), ("f", file("3"))]);
    assert!(
        own.oddities[0].what.contains("needs a directory at `/f`"),
        "{own:?}"
    );
    assert!(own.oddities[1].what.contains("named twice"), "{own:?}");
    let mut tree = merged(&[layer(&[("f", file("1")), ("loop", link("loop"))])]);
    let odd = tree.overlay(&layer(&[("f/x", file("2")), ("loop/x", file("2"))]));
    assert_eq!(odd.len(), 2, "{odd:?}");
    assert_eq!(shape(&tree), ["/f=1", "/loop"]);
}

#[test]
fn own_links_lead_where_a_runtime_would_go() {
    let layer = layer(&[
        ("l", link("/etc")),
        ("l/passwd", file("x")),
        ("./", folder(0o700)),
    ]);
    let tree = merged(&[layer]);
    assert_eq!(shape(&tree), ["/etc", "/etc/passwd=x", "/l"]);
    assert_eq!(tree.root().mode, 0o700);
}
