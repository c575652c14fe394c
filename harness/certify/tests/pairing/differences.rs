//! What may differ between the default baseline and a real installation: the list in `stated.yaml`,
//! each entry with its reason, each needed.

use std::collections::BTreeSet;
use std::fmt;

use chisel::Pattern;
use rootfs::{Blob, Field, Tree};
use serde::Deserialize;

use crate::reading::Reading;

/// One entry of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stated {
    /// The paths, as a glob of slices: `**` any run, `*` a run without slash.
    paths: String,
    /// In what they may differ.
    differ: BTreeSet<Difference>,
    /// What must be the same nevertheless, where contents may differ.
    #[serde(default)]
    alike: Option<Reading>,
    /// Why that has no meaning at run time, or why it must be so.
    why: String,
}

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Difference {
    /// Only the default baseline has it.
    OnlyOurs,
    /// Only the installation has it.
    OnlyTheirs,
    Kind,
    Mode,
    Ids,
    Xattrs,
    Content,
    Target,
    Device,
}

impl From<Field> for Difference {
    fn from(field: Field) -> Self {
        match field {
            Field::Kind => Self::Kind,
            Field::Mode => Self::Mode,
            Field::Ids => Self::Ids,
            Field::Xattrs => Self::Xattrs,
            Field::Content => Self::Content,
            Field::Target => Self::Target,
            Field::Device => Self::Device,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnlyOurs => "is only in ours",
            Self::OnlyTheirs => "is only in theirs",
            Self::Kind => "is of another kind",
            Self::Mode => "has another mode",
            Self::Ids => "has another owner",
            Self::Xattrs => "has other attributes",
            Self::Content => "has another content",
            Self::Target => "leads elsewhere",
            Self::Device => "is another device",
        })
    }
}

impl Stated {
    /// The committed list.
    pub(crate) fn read() -> Vec<Self> {
        Self::from_yaml(include_str!("stated.yaml"))
    }

    fn from_yaml(text: &str) -> Vec<Self> {
        let entries: Vec<Self> = model::yaml::read("stated.yaml", text).unwrap();
        for entry in &entries {
            assert!(
                !entry.why.trim().is_empty(),
                "{} gives no reason",
                entry.paths
            );
        }
        entries
    }
}

/// Every difference that is not stated, and every statement that nothing needs. Each of `programs`
/// is a name, our tree and theirs. A difference is covered by the first entry that fits it.
pub(crate) fn check(stated: &[Stated], programs: &[(&str, &Tree, &Tree)]) -> Vec<String> {
    let globs: Vec<Pattern> = stated
        .iter()
        .map(|entry| Pattern::new(&entry.paths))
        .collect();
    let mut needed: BTreeSet<(usize, Difference)> = BTreeSet::new();
    let mut complaints = Vec::new();
    for (name, ours, theirs) in programs {
        for (path, difference) in differences(ours, theirs) {
            let literal = Pattern::literal(&path);
            let entry = stated.iter().zip(&globs).position(|(entry, glob)| {
                entry.differ.contains(&difference) && glob.meets(&literal)
            });
            match entry {
                Some(entry) => {
                    needed.insert((entry, difference));
                    let reading = stated[entry]
                        .alike
                        .filter(|_| difference == Difference::Content);
                    if reading.is_some_and(|reading| !alike(reading, &path, ours, theirs)) {
                        complaints.push(format!("{name}: {path} does not mean the same"));
                    }
                }
                None => complaints.push(format!("{name}: {path} {difference}")),
            }
        }
    }
    for (number, entry) in stated.iter().enumerate() {
        let idle = entry
            .differ
            .iter()
            .filter(|what| !needed.contains(&(number, **what)));
        complaints.extend(idle.map(|what| {
            format!(
                "stated.yaml: no path of {} {what}: take it out",
                entry.paths
            )
        }));
    }
    complaints
}

/// Whether both contents at `path` mean the same.
fn alike(reading: Reading, path: &str, ours: &Tree, theirs: &Tree) -> bool {
    let content = |tree: &Tree| tree.read(path).and_then(Blob::bytes).cloned();
    match (content(ours), content(theirs)) {
        (Some(ours), Some(theirs)) => reading.meaning(&ours) == reading.meaning(&theirs),
        _ => false,
    }
}

/// Every path that differs, once for each way in which it does.
fn differences(ours: &Tree, theirs: &Tree) -> Vec<(String, Difference)> {
    let diff = ours.diff(theirs);
    let lone = |paths: &[rootfs::TreePath], what: Difference| -> Vec<(String, Difference)> {
        paths.iter().map(|path| (path.to_string(), what)).collect()
    };
    let mut found = lone(&diff.removed, Difference::OnlyOurs);
    found.extend(lone(&diff.added, Difference::OnlyTheirs));
    for change in diff.changed {
        let fields = change.fields.into_iter().map(Difference::from);
        found.extend(fields.map(|what| (change.path.to_string(), what)));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use rootfs::{Blob, Entry, Origin, TreePath};

    use super::*;

    fn tree(files: &[(&str, &str, u32)]) -> Tree {
        let mut tree = Tree::new();
        for (path, text, mode) in files {
            let blob = Blob::new(text.as_bytes().to_vec());
            let entry = Entry::file(blob, *mode, Origin::User);
            tree.insert(TreePath::new(*path).unwrap(), entry).unwrap();
        }
        tree
    }

    fn stated(text: &str) -> Vec<Stated> {
        Stated::from_yaml(text)
    }

    #[test]
    fn only_what_is_stated_may_differ() {
        let ours = tree(&[
            ("/a/1", "x", 0o644),
            ("/a/2", "x", 0o644),
            ("/b", "x", 0o644),
        ]);
        let theirs = tree(&[
            ("/a/1", "y", 0o644),
            ("/a/2", "x", 0o600),
            ("/c", "x", 0o644),
        ]);
        let programs = [("web", &ours, &theirs)];
        let all = check(&[], &programs);
        assert_eq!(
            all,
            [
                "web: /a/1 has another content",
                "web: /a/2 has another mode",
                "web: /b is only in ours",
                "web: /c is only in theirs"
            ]
        );
        let list = stated(
            "- {paths: /a/*, differ: [content], why: w}\n\
             - {paths: /b, differ: [only-ours], why: w}\n\
             - {paths: /c, differ: [only-theirs], why: w}\n",
        );
        assert_eq!(check(&list, &programs), ["web: /a/2 has another mode"]);
    }

    #[test]
    fn contents_that_may_differ_may_still_have_to_mean_the_same() {
        let ours = tree(&[("/etc/shadow", "root:*:20000:0\n", 0o640)]);
        let later = tree(&[("/etc/shadow", "root:*:20001:0\n", 0o640)]);
        let other = tree(&[("/etc/shadow", "root::20001:0\n", 0o640)]);
        let list =
            stated("- {paths: /etc/shadow, differ: [content], alike: accounts, why: dates}\n");
        assert!(check(&list, &[("web", &ours, &later)]).is_empty());
        assert_eq!(
            check(&list, &[("web", &ours, &other)]),
            ["web: /etc/shadow does not mean the same"]
        );
    }

    #[test]
    fn a_statement_that_nothing_needs_is_refused() {
        let ours = tree(&[("/a", "x", 0o644)]);
        let theirs = tree(&[("/a", "y", 0o644)]);
        let list = stated(
            "- {paths: /a, differ: [content, mode], why: w}\n\
             - {paths: '/**', differ: [content], why: covered by the first}\n",
        );
        let found = check(&list, &[("web", &ours, &theirs)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("no path of /a has another mode"),
            "{found:?}"
        );
    }
}
