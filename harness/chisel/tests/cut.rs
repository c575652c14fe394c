//! Cuts of small packages made for the purpose: bounds, order, ownership, whole systems.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::write_with_newline,
    dead_code,
    unused_variables,
    unused_assignments,
    reason = "a test speaks, starts programs and reads files by itself"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod shelf;

use bytes::Bytes;
use chisel::{
    Cut, ErrorClass, PathExcludes, Release, ReleaseFiles, Result, ScriptLimits, SliceKey,
    Strictness, cut, cut_whole, select,
};
use model::Arch;
use rootfs::{CutRootfs, Kind};
use shelf::{CHISEL_YAML, Shelf};
use testkit::{BuiltDeb, DebBuilder};

fn files(definitions: &[(&str, &str)]) -> ReleaseFiles {
    let fixed = [
        ("chisel.yaml", CHISEL_YAML),
        ("keys/key.asc", "not looked at here"),
    ];
    let all = fixed
        .iter()
        .chain(definitions)
        .map(|(path, text)| (*path, text.as_bytes().to_vec()));
    ReleaseFiles::from_pairs("test", all)
}

fn release(definitions: &[(&str, &str)]) -> Result<Release> {
    Release::from_files(&files(definitions), Strictness::Own)
}

fn cut_of(release: &Release, slices: &[&str], shelf: &Shelf, limits: ScriptLimits) -> Result<Cut> {
    let keys: Vec<SliceKey> = slices.iter().map(|slice| slice.parse().unwrap()).collect();
    cut(&select(release, &keys, Arch::Amd64)?, shelf, limits)
}

/// Five packages that share folders, each with a slice that needs the next.
fn chain() -> (Vec<(String, String)>, Shelf) {
    let mut definitions = Vec::new();
    let mut packages = Vec::new();
    for at in 0..5 {
        let needs = match at {
            4 => String::new(),
            _ => format!("    essential: {{pkg{}_all: null}}\n", at + 1),
        };
        definitions.push((
            format!("slices/pkg{at}.yaml"),
            format!(
                "package: pkg{at}\nslices:\n  all:\n{needs}    contents:\n      \
                 /usr/lib/p{at}-**:\n      /etc/made{at}: {{text: x, mutable: true}}\n    mutate: |\n      \
                 content.write(\"/etc/made{at}\", \" \".join(content.list(\"/usr/lib\")))\n"
            ),
        ));
        let mut deb = DebBuilder::new(&format!("pkg{at}"), "1.0").dir("/usr/lib", 0o755);
        for file in 0..40 {
            let path = format!("/usr/lib/p{at}-{file}");
            deb = deb.file(&path, 0o644, format!("{at} {file}").as_bytes());
        }
        packages.push(
            deb.hardlink(
                &format!("/usr/lib/p{at}-link"),
                &format!("/usr/lib/p{at}-0"),
            )
            .build(),
        );
    }
    (definitions, Shelf::new(packages))
}

#[test]
fn threads_and_argument_order_change_nothing() {
    let (definitions, shelf) = chain();
    let pairs: Vec<_> = definitions
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let release = release(&pairs).unwrap();
    let run = |threads: usize, slices: &[&str]| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| cut_of(&release, slices, &shelf, ScriptLimits::STANDARD))
            .unwrap()
    };
    let one = run(1, &["pkg0_all"]);
    for (threads, slices) in [
        (4, vec!["pkg0_all"]),
        (3, vec!["pkg4_all", "pkg0_all", "pkg2_all"]),
        (2, vec!["pkg2_all", "pkg0_all"]),
    ] {
        let other = run(threads, &slices);
        assert_eq!(other.rootfs, one.rootfs);
        assert_eq!(other.manifest, one.manifest);
    }
    let owners = &one.rootfs.tree.get("/usr/lib/p3-7").unwrap().owners;
    assert_eq!(
        owners.iter().map(|owner| &**owner).collect::<Vec<_>>(),
        ["pkg3_all"]
    );
    assert!(matches!(
        one.rootfs.tree.get("/usr/lib/p3-link").unwrap().kind,
        Kind::Hardlink { .. }
    ));
}

#[test]
fn scripts_are_bounded() {
    let small = ScriptLimits {
        ticks: 20_000,
        heap_bytes: 1 << 20,
        call_depth: 8,
        file_bytes: 100,
    };
    let cases = [
        ("for x in range(1000000):\n        pass", "ticks"),
        (
            "x = []\n      for i in range(15000):\n        x.append(\"a\" * 10000)",
            "heap",
        ),
        ("def f(n):\n        return f(n + 1)\n      f(0)", "depth"),
        ("content.write(\"/t\", \"a\" * 101)", "file"),
        ("load(\"x\", \"y\")", "load"),
    ];
    let shelf = Shelf::new([DebBuilder::new("alpha", "1").build()]);
    for (script, what) in cases {
        let text = format!(
            "package: alpha\nslices:\n  all:\n    contents:\n      /t: {{text: a, mutable: \
             true}}\n    mutate: |\n      {script}\n"
        );
        let release = release(&[("slices/alpha.yaml", &text)]).unwrap();
        let error = cut_of(&release, &["alpha_all"], &shelf, small).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Mutate, "{what}: {error}");
    }
}

#[test]
fn own_releases_refuse_unknown_keys_with_their_line() {
    let text = "package: alpha\nslices:\n  all:\n    contents:\n      /t: {text: a, colour: red}\n";
    let error = release(&[("slices/alpha.yaml", text)])
        .unwrap_err()
        .to_string();
    assert!(error.contains("slices/alpha.yaml:5:"), "{error}");
    assert!(error.contains("colour: red"), "{error}");
    let foreign = Release::from_files(&files(&[("slices/alpha.yaml", text)]), Strictness::Foreign);
    assert_eq!(
        foreign.unwrap().unknown_keys[0].key,
        "slices.all.contents./t.colour"
    );
}

#[test]
fn key_files_lie_below_keys() {
    for path in [
        "chisel.yaml",
        "keys/../chisel.yaml",
        "/etc/passwd",
        "keys/none.asc",
    ] {
        let text = CHISEL_YAML.replace("keys/key.asc", path);
        let files = ReleaseFiles::from_pairs("test", [("chisel.yaml", text.into_bytes())]);
        let error = Release::from_files(&files, Strictness::Own).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Key, "{path}: {error}");
    }
}

#[test]
fn a_path_outside_the_tree_is_refused_or_stays_inside() {
    let deb = DebBuilder::new("alpha", "1")
        .symlink("/out", "../../..")
        .file("/out/x", 0o644, b"x");
    let shelf = Shelf::new([deb.build()]);
    let text = "package: alpha\nslices:\n  all:\n    contents:\n      /out:\n      /out/x:\n";
    let release = release(&[("slices/alpha.yaml", text)]).unwrap();
    let cut = cut_of(&release, &["alpha_all"], &shelf, ScriptLimits::STANDARD).unwrap();
    // `..` at the root stays at the root.
    assert!(cut.rootfs.tree.contains("/x"));
}

fn whole(packages: impl IntoIterator<Item = BuiltDeb>) -> Result<CutRootfs> {
    let shelf = Shelf::new(packages);
    cut_whole(&shelf.records(), Arch::Amd64, &PathExcludes::slim(), &shelf)
}

fn base_files() -> DebBuilder {
    DebBuilder::new("base-files", "13")
        .dir("/usr/lib", 0o755)
        .dir("/tmp", 0o1777)
        .symlink("/lib", "usr/lib")
}

#[test]
fn a_system_is_merged_slim_and_recorded() {
    let lib = DebBuilder::new("libfoo1", "1:2.0-1")
        .field("Multi-Arch", "same")
        .field("Depends", "libc6")
        .control_file("conffiles", b"/etc/foo.conf\n")
        .control_file("postinst", b"#!/bin/sh\n")
        .file("/lib/libfoo.so.1", 0o644, b"not elf")
        .file("/etc/foo.conf", 0o640, b"")
        .dir("/tmp", 0o755)
        .file("/usr/share/man/man1/foo.1.gz", 0o644, b"manual")
        .file("/usr/share/doc/libfoo1/README", 0o644, b"read me")
        .file("/usr/share/doc/libfoo1/copyright", 0o644, b"free")
        .symlink("/usr/share/doc/libfoo-dev", "libfoo1")
        .symlink("/usr/share/man/man1/bar.1.gz", "foo.1.gz")
        .hardlink("/usr/lib/readme", "/usr/share/doc/libfoo1/README");
    let system = whole([lib.build(), base_files().build()]).unwrap();
    let tree = &system.tree;
    assert!(tree.contains("/usr/lib/libfoo.so.1"));
    assert_eq!(
        tree.get("/usr/lib/libfoo.so.1").unwrap().owners[0].as_ref(),
        "libfoo1"
    );
    assert_eq!(
        tree.get("/tmp").unwrap().mode,
        0o1777,
        "the first package's folder stays"
    );
    assert!(!tree.contains("/usr/share/man/man1"));
    assert!(!tree.contains("/usr/share/doc/libfoo1/README"));
    assert!(
        tree.contains("/usr/share/doc/libfoo-dev"),
        "a link may lead to a kept folder"
    );
    assert!(tree.contains("/usr/share/doc/libfoo1/copyright"));
    assert_eq!(
        tree.blob("/usr/lib/readme").unwrap().size(),
        7,
        "content of a name left out"
    );
    let text =
        |path: &str| String::from_utf8(tree.read(path).unwrap().bytes().unwrap().to_vec()).unwrap();
    let status = text("/var/lib/dpkg/status");
    assert!(
        status.starts_with("Package: base-files\nStatus: install ok installed\n"),
        "{status}"
    );
    let sum = "Conffiles:\n /etc/foo.conf d41d8cd98f00b204e9800998ecf8427e\n";
    assert!(status.contains(sum), "{status}");
    let list = text("/var/lib/dpkg/info/libfoo1:amd64.list");
    assert!(
        list.starts_with("/.\n") && list.contains("/usr/share/man/man1/foo.1.gz\n"),
        "{list}"
    );
    assert_eq!(
        tree.get("/var/lib/dpkg/info/libfoo1:amd64.postinst")
            .unwrap()
            .mode,
        0o755
    );
}

#[test]
fn a_system_that_packages_call_merged_gets_the_links_none_of_them_has() {
    let base = || {
        DebBuilder::new("base-files", "12")
            .dir("/lib", 0o755)
            .dir("/usr/lib", 0o755)
            .symlink("/usr/lib/os", "../../lib/libfoo.so.1")
    };
    let lib = || {
        DebBuilder::new("libfoo1", "1")
            .file("/lib/libfoo.so.1", 0o644, b"x")
            .symlink("/lib64/ld.so", "/lib/libfoo.so.1")
    };
    let states = DebBuilder::new("usr-is-merged", "37");
    let system = whole([lib().build(), states.build(), base().build()]).unwrap();
    let tree = &system.tree;
    for (link, target) in [
        ("/lib", "usr/lib"),
        ("/bin", "usr/bin"),
        ("/lib64", "usr/lib64"),
    ] {
        let Kind::Symlink { target: found } = &tree.get(link).unwrap().kind else {
            panic!("{link} is no link")
        };
        assert_eq!(found, target);
    }
    assert!(!tree.contains("/lib32"));
    assert!(tree.contains("/usr/lib/libfoo.so.1") && tree.contains("/usr/lib64/ld.so"));
    assert!(tree.read("/usr/lib64/ld.so").is_some());
    let list = tree.read("/var/lib/dpkg/info/libfoo1.list").unwrap();
    let list = String::from_utf8(list.bytes().unwrap().to_vec()).unwrap();
    assert!(
        list.contains("/lib/libfoo.so.1\n") && !list.contains("/usr/lib/"),
        "{list}"
    );
    let apart = whole([lib().build(), base().build()]).unwrap();
    assert!(
        apart.tree.contains("/lib/libfoo.so.1") && apart.tree.get("/lib").unwrap().is_directory()
    );
}

/// A release as that of Debian 12: its links lead from where a package has files.
#[test]
fn what_packages_have_below_a_link_of_a_slice_lies_where_it_leads() {
    let cut = |how: &str| {
        let base = format!(
            "package: alpha\nslices:\n  merge:\n    contents:\n      /lib: {{symlink: usr/lib{how}}}\n      \
             /sbin: {{symlink: usr/sbin}}\n      /usr/lib/:\n"
        );
        let lib = "package: beta\nslices:\n  libs:\n    essential: {alpha_merge: null}\n    \
                   contents:\n      /lib/*.so.1:\n      /lib/plain:\n";
        let release = release(&[("slices/alpha.yaml", &base), ("slices/beta.yaml", lib)])?;
        let shelf = Shelf::new([
            DebBuilder::new("alpha", "1").dir("/usr/lib", 0o750).build(),
            DebBuilder::new("beta", "1")
                .dir("/lib", 0o700)
                .file("/lib/b.so.1", 0o644, b"library")
                .file("/lib/plain", 0o644, b"plain")
                .build(),
        ]);
        cut_of(&release, &["beta_libs"], &shelf, ScriptLimits::STANDARD)
    };
    let late = cut("").unwrap_err();
    assert_eq!(late.class(), ErrorClass::Tree, "{late}");
    let cut = cut(", first: true").unwrap();
    let tree = &cut.rootfs.tree;
    let paths: Vec<&str> = tree.iter().map(|(path, _)| path.as_str()).collect();
    let wanted = [
        "/lib",
        "/sbin",
        "/usr",
        "/usr/lib",
        "/usr/lib/b.so.1",
        "/usr/lib/plain",
    ];
    assert_eq!(paths, wanted);
    assert_eq!(tree.get("/usr/lib").unwrap().mode, 0o750);
    let owner = |path: &str| tree.get(path).unwrap().owners[0].as_ref();
    assert_eq!(owner("/lib"), "alpha_merge");
    assert_eq!(owner("/usr/lib/b.so.1"), "beta_libs");
    assert!(tree.read("/lib/plain").is_some());
}

#[test]
fn only_links_are_made_first() {
    let text =
        "package: alpha\nslices:\n  all:\n    contents:\n      /lib/: {make: true, first: true}\n";
    let error = release(&[("slices/alpha.yaml", text)]).unwrap_err();
    assert!(
        error.to_string().contains("'first' for path /lib/"),
        "{error}"
    );
}

#[test]
fn the_first_package_keeps_a_path_unless_it_is_replaced() {
    let one =
        |name: &str, content: &[u8]| DebBuilder::new(name, "2").file("/etc/x", 0o644, content);
    let content = |system: &CutRootfs| {
        String::from_utf8(
            system
                .tree
                .read("/etc/x")
                .unwrap()
                .bytes()
                .unwrap()
                .to_vec(),
        )
        .unwrap()
    };
    let plain = whole([one("aaa", b"a").build(), one("bbb", b"b").build()]).unwrap();
    assert_eq!(content(&plain), "a");
    assert!(
        plain
            .notes
            .iter()
            .any(|note| note.starts_with("/etc/x is in aaa and bbb"))
    );
    for (field, expected) in [("aaa", "b"), ("aaa (<< 3)", "b"), ("aaa (<< 2)", "a")] {
        let second = one("bbb", b"b").field("Replaces", field);
        let system = whole([one("aaa", b"a").build(), second.build()]).unwrap();
        assert_eq!(content(&system), expected, "{field}");
    }
    let first = one("aaa", b"a").field("Replaces", "bbb");
    let system = whole([first.build(), one("bbb", b"b").build()]).unwrap();
    assert_eq!(content(&system), "a");
    assert!(!system.notes.iter().any(|note| note.contains("/etc/x")));
}

#[test]
fn a_folder_in_the_way_of_a_file_is_an_error() {
    let one = DebBuilder::new("aaa", "1").file("/etc/x/y", 0o644, b"");
    let two = DebBuilder::new("bbb", "1").file("/etc/x", 0o644, b"");
    let error = whole([one.build(), two.build()]).map(|system| system.notes);
    // The folder's owner keeps it; nothing is lost silently.
    assert!(error.is_err() || error.unwrap().iter().any(|note| note.contains("/etc/x")));
}

#[test]
fn a_kept_cut_is_the_cut_and_any_damage_is_seen() {
    let (definitions, shelf) = chain();
    let pairs: Vec<(&str, &str)> = definitions
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let release = release(&pairs).unwrap();
    let made = cut_of(&release, &["pkg0_all"], &shelf, ScriptLimits::STANDARD).unwrap();
    let mut file = Vec::new();
    made.keep(&mut file).unwrap();
    let kept = Cut::kept(&Bytes::from(file.clone())).unwrap();
    assert_eq!(kept.rootfs, made.rootfs);
    assert_eq!(
        (&kept.manifest, &kept.records),
        (&made.manifest, &made.records)
    );
    for (path, _, blob) in made.rootfs.tree.files() {
        assert_eq!(
            kept.rootfs.tree.blob(path).unwrap().bytes(),
            blob.bytes(),
            "{path}"
        );
    }
    for at in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(Cut::kept(&Bytes::from(damaged)).is_err(), "byte {at}");
        assert!(
            Cut::kept(&Bytes::from(file[..at].to_vec())).is_err(),
            "cut off at {at}"
        );
    }
    file.push(0);
    assert!(Cut::kept(&Bytes::from(file)).is_err());
}
