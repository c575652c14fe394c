//! Tests of [`super::Tree`]: its invariants under any sequence of changes.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn file(text: &str) -> Entry {
    Entry::file(Blob::new(text.as_bytes().to_vec()), 0o644, Origin::User)
}

fn hardlink(to: &str) -> Entry {
    Entry::new(Kind::Hardlink { to: path(to) }, 0o600, Origin::User)
}

#[test]
fn parents_are_made() {
    let mut tree = Tree::new();
    tree.insert(path("/a/b/c"), file("x")).unwrap();
    let parent = tree.get("/a/b").unwrap();
    assert_eq!((parent.mode, &parent.origin), (0o755, &Origin::Implicit));
    assert_eq!(tree.len(), 3);
    tree.insert(path("/a/b"), Entry::directory(0o1777, Origin::User))
        .unwrap();
    assert_eq!(tree.get("/a/b").unwrap().mode, 0o1777);
    assert!(tree.contains("/a/b/c"));
}

#[test]
fn impossible_entries_are_refused_and_change_nothing() {
    let mut tree = Tree::new();
    tree.insert(path("/f"), file("x")).unwrap();
    tree.insert(path("/l"), Entry::symlink("f", Origin::User))
        .unwrap();
    tree.insert(path("/d/x"), file("x")).unwrap();
    let mut bad_mode = file("x");
    bad_mode.mode = 0o10000;
    let link = |target: &str| Entry::symlink(target, Origin::User);
    let table = [
        ("/f/x", file("y"), "its parent `/f` is a file"),
        ("/l/x/y", file("y"), "its parent `/l` is a symlink"),
        ("/d", file("y"), "directory with content"),
        ("/h", hardlink("/nowhere"), "no file of the tree"),
        ("/h", hardlink("/d"), "no file of the tree"),
        ("/new/h", hardlink("/new/h"), "no file of the tree"),
        ("/m", bad_mode, "exceeds 7777"),
        ("/e", link(""), "empty"),
        ("/e", link("a\0"), "NUL"),
        ("/e", link(&"a".repeat(4096)), "longer"),
        ("/", file("x"), "the root can only be"),
    ];
    let before = tree.clone();
    for (at, entry, says) in table {
        let error = tree.insert(path(at), entry).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(tree, before, "{at}");
    }
}

#[test]
fn the_first_name_holds_the_file() {
    let mut tree = Tree::new();
    tree.insert(path("/m"), file("x")).unwrap();
    tree.insert(path("/z"), hardlink("/m")).unwrap();
    tree.insert(path("/a"), hardlink("/z")).unwrap();
    assert!(matches!(tree.get("/a").unwrap().kind, Kind::File(_)));
    for name in ["/m", "/z"] {
        let entry = tree.get(name).unwrap();
        assert_eq!(entry.kind, Kind::Hardlink { to: path("/a") });
        assert_eq!(entry.mode, 0o644);
    }
    assert_eq!(tree.names_of(&path("/z")).len(), 3);

    tree.set_mode(&path("/z"), 0o755).unwrap();
    tree.set_content(&path("/m"), Blob::new(&b"new"[..]))
        .unwrap();
    for (_, entry, blob) in tree.files() {
        assert_eq!((entry.mode, blob.size()), (0o755, 3));
        assert_eq!(entry.original, Some(model::Digest::of(b"x")));
    }

    assert_eq!(tree.remove(&path("/a")), 1);
    assert_eq!(tree.blob("/z").unwrap().size(), 3);
    tree.insert(path("/m"), file("other")).unwrap();
    assert_eq!(tree.blob("/z").unwrap().size(), 3);
    assert_eq!(tree.names_of(&path("/z")), [path("/z")]);
}

#[test]
fn a_removed_folder_leaves_outer_names_of_its_files() {
    let mut tree = Tree::new();
    tree.insert(path("/d/a"), file("x")).unwrap();
    tree.insert(path("/d/b"), hardlink("/d/a")).unwrap();
    tree.insert(path("/e"), hardlink("/d/a")).unwrap();
    assert_eq!(tree.remove(&path("/d")), 3);
    assert_eq!(tree.len(), 1);
    assert!(matches!(tree.get("/e").unwrap().kind, Kind::File(_)));
    assert_eq!(tree.remove(&TreePath::root()), 1);
    assert!(tree.is_empty());
}

#[test]
fn below_is_not_beside() {
    let mut tree = Tree::new();
    for name in ["/a/x", "/a/x/y", "/a-b", "/a.b", "/a0"] {
        let folder = Entry::directory(0o755, Origin::User);
        tree.insert(path(name), folder).unwrap();
    }
    let below: Vec<&str> = tree.below(&path("/a")).map(|(p, _)| p.as_str()).collect();
    assert_eq!(below, ["/a/x", "/a/x/y"]);
    assert_eq!(tree.children(&path("/a")).count(), 1);
    assert_eq!(tree.below(&TreePath::root()).count(), 6);
}

/// One change of a tree.
#[derive(Debug, Clone)]
enum Step {
    File(String),
    Folder(String),
    Symlink(String, String),
    Hardlink(String, String),
    Remove(String),
}

fn step() -> impl Strategy<Value = Step> {
    let name = || "(/[ab0]){1,3}";
    prop_oneof![
        name().prop_map(Step::File),
        name().prop_map(Step::Folder),
        (name(), name()).prop_map(|(a, b)| Step::Symlink(a, b)),
        (name(), name()).prop_map(|(a, b)| Step::Hardlink(a, b)),
        name().prop_map(Step::Remove),
    ]
}

fn holds(tree: &Tree) {
    for (at, entry) in tree.iter() {
        let parent = tree.get(at.parent().unwrap()).unwrap();
        assert!(parent.is_directory(), "{at}");
        if let Kind::Hardlink { to } = &entry.kind {
            assert!(to < at, "{at} names {to}");
            assert!(matches!(tree.get(to).unwrap().kind, Kind::File(_)), "{at}");
            assert!(tree.names_of(to).contains(at), "{at}");
        }
    }
    for (holder, names) in &tree.links {
        assert!(!names.is_empty());
        for name in names {
            let expected = Kind::Hardlink { to: holder.clone() };
            assert_eq!(tree.get(name).unwrap().kind, expected);
        }
    }
}

proptest! {
    #[test]
    fn always_a_possible_file_system(steps in prop::collection::vec(step(), 0..40)) {
        let mut tree = Tree::new();
        for (number, step) in steps.into_iter().enumerate() {
            let text = number.to_string();
            let _ = match &step {
                Step::File(at) => tree.insert(path(at), file(&text)),
                Step::Folder(at) => tree.insert(path(at), Entry::directory(0o755, Origin::User)),
                Step::Symlink(at, to) => tree.insert(path(at), Entry::symlink(to, Origin::User)),
                Step::Hardlink(at, to) => tree.insert(path(at), hardlink(to)),
                Step::Remove(at) => {
                    tree.remove(&path(at));
                    Ok(None)
                }
            };
            holds(&tree);
        }
        let mut text = Vec::new();
        tree.write_listing(&mut text).unwrap();
        let back = Tree::read_listing(&mut &text[..]).unwrap();
        prop_assert_eq!(back.digest(), tree.digest());
        prop_assert_eq!(back, tree);
    }
}
