//! Paths of a package as contents of a slice: short, and right for the next version and for other
//! architectures.

use std::collections::{BTreeMap, BTreeSet};

use deb::EntryKind;
use model::Arch;

use crate::shelf::Opened;

/// How paths are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// With wildcards for versions, architectures and whole folders.
    Wide,
    /// Every path as it is.
    Exact,
}

/// A folder is written whole when at least so many of its files are needed, and no other.
const WHOLE: usize = 3;

/// Folders of many packages: never written whole, nor anything above them.
const SHARED: [&str; 12] = [
    "/etc",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib/python3/dist-packages",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/doc",
    "/var",
    "/usr/lib/jvm",
    "/opt",
];

/// The contents for `needed` paths of `opened`, sorted.
pub(crate) fn contents(
    opened: &Opened,
    needed: &BTreeSet<&str>,
    (arch, wording): (Arch, Wording),
) -> BTreeSet<String> {
    if wording == Wording::Exact {
        return needed.iter().map(|path| (*path).to_owned()).collect();
    }
    let whole = whole(opened, needed, arch);
    let mut found = BTreeSet::new();
    for path in needed {
        let folder = whole.iter().find(|folder| is_below(path, folder));
        let text = match folder {
            Some(folder) => format!("{folder}/**"),
            None => version(opened, path, needed),
        };
        found.insert(portable(&text, arch));
    }
    found
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The topmost folders all of whose files are needed.
fn whole<'o>(opened: &'o Opened, needed: &BTreeSet<&str>, arch: Arch) -> Vec<&'o str> {
    // Folder to the number of its files, and of those that are needed.
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (path, entry) in &opened.entries {
        if matches!(entry.kind, EntryKind::Dir) {
            continue;
        }
        let is_needed = needed.contains(path.as_str());
        let mut at = path.as_str();
        while let Some((folder, _)) = at.rsplit_once('/') {
            let (all, wanted) = counts.entry(folder).or_default();
            *all += 1;
            *wanted += usize::from(is_needed);
            at = folder;
        }
    }
    let libraries = format!("/usr/lib/{}", arch.multiarch());
    let is_shared = |folder: &str| {
        let all = SHARED.iter().copied().chain([libraries.as_str()]);
        all.into_iter()
            .any(|shared| shared == folder || is_below(shared, folder))
    };
    let mut found: Vec<&str> = Vec::new();
    for (folder, (all, wanted)) in counts {
        let is_new = !found.iter().any(|above| is_below(folder, above));
        if all == wanted && all >= WHOLE && !folder.is_empty() && is_new && !is_shared(folder) {
            found.push(folder);
        }
    }
    found
}

/// `/x/libz.so.1` with the file `/x/libz.so.1.3.1` it leads to is `/x/libz.so.1*`.
fn version(opened: &Opened, path: &str, needed: &BTreeSet<&str>) -> String {
    let leads_to = |link: &str, to: &str| {
        let kind = opened.entries.get(link).map(|entry| &entry.kind);
        let (folder, name) = to.rsplit_once('/').unwrap_or(("", to));
        let beside = link.rsplit_once('/').is_some_and(|(own, _)| own == folder);
        beside && matches!(kind, Some(EntryKind::Symlink(target)) if target == name)
    };
    let is_pair = |link: &str, to: &str| {
        link.contains(".so") && to.starts_with(&format!("{link}.")) && leads_to(link, to)
    };
    if let Some(link) = needed.iter().find(|link| is_pair(link, path)) {
        return format!("{link}*");
    }
    match needed.iter().any(|to| is_pair(path, to)) {
        true => format!("{path}*"),
        false => path.to_owned(),
    }
}

/// Names of architectures as wildcards.
fn portable(path: &str, arch: Arch) -> String {
    let triplet = arch.multiarch();
    let end = format!("-{}", arch.debian());
    let parts = path.split('/').map(|part| {
        if part == triplet {
            return "*-linux-*".to_owned();
        }
        let part = part.replace(&format!("-{triplet}"), "-*-linux-gnu");
        match part.strip_suffix(&end) {
            Some(stem) => format!("{stem}-*"),
            None => part,
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::opened;

    fn written(all: &[(&str, Option<&str>)], needed: &[&str]) -> Vec<String> {
        let opened = opened("pp", all);
        let needed = needed.iter().copied().collect();
        let found = contents(&opened, &needed, (Arch::Amd64, Wording::Wide));
        found.into_iter().collect()
    }

    #[test]
    fn versions_and_architectures_are_wildcards() {
        let folder = "/usr/lib/x86_64-linux-gnu";
        let (link, file) = (
            format!("{folder}/liba.so.1"),
            format!("{folder}/liba.so.1.2"),
        );
        let all = [
            (link.as_str(), Some("liba.so.1.2")),
            (file.as_str(), None),
            (
                "/usr/lib/python3.13/_x.cpython-313-x86_64-linux-gnu.so",
                None,
            ),
        ];
        let needed: Vec<&str> = all.iter().map(|(path, _)| *path).collect();
        assert_eq!(
            written(&all, &needed),
            [
                "/usr/lib/*-linux-*/liba.so.1*",
                "/usr/lib/python3.13/_x.cpython-313-*-linux-gnu.so",
            ]
        );
        assert_eq!(written(&all, &[&link]), ["/usr/lib/*-linux-*/liba.so.1"]);
    }

    #[test]
    fn folders_are_whole_only_when_all_is_needed() {
        let all = [
            ("/usr/lib/jvm/java-21-openjdk-amd64/conf/a", None),
            ("/usr/lib/jvm/java-21-openjdk-amd64/conf/b", None),
            ("/usr/lib/jvm/java-21-openjdk-amd64/conf/c/d", None),
            ("/usr/lib/jvm/java-21-openjdk-amd64/man", None),
        ];
        let three: Vec<&str> = all.iter().take(3).map(|(path, _)| *path).collect();
        let whole = ["/usr/lib/jvm/java-21-openjdk-*/conf/**"];
        assert_eq!(written(&all, &three), whole);
        assert_eq!(written(&all, &three[..2]).len(), 2);
        // What a whole folder of everybody's would be.
        let shared = [
            ("/usr/bin/a", None),
            ("/usr/bin/b", None),
            ("/usr/bin/c", None),
        ];
        assert_eq!(
            written(&shared, &["/usr/bin/a", "/usr/bin/b", "/usr/bin/c"]).len(),
            3
        );
    }
}
