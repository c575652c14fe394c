//! One need to files: libraries, programs, plain files. The languages have files of their own.

use std::cmp::Reverse;

use super::{FileKey, From, Met, Pending, Pursuit};
use crate::application::HOME;
use crate::cover;
use crate::error::Result;
use crate::need::{Need, Strength};
use crate::paths;
use crate::readers::Owner;

impl Pursuit<'_> {
    pub(super) fn resolve(&mut self, pending: &Pending) -> Result<Met> {
        match &pending.need {
            Need::Library { name, folders, .. } => self.library(name, folders, &pending.from),
            Need::File(path) => self.file(path),
            Need::Program(name) => {
                let folders = ["/usr/bin", "/usr/sbin"];
                let paths = folders.map(|folder| format!("{folder}/{name}"));
                self.first_of(&paths, "no package has it in /usr/bin or /usr/sbin")
            }
            Need::Python => self.python(),
            Need::Module { folder, name } => self.module(folder.as_deref(), name, pending),
            Need::Submodule { folder, name } => {
                let met = self.module(folder.as_deref(), name, pending)?;
                Ok(match met {
                    Met::No(_) => Met::Silent,
                    met => met,
                })
            }
            Need::Word(name) => Ok(self.word(name)),
            Need::Java(_) => self.java_runtime(),
            Need::JavaPackage(name) => Ok(self.java_package(name)),
        }
    }

    /// What else than the need itself decides what it leads to.
    pub(super) fn context(&self, pending: &Pending) -> String {
        match (&pending.need, &pending.from) {
            // Others' optional imports lead elsewhere, and make all behind them optional.
            (Need::Module { .. } | Need::Submodule { .. }, _) => {
                match self.own_folder(&pending.from) {
                    Some(folder) => folder,
                    None if self.is_optional(pending) => "optional".to_owned(),
                    None => String::new(),
                }
            }
            // A library may stand beside the one that needs it, in its own package.
            (Need::Library { .. }, From::File((package, _))) => package.clone(),
            _ => String::new(),
        }
    }

    /// The folder of one of the application's own files.
    pub(super) fn own_folder(&self, from: &From) -> Option<String> {
        match from {
            From::App(path) if self.survey.owner(path) == Owner::Own => {
                path.rsplit_once('/').map(|(folder, _)| folder.to_owned())
            }
            _ => None,
        }
    }

    fn library(&mut self, name: &str, folders: &[String], from: &From) -> Result<Met> {
        let triplet = self.arch.multiarch();
        let usual = [
            format!("/usr/lib/{triplet}"),
            "/usr/lib".to_owned(),
            "/usr/lib64".to_owned(),
        ];
        let all = folders.iter().chain(&usual);
        let candidates: Vec<String> = all.map(|folder| format!("{folder}/{name}")).collect();
        let met = self.first_of(&candidates, "")?;
        if !matches!(met, Met::No(_)) {
            return Ok(met);
        }
        // A program that loads plug-ins of its own package has loaded their libraries before.
        if let From::File((package, _)) = from
            && let Some(opened) = self.shelf.package(package)
        {
            let end = format!("/{name}");
            let mut beside: Vec<&String> = opened
                .entries
                .keys()
                .filter(|path| path.ends_with(&end))
                .collect();
            beside.sort();
            if let Some(path) = beside.first() {
                return Ok(Met::Files(vec![(package.clone(), (*path).clone())]));
            }
        }
        if let Some(path) = self.app.named(name) {
            self.notes.insert(format!(
                "{} is in the application, but no RPATH of {} leads there: set LD_LIBRARY_PATH",
                crate::application::shown(path),
                self.name_of(from)
            ));
            return Ok(Met::Files(Vec::new()));
        }
        let folders = candidates.iter().filter_map(|path| path.rsplit_once('/'));
        let folders: Vec<&str> = folders.map(|(folder, _)| folder).collect();
        Ok(Met::No(format!(
            "neither the application nor a package of the archive has it in {}",
            folders.join(", ").replace(HOME, "(application)")
        )))
    }

    pub(super) fn file(&mut self, path: &str) -> Result<Met> {
        let paths = [path.to_owned()];
        self.first_of(
            &paths,
            "neither the application nor a package of the archive has it",
        )
    }

    /// The first of `paths` that the application or a package has; all must be known first.
    pub(super) fn first_of(&mut self, paths: &[String], why: &str) -> Result<Met> {
        let in_app = |path: &String| path.starts_with(HOME);
        let mut unknown = Vec::new();
        for path in paths {
            if in_app(path) {
                // Only what stands before it could win, and that is the application's as well.
                if unknown.is_empty() && self.app.get(path).is_some() {
                    return Ok(Met::Files(Vec::new()));
                }
            } else if !self.shelf.knows(path) {
                unknown.push(path.clone());
            }
        }
        if !unknown.is_empty() {
            return Ok(Met::Ask(unknown));
        }
        for path in paths {
            if in_app(path) && self.app.get(path).is_some() {
                return Ok(Met::Files(Vec::new()));
            }
            if let Some(package) = self.choose(path)? {
                return Ok(Met::Files(vec![(package, path.clone())]));
            }
        }
        Ok(Met::No(why.to_owned()))
    }

    /// Which package a file is taken from: one that was opened already for it, one whose slices in
    /// the release hold it, one that has any slices, then the more important, then by name.
    pub(super) fn choose(&self, path: &str) -> Result<Option<String>> {
        let mut known = Vec::new();
        for name in self.shelf.holders(path) {
            if self.shelf.record(&name)?.is_some() {
                let package = self.release.packages.get(&name);
                let holds = package.is_some_and(|package| {
                    let names = [path.to_owned(), paths::of_key(paths::key(path))];
                    names
                        .iter()
                        .any(|path| cover::holds(package, path, self.arch))
                });
                let order = (
                    Reverse(holds),
                    Reverse(package.is_some()),
                    Reverse(self.shelf.owner(path) == Some(name.as_str())),
                    self.shelf.priority(&name).unwrap_or(deb::Priority::Extra),
                    name.clone(),
                );
                known.push((order, name));
            }
        }
        known.sort();
        Ok(known.into_iter().next().map(|(_, name)| name))
    }

    /// A link of the application that leads out of it.
    pub(super) fn link_out(&mut self, path: &str, target: &str) {
        // A virtual environment's links to its interpreter are made anew where it is used.
        if self.survey.owner(path) == Owner::Vendored {
            return;
        }
        self.open.push(Pending {
            need: Need::File(paths::clean(target)),
            strength: Strength::Must,
            from: From::App(path.to_owned()),
        });
    }

    /// A need that a rule adds, in the name of the one at hand.
    pub(super) fn also(&mut self, need: Need, strength: Strength, from: &From) {
        self.open.push(Pending {
            need,
            strength,
            from: from.clone(),
        });
    }

    /// Files of packages among `paths`, each with its package; those of the application are read,
    /// needed as much as `strength` says.
    pub(super) fn located(&mut self, paths: &[String], strength: Strength) -> Result<Vec<FileKey>> {
        let mut found = Vec::new();
        for path in paths {
            if path.starts_with(HOME) {
                self.reach(path, strength)?;
            } else if let Some(package) = self.choose(path)? {
                found.push((package, path.clone()));
            }
        }
        Ok(found)
    }
}
