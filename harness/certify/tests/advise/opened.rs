//! The files that a traced program opened, and what advice says of them.

use std::collections::BTreeSet;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

/// How advice and trace agree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    advised: usize,
    opened: usize,
    never: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            advised,
            opened,
            never,
        } = self;
        write!(
            f,
            "{advised} files advised, {opened} opened, {never} of the advised never opened"
        )
    }
}

/// Regular files of the root that were opened or executed, links resolved; those of the
/// application and of the kernel are left out. Links on the way are not counted.
pub(crate) fn opened(lines: &[String], root: &Utf8Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines {
        let call = line
            .split_once(' ')
            .map_or("", |(_, call)| call.trim_start());
        let is_open = ["open(", "openat(", "openat2(", "execve("]
            .iter()
            .any(|name| call.starts_with(name));
        let failed = call.contains(") = -1 ") || call.contains(" = -1 E");
        let path = call.split('"').nth(1).unwrap_or_default();
        if !is_open || failed || !path.starts_with('/') {
            continue;
        }
        let Some(real) = resolved(root, path) else {
            continue;
        };
        let outside = ["/app/", "/proc/", "/sys/", "/dev/", "/tmp/"];
        if root.join(real.trim_start_matches('/')).is_file()
            && !outside.iter().any(|folder| real.starts_with(folder))
        {
            found.insert(real);
        }
    }
    found
}

/// Where `path` leads inside `root`.
fn resolved(root: &Utf8Path, path: &str) -> Option<String> {
    let mut todo: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut at = Utf8PathBuf::from("/");
    for _ in 0..1000 {
        let Some(part) = todo.pop() else {
            return Some(at.into_string());
        };
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                at.pop();
                continue;
            }
            _ => at.push(&part),
        }
        let here = root.join(at.as_str().trim_start_matches('/'));
        if let Ok(target) = here.read_link_utf8() {
            at.pop();
            if target.is_absolute() {
                at = Utf8PathBuf::from("/");
            }
            todo.extend(target.as_str().split('/').rev().map(str::to_owned));
        }
    }
    None
}

/// Every opened file must stand in the advice; a complaint names those that do not.
pub(crate) fn compare(
    advised: &BTreeSet<String>,
    opened: &BTreeSet<String>,
) -> Result<Figures, String> {
    let beyond: Vec<&str> = opened.difference(advised).map(String::as_str).collect();
    if !beyond.is_empty() {
        return Err(format!("opened and not advised: {}", beyond.join(", ")));
    }
    if opened.is_empty() {
        return Err("no file was opened: the trace is wrong".to_owned());
    }
    Ok(Figures {
        advised: advised.len(),
        opened: opened.len(),
        never: advised.difference(opened).count(),
    })
}

#[test]
fn a_file_that_no_advice_names_is_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    fs_err::create_dir_all(root.join("usr/lib")).unwrap();
    fs_err::write(root.join("usr/lib/a.so.1.2"), "").unwrap();
    fs_err::write(root.join("usr/lib/other"), "").unwrap();
    std::os::unix::fs::symlink("usr/lib", root.join("lib")).unwrap();
    std::os::unix::fs::symlink("a.so.1.2", root.join("usr/lib/a.so.1")).unwrap();
    let lines = [
        "12 openat(AT_FDCWD, \"/lib/a.so.1\", O_RDONLY) = 3",
        "12 openat(AT_FDCWD, \"/lib/absent\", O_RDONLY) = -1 ENOENT (No such file or directory)",
        "12 openat(AT_FDCWD, \"/usr/lib\", O_RDONLY|O_DIRECTORY) = 3",
        "12 readlink(\"/usr/lib/other\", 0x1, 9) = -1 EINVAL (Invalid argument)",
        "12 newfstatat(AT_FDCWD, \"/usr/lib/other\", 0x1, 0) = 0",
    ]
    .map(str::to_owned);
    let found = opened(&lines, root);
    assert_eq!(found, BTreeSet::from(["/usr/lib/a.so.1.2".to_owned()]));
    let both = BTreeSet::from(["/usr/lib/a.so.1.2".to_owned(), "/usr/lib/other".to_owned()]);
    assert_eq!(
        compare(&both, &found).unwrap().to_string(),
        "2 files advised, 1 opened, 1 of the advised never opened"
    );
    let complaint = compare(&BTreeSet::new(), &found).unwrap_err();
    assert_eq!(complaint, "opened and not advised: /usr/lib/a.so.1.2");
    assert!(compare(&both, &BTreeSet::new()).is_err());
}
