//! The linker cache against the host's own `ldconfig`, over the host's own libraries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test, which runs the program it compares with"
)]

use std::process::Command;

use camino::Utf8Path;
use chisel::linker_cache;
use model::Arch;
use rootfs::{Blob, Entry, Origin, Tree, TreePath};

/// Where Debian keeps the libraries of each architecture.
fn folder(arch: Arch) -> Option<&'static str> {
    match arch {
        Arch::Amd64 => Some("/usr/lib/x86_64-linux-gnu"),
        Arch::Arm64 => Some("/usr/lib/aarch64-linux-gnu"),
        _ => None,
    }
}

/// At most this many libraries are looked at.
const MOST: usize = 60;

#[test]
fn the_same_libraries_under_the_same_paths_in_the_same_order() {
    let skip = |why: &str| println!("skipped (peers): {why}");
    let Some(arch) = Arch::host() else {
        return skip("unknown architecture");
    };
    let Some(folder) = folder(arch).filter(|folder| Utf8Path::new(folder).is_dir()) else {
        return skip("no folder of libraries as in Debian");
    };
    if Command::new("/sbin/ldconfig")
        .arg("--version")
        .output()
        .is_err()
    {
        return skip("no ldconfig");
    }
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let mut tree = Tree::new();
    let mut put = |path: &str, bytes: Option<Vec<u8>>, target: Option<&str>| {
        let disk = root.join(&path[1..]);
        fs_err::create_dir_all(disk.parent().unwrap()).unwrap();
        let entry = match (bytes, target) {
            (Some(bytes), _) => {
                fs_err::write(&disk, &bytes).unwrap();
                Entry::file(Blob::new(bytes), 0o644, Origin::Disk)
            }
            (None, target) => {
                fs_err::os::unix::fs::symlink(target.unwrap(), &disk).unwrap();
                Entry::symlink(target.unwrap(), Origin::Disk)
            }
        };
        tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
    };
    let configuration = format!("# ours\n{}\n{folder}\n", folder.trim_start_matches("/usr"));
    put(
        "/etc/ld.so.conf",
        Some(b"include /etc/ld.so.conf.d/*.conf\n".to_vec()),
        None,
    );
    put(
        "/etc/ld.so.conf.d/ours.conf",
        Some(configuration.into_bytes()),
        None,
    );
    put("/lib", None, Some("usr/lib"));
    let mut files: Vec<_> = Utf8Path::new(folder)
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    files.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    let libraries = files
        .iter()
        .filter(|entry| entry.file_name().contains(".so"));
    for entry in libraries.take(MOST) {
        let path = format!("{folder}/{}", entry.file_name());
        match entry.path().read_link_utf8() {
            Ok(target) => put(&path, None, Some(target.as_str())),
            Err(_) => put(&path, fs_err::read(entry.path()).ok(), None),
        }
    }
    // A library without a name of its own, and one under another name than its file's.
    let any = fs_err::read(format!("{folder}/libc.so.6")).unwrap();
    put(&format!("{folder}/libzzz-renamed.so.9"), Some(any), None);

    let real = Command::new("/sbin/ldconfig")
        .args(["-X", "-r", root.as_str()])
        .status()
        .unwrap();
    if !real.success() {
        return skip("ldconfig -r needs the right to change the root");
    }
    let cache = linker_cache(&tree, arch);
    fs_err::write(root.join("ours"), cache.bytes).unwrap();
    let listing = |cache: &str| -> Vec<String> {
        let cache = root.join(cache);
        let output = Command::new("/sbin/ldconfig")
            .args(["-p", "-C", cache.as_str()])
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        text.lines()
            .filter(|line| line.starts_with('\t'))
            .map(str::to_owned)
            .collect()
    };
    let (ours, real) = (listing("ours"), listing("etc/ld.so.cache"));
    assert_eq!(ours.len(), cache.libraries);
    assert!(cache.libraries > 5, "{} libraries", cache.libraries);
    assert_eq!(ours, real);
}
