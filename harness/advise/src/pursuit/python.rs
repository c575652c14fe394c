//! Python modules to files.

use super::{From, Met, Pending, Pursuit, Universe};
use crate::application::{HOME, shown};
use crate::error::Result;
use crate::need::{Need, Strength};
use crate::python::{STARTS_WITH, World, is_hidden_word, secretly};

/// Minor versions that are looked for in an archive, newest first.
const MINORS: std::ops::RangeInclusive<u32> = 3..=40;

/// Modules inside the interpreter that no `PyInit_` function makes.
const WITHOUT_FUNCTION: [&str; 7] = [
    "__main__",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_warnings",
    "builtins",
    "marshal",
    "sys",
];

impl Pursuit<'_> {
    pub(super) fn wants_python(&self) -> bool {
        self.open.iter().any(|pending| pending.need == Need::Python) || self.app.is_empty()
    }

    /// The version the application was made for, else the one that has slices, else the archive's
    /// newest.
    pub(super) fn choose_python(&mut self) -> Result<()> {
        let shown_minor = self
            .survey
            .minor()
            .map(|(minor, path)| (minor, shown(path).to_owned()));
        let sliced = |minor: &u32| {
            let name = format!("python3.{minor}");
            self.release
                .packages
                .contains_key(&format!("{name}-minimal"))
                || self.release.packages.contains_key(&name)
        };
        let mut has = Vec::new();
        for minor in MINORS.rev() {
            if self
                .shelf
                .record(&format!("python3.{minor}-minimal"))?
                .is_some()
            {
                has.push(minor);
            }
        }
        let own = has.iter().copied().find(sliced).or(has.first().copied());
        let minor = match (shown_minor, own) {
            (Some((minor, path)), _) if !has.contains(&minor) => {
                let has: Vec<String> = has.iter().map(|minor| format!("3.{minor}")).collect();
                self.no_python = Some(format!(
                    "{path} is made for Python 3.{minor}, the archive has {}",
                    match has.is_empty() {
                        true => "none".to_owned(),
                        false => has.join(", "),
                    }
                ));
                return Ok(());
            }
            (Some((minor, _)), _) => minor,
            (None, Some(minor)) => minor,
            (None, None) => {
                self.no_python = Some("the archive has no Python".to_owned());
                return Ok(());
            }
        };
        self.world = Some(World::new(minor, self.arch));
        Ok(())
    }

    /// The interpreter, what it imports by itself, and the encodings, which are found by name.
    pub(super) fn python(&mut self) -> Result<Met> {
        let Some(world) = self.world.clone() else {
            let why = self.no_python.clone();
            return Ok(Met::No(
                why.unwrap_or_else(|| "no Python was chosen".to_owned()),
            ));
        };
        let interpreter = world.interpreter();
        let Some(package) = self.choose(&interpreter)? else {
            return Ok(Met::No(format!("no package has {interpreter}")));
        };
        let start = (package, interpreter);
        for name in STARTS_WITH {
            let need = Need::Module {
                folder: None,
                name: (*name).to_owned(),
            };
            self.also(need, Strength::May, &From::File(start.clone()));
        }
        let folder = format!("{}/encodings", world.library());
        let mut files = vec![start];
        for path in self.shelf.below(&folder) {
            if path.ends_with(".py") {
                files.extend(self.choose(&path)?.map(|package| (package, path)));
            }
        }
        Ok(Met::Files(files))
    }

    /// Encodings come with the interpreter but are read only when they are imported by name: the
    /// East Asian ones need modules of their own.
    pub(super) fn is_dormant(&self, path: &str, need: &Need) -> bool {
        let is_encoding = || {
            let world = self.world.as_ref();
            world.is_some_and(|world| path.starts_with(&format!("{}/encodings/", world.library())))
        };
        *need == Need::Python && is_encoding()
    }

    pub(super) fn module(
        &mut self,
        folder: Option<&str>,
        name: &str,
        from: &Pending,
    ) -> Result<Met> {
        let Some(world) = self.world.clone() else {
            return Ok(Met::Silent);
        };
        let is_own = matches!(from.from, From::App(_));
        let top = name.split('.').next().unwrap_or(name);
        if is_own && folder.is_none() {
            self.direct.insert(top.to_owned());
        }
        for (folder, is_library) in self.module_folders(folder, &world, &from.from) {
            let universe = Universe {
                app: self.app,
                shelf: &self.shelf,
            };
            if let Some(paths) = world.find(&universe, &folder, name) {
                let others = is_library.then(|| secretly(top, self.arch));
                for name in others.into_iter().flatten() {
                    let need = Need::Module { folder: None, name };
                    self.also(need, Strength::May, &from.from);
                }
                // What the application's own code imports on some way only is meant all the same.
                let strength = match self.is_optional(from) {
                    true => Strength::May,
                    false => Strength::Must,
                };
                return Ok(Met::Files(self.located(&paths, strength)?));
            }
        }
        if folder.is_some() {
            return Ok(Met::No(
                "the package that imports it does not have it".to_owned(),
            ));
        }
        if self.is_built_in(top) {
            return Ok(Met::Files(Vec::new()));
        }
        if self.is_optional(from) {
            let why = "others' optional imports are not taken from packages of the archive";
            return Ok(Met::No(why.to_owned()));
        }
        self.packaged(&world, name)
    }

    /// Whether somebody else's code only tries to import it: test runners, faster variants,
    /// integrations with what the application does not bring along.
    pub(super) fn is_optional(&self, pending: &Pending) -> bool {
        let is_module = matches!(pending.need, Need::Module { .. } | Need::Submodule { .. });
        let is_own = self.own_folder(&pending.from).is_some();
        is_module && !is_own && pending.strength != Strength::Must
    }

    /// Folders to look in, and whether they are the standard library's.
    fn module_folders(
        &self,
        folder: Option<&str>,
        world: &World,
        from: &From,
    ) -> Vec<(String, bool)> {
        if let Some(folder) = folder {
            return vec![(folder.to_owned(), false)];
        }
        let mut folders: Vec<(String, bool)> = Vec::new();
        // A package of the archive does not import what the application happens to have.
        let is_app = matches!(from, From::App(_));
        if is_app {
            let own = [
                HOME.to_owned(),
                format!("{HOME}/src"),
                format!("{HOME}/lib"),
            ];
            let own = self.own_folder(from).into_iter().chain(own);
            folders.extend(own.map(|folder| (folder, false)));
        }
        folders.extend(world.library_folders().map(|folder| (folder, true)));
        if is_app {
            let vendored = self.survey.vendored.iter().cloned();
            folders.extend(vendored.map(|folder| (folder, false)));
        }
        folders
    }

    /// A module of a Python package of the archive.
    fn packaged(&mut self, world: &World, name: &str) -> Result<Met> {
        let signs = world.packaged(name);
        match self.first_of(&signs, "")? {
            Met::Files(files) => {
                // Its package has to be open before what lies below can be seen.
                let names: Vec<String> = files.iter().map(|(package, _)| package.clone()).collect();
                self.shelf.open(&names, self.release)?;
                let universe = Universe {
                    app: self.app,
                    shelf: &self.shelf,
                };
                let found = world.find(&universe, World::packages_folder(), name);
                let files = self.located(&found.unwrap_or_default(), Strength::Must)?;
                Ok(Met::Files(files))
            }
            Met::No(_) => Ok(Met::No(format!(
                "neither the application, Python 3.{} nor a package of the archive has it",
                world.minor
            ))),
            met => Ok(met),
        }
    }

    /// Whether the module is compiled into the interpreter: it exports the function that makes it.
    fn is_built_in(&mut self, name: &str) -> bool {
        if WITHOUT_FUNCTION.contains(&name) {
            return true;
        }
        let Some(world) = &self.world else {
            return false;
        };
        let path = world.interpreter();
        let Ok(Some(package)) = self.choose(&path) else {
            return false;
        };
        if self
            .shelf
            .open(std::slice::from_ref(&package), self.release)
            .is_err()
        {
            return false;
        }
        let opened = self.shelf.package(&package);
        let entry = opened.and_then(|opened| opened.entries.get(&path));
        let Some(deb::EntryKind::File(bytes)) = entry.map(|entry| &entry.kind) else {
            return false;
        };
        let text = format!("\0PyInit_{name}\0");
        memchr::memmem::find(bytes, text.as_bytes()).is_some()
    }

    /// A word of compiled code: a module of the standard library, or nothing.
    pub(super) fn word(&mut self, name: &str) -> Met {
        let Some(world) = self.world.clone().filter(|_| !is_hidden_word(name)) else {
            return Met::Silent;
        };
        for folder in world.library_folders() {
            let universe = Universe {
                app: self.app,
                shelf: &self.shelf,
            };
            if let Some(paths) = world.find(&universe, &folder, name)
                && World::is_whole(&paths, name)
                && let Ok(files) = self.located(&paths, Strength::May)
            {
                return Met::Files(files);
            }
        }
        Met::Silent
    }

    /// Reads a source of the application that something imports; once more if it turns out to be
    /// needed more than it seemed. What it needs counts no more than itself.
    pub(super) fn reach(&mut self, path: &str, strength: Strength) -> Result<()> {
        if self
            .sources
            .get(path)
            .is_some_and(|known| *known <= strength)
        {
            return Ok(());
        }
        self.sources.insert(path.to_owned(), strength);
        let Some(file) = self.app.get(path) else {
            return Ok(());
        };
        let bytes = file.read(&self.limits)?;
        let owner = self.survey.owner(path);
        let python = |name: &str| name == "Python";
        let (mut findings, errors) = self.findings_of(path, &bytes, owner, false, &python);
        for (_, own) in &mut findings.needs {
            *own = strength.max(*own);
        }
        let bad = errors
            .into_iter()
            .map(|error| (shown(path).to_owned(), error));
        self.bad.extend(bad);
        self.add(findings, &From::App(path.to_owned()));
        Ok(())
    }

    /// Whether an import inside a function of the standard library is followed: when it stays in
    /// its package, or when the application imports the module itself and so may call it.
    pub(super) fn is_called(&self, pending: &Pending) -> bool {
        let (From::File((_, path)), Some(world)) = (&pending.from, &self.world) else {
            return true;
        };
        let Some(own) = world.top(path) else {
            return true;
        };
        let other = match &pending.need {
            Need::Module { folder: None, name } | Need::Submodule { folder: None, name } => {
                name.split('.').next()
            }
            _ => None,
        };
        other.is_none() || other == Some(own) || self.direct.contains(own)
    }

    /// Takes up what waited for a module that the application imports after all.
    pub(super) fn release_late(&mut self) {
        let (called, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|pending| self.is_called(pending));
        self.late = still;
        self.open.extend(called);
    }

    /// How many imports inside functions of the standard library were not followed.
    pub(crate) fn left_late(&self) -> usize {
        self.late.len()
    }
}
