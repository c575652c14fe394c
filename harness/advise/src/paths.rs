//! Absolute paths as text: cleaned, joined, and the names that merged `/usr` gives to one file.

/// `path` without empty, `.` and `..` parts; `..` at the root stays there.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// What the target of the link at `link` names.
pub(crate) fn target(link: &str, target: &str) -> String {
    if target.starts_with('/') {
        return clean(target);
    }
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    clean(&format!("{folder}/{target}"))
}

/// Folders that are links into `/usr` where it is merged.
const MERGED: [&str; 5] = ["bin", "sbin", "lib", "lib32", "lib64"];

/// The one key of all names of a file: without leading slash, and without `usr/` before a merged
/// folder.
pub(crate) fn key(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    match path.strip_prefix("usr/") {
        Some(rest) if is_merged(rest) => rest,
        _ => path,
    }
}

/// As [`key`], for a line of an index.
pub(crate) fn key_bytes(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    match path.strip_prefix(b"usr/") {
        Some(rest)
            if MERGED
                .iter()
                .any(|folder| rest.strip_prefix(folder.as_bytes()).is_some_and(is_below)) =>
        {
            rest
        }
        _ => path,
    }
}

fn is_below(rest: &[u8]) -> bool {
    rest.first() == Some(&b'/')
}

fn is_merged(path: &str) -> bool {
    let first = path.split_once('/').map(|(first, _)| first);
    first.is_some_and(|first| MERGED.contains(&first))
}

/// The path below merged `/usr` that a key stands for.
pub(crate) fn of_key(key: &str) -> String {
    match is_merged(key) {
        true => format!("/usr/{key}"),
        false => format!("/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_names_have_one_key() {
        for (path, wanted) in [
            ("/lib/x/libc.so.6", "lib/x/libc.so.6"),
            ("/usr/lib/x/libc.so.6", "lib/x/libc.so.6"),
            ("/usr/share/x", "usr/share/x"),
            ("/usr/lib64", "usr/lib64"),
            ("/usr/libexec/x", "usr/libexec/x"),
            ("/etc/x", "etc/x"),
        ] {
            assert_eq!(key(path), wanted);
            assert_eq!(
                key_bytes(path.trim_start_matches('/').as_bytes()),
                wanted.as_bytes()
            );
        }
        assert_eq!(of_key("lib/x"), "/usr/lib/x");
        assert_eq!(of_key("etc/x"), "/etc/x");
    }

    #[test]
    fn paths_stay_below_the_root() {
        assert_eq!(clean("/a/../../b//./c"), "/b/c");
        assert_eq!(target("/a/b", "../c"), "/c");
        assert_eq!(target("/a/b", "/c/../d"), "/d");
    }
}
