//! What an application shows of its Python before anything is read closely.

use std::collections::{BTreeMap, BTreeSet};

use crate::application::{Application, HOME, shown};
use crate::readers::Owner;

/// Folders and versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// Folders whose modules are other people's: they hold `*.dist-info`, or are called so.
    pub(crate) vendored: Vec<String>,
    /// Virtual environments.
    environments: Vec<String>,
    /// `3.N` as it shows, by how sure that is (compiled modules first), with where it was seen.
    pub(crate) minors: BTreeMap<(u8, u32), String>,
    /// Whether no source is the application's own: then all of them are started from.
    all_vendored: bool,
}

/// Looks at names, and at the few small files that say a version.
pub(crate) fn survey(app: &Application) -> Survey {
    let mut found = Survey::default();
    let mut vendored = BTreeSet::new();
    for (path, _) in app.files() {
        let parts: Vec<&str> = path.split('/').collect();
        for (at, part) in parts.iter().enumerate() {
            let folder = |upto: usize| parts.get(..upto).unwrap_or_default().join("/");
            if part.ends_with(".dist-info") || part.ends_with(".egg-info") {
                vendored.insert(folder(at));
            }
            if ["site-packages", "dist-packages"].contains(part) && at + 1 < parts.len() {
                vendored.insert(folder(at + 1));
            }
            if let Some(minor) = minor_of_name(part) {
                found.minors.entry(minor).or_insert_with(|| path.to_owned());
            }
        }
        if parts.last() == Some(&"pyvenv.cfg") {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            found.environments.push(folder.to_owned());
        }
    }
    // A folder that holds everything is the application itself, whoever made it.
    found.vendored = vendored
        .into_iter()
        .filter(|folder| folder != HOME)
        .collect();
    for environment in &found.environments {
        let path = format!("{environment}/pyvenv.cfg");
        let text = text(app, &path);
        let minor = text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let rest = value.trim().strip_prefix("3.")?;
            name.trim().starts_with("version").then(|| number(rest))?
        });
        if let Some(minor) = minor {
            found.minors.entry((1, minor)).or_insert(path);
        }
    }
    wheels(app, &mut found);
    let is_source = |path: &str| path.ends_with(".py");
    found.all_vendored = !app
        .files()
        .any(|(path, _)| is_source(path) && found.owner(path) == Owner::Own);
    found
}

impl Survey {
    /// Whose the file is.
    pub(crate) fn owner(&self, path: &str) -> Owner {
        let below = |folder: &String| {
            path.strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        match self.vendored.iter().chain(&self.environments).any(below) {
            true => Owner::Vendored,
            false => Owner::Own,
        }
    }

    /// Whether the source is read although nobody imports it.
    pub(crate) fn is_entry(&self, path: &str) -> bool {
        self.all_vendored || self.owner(path) == Owner::Own
    }

    /// The surest version, and where it shows.
    pub(crate) fn minor(&self) -> Option<(u32, &str)> {
        let ((_, minor), path) = self.minors.first_key_value()?;
        Some((*minor, path))
    }

    /// Versions that are as sure as the surest and differ from it: for people.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let Some((&(first, _), _)) = self.minors.first_key_value() else {
            return Vec::new();
        };
        let same = self.minors.iter().filter(|((sure, _), _)| *sure == first);
        let tell = |((_, minor), path): (&(u8, u32), &String)| {
            format!("Python 3.{minor} shows in {}", shown(path))
        };
        let all: Vec<String> = same.map(tell).collect();
        match all.len() > 1 {
            true => all,
            false => Vec::new(),
        }
    }
}

/// `_x.cpython-313-x86_64-linux-gnu.so` and `python3.13`.
fn minor_of_name(name: &str) -> Option<(u8, u32)> {
    if let Some((_, rest)) = name.split_once(".cpython-3")
        && name.ends_with(".so")
    {
        return Some((0, number(rest)?));
    }
    let minor = number(name.strip_prefix("python3.")?)?;
    (name == format!("python3.{minor}")).then_some((2, minor))
}

fn number(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// `Tag: cp313-cp313-...` in the WHEEL file of an installed wheel; other ABIs fit later versions.
fn wheels(app: &Application, found: &mut Survey) {
    let of_wheel = |path: &&str| path.ends_with(".dist-info/WHEEL");
    let paths: Vec<&str> = app.files().map(|(path, _)| path).filter(of_wheel).collect();
    for path in paths {
        for line in text(app, path).lines() {
            let tag = line.strip_prefix("Tag: cp3").unwrap_or_default();
            if let Some((minor, rest)) = tag.split_once('-')
                && rest.starts_with(&format!("cp3{minor}-"))
                && let Ok(minor) = minor.parse()
            {
                found
                    .minors
                    .entry((3, minor))
                    .or_insert_with(|| path.to_owned());
            }
        }
    }
}

/// A small file as text; empty if it is none.
fn text(app: &Application, path: &str) -> String {
    let head = app.get(path).and_then(|file| file.head(1 << 16).ok());
    String::from_utf8_lossy(&head.unwrap_or_default()).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_owners() {
        let app = Application::in_memory(&[
            ("main.py", b""),
            ("vendor/x/__init__.py", b""),
            ("vendor/x/_y.cpython-313-x86_64-linux-gnu.so", b""),
            (
                "vendor/x-1.dist-info/WHEEL",
                b"Tag: cp312-cp312-manylinux\n",
            ),
            ("venv/pyvenv.cfg", b"home = /usr\nversion = 3.11.7\n"),
            ("venv/bin/pip", b""),
        ]);
        let found = survey(&app);
        assert_eq!(found.minor().unwrap().0, 13);
        let minors: Vec<u32> = found.minors.keys().map(|(_, minor)| *minor).collect();
        assert_eq!(minors, [13, 11, 12]);
        assert!(found.doubts().is_empty());
        for (path, owner) in [
            ("main.py", Owner::Own),
            ("vendor/x/__init__.py", Owner::Vendored),
            ("venv/bin/pip", Owner::Vendored),
        ] {
            assert_eq!(found.owner(&format!("{HOME}/{path}")), owner, "{path}");
        }
        assert!(!found.is_entry(&format!("{HOME}/vendor/x/__init__.py")));
    }

    #[test]
    fn libraries_alone_are_all_started_from() {
        let app = Application::in_memory(&[
            ("site-packages/a.py", b""),
            ("site-packages/_a.cpython-312-x.so", b""),
            ("site-packages/_a.cpython-313-x.so", b""),
        ]);
        let found = survey(&app);
        assert!(found.is_entry(&format!("{HOME}/site-packages/a.py")));
        assert_eq!(found.doubts().len(), 2);
        assert!(
            survey(&Application::in_memory(&[("a", b"")]))
                .minor()
                .is_none()
        );
    }
}
