//! Shells, by name and by what they are.

use memchr::memmem;

use super::{Elf, Finding, is_link, programs};
use crate::{Tree, TreePath};

/// Names under which a shell is looked for, anywhere in a tree.
const NAMES: [&str; 25] = [
    "sh", "ash", "bash", "rbash", "dash", "csh", "tcsh", "ksh", "ksh93", "rksh", "pdksh", "mksh",
    "lksh", "oksh", "loksh", "zsh", "rzsh", "fish", "yash", "posh", "sash", "elvish", "xonsh",
    "busybox", "toybox",
];

/// Names that are words as well: shells only in a folder of programs.
const NAMES_IN_BIN: [&str; 5] = ["rc", "es", "nu", "ion", "pwsh"];

/// Texts that only the named program holds, whatever its file is called.
const IDENTITIES: [(&str, &str); 7] = [
    (
        "busybox",
        "multi-call binary that combines many common Unix",
    ),
    ("busybox", "BusyBox v1."),
    ("toybox", "Toybox %s multicall binary"),
    ("bash", "GNU bash, version %s"),
    ("mksh", "MIRBSD KSH"),
    ("zsh", "ZSH_EVAL_CONTEXT"),
    ("dash", "can't access tty; job control turned off"),
];

/// Every path that is a shell or leads to one, with the shell's name: by its own name, or by what
/// its program is when the name says nothing.
pub fn shells(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, end) in programs(tree) {
        let through = tree.get(path).filter(|entry| is_link(entry));
        let leads = |text: &str| match through {
            Some(_) if *path != end => format!("{text}, by a link to `{end}`"),
            _ => text.to_owned(),
        };
        if let Some(name) = named(path) {
            found.push(Finding::new(path, name, leads("its name")));
        } else if let Some(name) = identity(tree, &end) {
            found.push(Finding::new(path, name, leads("what its program holds")));
        } else if let Some(name) = named(&end) {
            found.push(Finding::new(path, name, leads("the name of its target")));
        }
    }
    found
}

fn named(path: &TreePath) -> Option<&'static str> {
    let name = path.name();
    let known = NAMES.into_iter().find(|known| *known == name);
    known.or_else(|| {
        let folder = path.parent()?;
        matches!(folder.name(), "bin" | "sbin")
            .then(|| NAMES_IN_BIN.into_iter().find(|known| *known == name))?
    })
}

fn identity(tree: &Tree, path: &TreePath) -> Option<&'static str> {
    let bytes = tree.blob(path)?.bytes()?;
    if !Elf::parse(bytes)?.is_program() {
        return None;
    }
    let holds = |(_, text): &&(&str, &str)| memmem::find(bytes, text.as_bytes()).is_some();
    IDENTITIES.iter().find(holds).map(|(name, _)| *name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::elf::tests::Made;
    use super::*;
    use crate::{Blob, Entry, Kind, Origin};

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn found(members: Vec<(&str, Entry)>) -> Vec<(String, &'static str)> {
        let mut tree = Tree::new();
        for (at, entry) in members {
            tree.insert(path(at), entry).unwrap();
        }
        let found = shells(&tree).into_iter();
        found.map(|f| (f.path.to_string(), f.what)).collect()
    }

    fn program(tail: &'static [u8]) -> Entry {
        let made = Made {
            tail,
            ..Made::program()
        };
        Entry::file(Blob::new(made.bytes()), 0o755, Origin::User)
    }

    #[test]
    fn by_name_if_executable() {
        let plain = |mode| Entry::file(Blob::new(&b"x"[..]), mode, Origin::User);
        let found = found(vec![
            ("/bin/sh", plain(0o755)),
            ("/opt/bash", plain(0o711)),
            ("/usr/bin/rc", plain(0o755)),
            ("/etc/rc", plain(0o755)),
            ("/usr/share/completions/bash", plain(0o644)),
            ("/usr/share/zsh/x", plain(0o755)),
            (
                "/usr/bin/dangling/sh",
                Entry::symlink("nowhere", Origin::User),
            ),
        ]);
        assert_eq!(
            found,
            [
                ("/bin/sh".into(), "sh"),
                ("/opt/bash".into(), "bash"),
                ("/usr/bin/rc".into(), "rc")
            ]
        );
    }

    #[test]
    fn by_identity_and_through_links() {
        let busybox = program(b"..BusyBox v1.36.1 (2024)..");
        let hard = Entry::new(
            Kind::Hardlink {
                to: path("/app/tool"),
            },
            0o755,
            Origin::User,
        );
        let found = found(vec![
            ("/app/tool", busybox),
            ("/app/zz", hard),
            ("/bin/ls", Entry::symlink("../app/tool", Origin::User)),
            ("/x", program(b"GNU bash, version %s-(%s)")),
            ("/plain", program(b"nothing of the kind")),
            (
                "/notes",
                Entry::file(Blob::new(&b"BusyBox v1."[..]), 0o755, Origin::User),
            ),
        ]);
        assert_eq!(
            found,
            [
                ("/app/tool".into(), "busybox"),
                ("/app/zz".into(), "busybox"),
                ("/bin/ls".into(), "busybox"),
                ("/x".into(), "bash"),
            ]
        );
    }

    #[test]
    fn a_link_to_a_named_shell_is_one() {
        let plain = Entry::file(Blob::new(&b"x"[..]), 0o755, Origin::User);
        let found = found(vec![
            ("/bin/mksh", plain),
            ("/bin/open", Entry::symlink("mksh", Origin::User)),
        ]);
        assert_eq!(found[1], ("/bin/open".into(), "mksh"));
    }
}
