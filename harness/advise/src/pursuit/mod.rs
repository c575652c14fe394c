//! Following needs: from the application to files of packages, and from those to further files.
//!
//! Work goes in waves: every open need is resolved, the packages that came up are fetched together,
//! their files are read, and what those need is the next wave. Questions to the indexes are
//! collected too, since an index is read from start to end for each.

mod java;
mod python;
mod resolve;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use chisel::Release;
use deb::EntryKind;
use model::Arch;

use crate::application::{Application, Content, shown};
use crate::error::{BadFile, Error, Result};
use crate::limits::Limits;
use crate::need::{Findings, Need, Strength};
use crate::paths;
use crate::python::{Place, Survey, World, survey};
use crate::readers::{Owner, READERS, Subject};
use crate::shelf::{Library, Question, Shelf};

/// A file of a package: package, path in it.
pub(crate) type FileKey = (String, String);

/// Why a file is needed, and what it needs in turn.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    /// The first need that led to it.
    pub(crate) need: String,
    /// Who had it.
    pub(crate) from: String,
    pub(crate) strength: Strength,
    /// Files that it needs.
    pub(crate) needs: BTreeSet<FileKey>,
    /// Whether it was read.
    read: bool,
}

/// A need that nothing meets.
#[derive(Debug, Clone)]
pub(crate) struct Lack {
    pub(crate) from: String,
    pub(crate) strength: Strength,
    pub(crate) why: String,
}

/// Who has a need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum From {
    /// The command line.
    Asked,
    /// A file of the application.
    App(String),
    /// A file of a package.
    File(FileKey),
}

#[derive(Debug, Clone)]
struct Pending {
    need: Need,
    strength: Strength,
    from: From,
}

/// What a need led to.
#[derive(Debug, Clone)]
enum Met {
    /// Files of packages; none where the application has it itself.
    Files(Vec<FileKey>),
    /// The indexes have to be asked about these paths.
    Ask(Vec<String>),
    /// Nothing, with the reason.
    No(String),
    /// Nothing, and nobody needs to know.
    Silent,
}

pub(crate) struct Pursuit<'a> {
    app: &'a Application,
    release: &'a Release,
    arch: Arch,
    limits: Limits,
    pub(crate) shelf: Shelf<'a>,
    survey: Survey,
    world: Option<World>,
    /// Whether Python was asked for at all, and could not be had.
    no_python: Option<String>,
    /// Top-level modules that the application imports itself.
    direct: BTreeSet<String>,
    late: Vec<Pending>,
    java: java::Seen,
    open: Vec<Pending>,
    met: HashMap<(Need, String), Met>,
    pub(crate) files: BTreeMap<FileKey, Use>,
    pub(crate) lacks: BTreeMap<String, Lack>,
    /// Files of the application that could not be read.
    pub(crate) bad: BTreeMap<String, BadFile>,
    pub(crate) notes: BTreeSet<String>,
    /// Sources of the application that were read, by how much whoever imports them needs them.
    sources: BTreeMap<String, Strength>,
    followed: usize,
    /// Whether a reader took any file.
    pub(crate) has_taken: bool,
}

impl<'a> Pursuit<'a> {
    pub(crate) fn new(
        app: &'a Application,
        release: &'a Release,
        library: &'a dyn Library,
        arch: Arch,
        limits: Limits,
    ) -> Self {
        Self {
            app,
            release,
            arch,
            limits,
            shelf: Shelf::new(library, arch, limits),
            survey: survey(app),
            world: None,
            no_python: None,
            direct: BTreeSet::new(),
            late: Vec::new(),
            java: java::Seen::default(),
            open: Vec::new(),
            met: HashMap::new(),
            files: BTreeMap::new(),
            lacks: BTreeMap::new(),
            bad: BTreeMap::new(),
            notes: BTreeSet::new(),
            sources: BTreeMap::new(),
            followed: 0,
            has_taken: false,
        }
    }

    /// Follows everything the application and the files of `packages` need.
    pub(crate) fn run(&mut self, packages: &[String]) -> Result<()> {
        let app = self.app;
        for (path, file) in app.files() {
            if let Content::Link(target) = &file.content {
                self.link_out(path, target);
                continue;
            }
            let unreadable = |source| Error::Unreadable {
                path: path.into(),
                source,
            };
            let head = file.head(512).map_err(unreadable)?;
            if self.is_taken(path, &head, file.executable) {
                let bytes = file.read(&self.limits)?;
                self.read_app(path, &bytes, file.executable);
            }
        }
        self.notes.extend(self.survey.doubts());
        self.first_question()?;
        self.asked_packages(packages)?;
        self.waves()
    }

    fn waves(&mut self) -> Result<()> {
        loop {
            while !self.open.is_empty() {
                self.wave()?;
            }
            self.release_late();
            if self.open.is_empty() {
                return Ok(());
            }
        }
    }

    fn wave(&mut self) -> Result<()> {
        let mut asking: Vec<Pending> = Vec::new();
        let mut paths = BTreeSet::new();
        let mut found: Vec<(Pending, Vec<FileKey>)> = Vec::new();
        for pending in std::mem::take(&mut self.open) {
            self.followed += 1;
            if self.followed > self.limits.needs {
                return Err(Error::Limit {
                    subject: self.app.name.clone(),
                    limit: self.limits.needs as u64,
                    what: "needs",
                });
            }
            if pending.strength == Strength::Late && !self.is_called(&pending) {
                self.late.push(pending);
                continue;
            }
            match self.meet(&pending)? {
                Met::Files(files) => found.push((pending, files)),
                Met::Ask(about) => {
                    paths.extend(about);
                    asking.push(pending);
                }
                Met::No(why) => self.lack(&pending, why),
                Met::Silent => {}
            }
        }
        if !paths.is_empty() {
            let keys = paths.iter().map(|path| paths::key(path).to_owned());
            let question = Question {
                files: keys.collect(),
                ..Question::default()
            };
            self.shelf.ask(question, &self.release.name)?;
            self.open.extend(asking);
        }
        let names: BTreeSet<String> = found
            .iter()
            .flat_map(|(_, files)| files.iter().map(|(package, _)| package.clone()))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        self.shelf.open(&names, self.release)?;
        for (pending, files) in found {
            for file in files {
                self.take(&pending, file);
            }
        }
        Ok(())
    }

    /// Resolves a need, each only once.
    fn meet(&mut self, pending: &Pending) -> Result<Met> {
        let context = self.context(pending);
        let key = (pending.need.clone(), context);
        if let Some(met) = self.met.get(&key) {
            return Ok(met.clone());
        }
        let met = self.resolve(pending)?;
        if !matches!(met, Met::Ask(_)) {
            self.met.insert(key, met.clone());
        }
        Ok(met)
    }

    /// Notes that a file is needed, and reads it when it is new.
    fn take(&mut self, pending: &Pending, file: FileKey) {
        let Some(file) = self.real(&file) else {
            let (package, path) = file;
            let why = format!("the index says that {package} has {path}, but it does not");
            self.lack(pending, why);
            return;
        };
        if let From::File(from) = &pending.from
            && *from != file
            && let Some(using) = self.files.get_mut(from)
        {
            using.needs.insert(file.clone());
        }
        let from = self.name_of(&pending.from);
        let dormant = self.is_dormant(&file.1, &pending.need);
        let known = self.files.entry(file.clone()).or_insert_with(|| Use {
            need: pending.need.to_string(),
            from,
            strength: pending.strength,
            needs: BTreeSet::new(),
            read: false,
        });
        known.strength = known.strength.min(pending.strength);
        if !known.read && !dormant {
            known.read = true;
            self.read_packaged(&file);
        }
    }

    /// The file under the path that its package has it by.
    fn real(&self, (package, path): &FileKey) -> Option<FileKey> {
        let path = self.shelf.package(package)?.path_of(path)?;
        Some((package.clone(), path))
    }

    fn read_packaged(&mut self, file: &FileKey) {
        let (package, path) = file;
        let from = From::File(file.clone());
        let opened = self.shelf.package(package);
        let Some(entry) = opened.and_then(|opened| opened.entries.get(path)) else {
            return;
        };
        let mut add = |need, strength| {
            self.open.push(Pending {
                need,
                strength,
                from: from.clone(),
            });
        };
        match &entry.kind {
            // A link may dangle: some are filled by a package's scripts.
            EntryKind::Symlink(target) => {
                add(Need::File(paths::target(path, target)), Strength::May);
            }
            EntryKind::Hardlink(target) => add(Need::File(target.clone()), Strength::Must),
            EntryKind::File(bytes) => {
                let (bytes, executable) = (bytes.clone(), entry.mode & 0o111 != 0);
                let all = |_: &str| true;
                let (findings, _) =
                    self.findings_of(path, &bytes, Owner::Archive, executable, &all);
                self.add(findings, &from);
            }
            _ => {}
        }
    }

    fn is_taken(&self, path: &str, head: &Bytes, executable: bool) -> bool {
        let owner = self.survey.owner(path);
        let subject = self.subject(path, head, owner, executable);
        READERS.iter().any(|reader| reader.takes(&subject))
    }

    fn subject<'s>(
        &self,
        path: &'s str,
        bytes: &'s Bytes,
        owner: Owner,
        executable: bool,
    ) -> Subject<'s> {
        Subject {
            path,
            bytes,
            executable,
            owner,
            arch: self.arch,
        }
    }

    /// Reads a file of the application. Python is read where it is started from, or imported.
    fn read_app(&mut self, path: &str, bytes: &Bytes, executable: bool) {
        self.has_taken = true;
        let owner = self.survey.owner(path);
        let is_entry = self.survey.is_entry(path);
        if is_entry {
            self.sources.insert(path.to_owned(), Strength::Must);
        }
        let (findings, errors) = self.findings_of(path, bytes, owner, executable, &|name| {
            name != "Python" || is_entry
        });
        self.bad.extend(
            errors
                .into_iter()
                .map(|error| (shown(path).to_owned(), error)),
        );
        self.java.provides(&findings);
        self.add(findings, &From::App(path.to_owned()));
    }

    fn findings_of(
        &self,
        path: &str,
        bytes: &Bytes,
        owner: Owner,
        executable: bool,
        wanted: &dyn Fn(&str) -> bool,
    ) -> (Findings, Vec<BadFile>) {
        let subject = self.subject(path, bytes, owner, executable);
        let mut all = Findings::default();
        let mut errors = Vec::new();
        for reader in READERS {
            if !wanted(reader.name()) || !reader.takes(&subject) {
                continue;
            }
            match reader.read(&subject, &self.limits) {
                Ok(found) => {
                    all.needs.extend(found.needs);
                    all.provides.extend(found.provides);
                    all.notes.extend(found.notes);
                }
                Err(error) => errors.push(error),
            }
        }
        (all, errors)
    }

    fn add(&mut self, findings: Findings, from: &From) {
        self.notes.extend(findings.notes);
        for (need, strength) in findings.needs {
            self.java.needs(&need);
            self.open.push(Pending {
                need,
                strength,
                from: from.clone(),
            });
        }
    }

    fn lack(&mut self, pending: &Pending, why: String) {
        let from = self.name_of(&pending.from);
        let strength = self.counted(pending);
        let lack = self
            .lacks
            .entry(pending.need.to_string())
            .or_insert_with(|| Lack {
                from: from.clone(),
                strength,
                why: why.clone(),
            });
        // The first who cannot do without it is named.
        if strength < lack.strength {
            *lack = Lack {
                from,
                strength,
                why,
            };
        }
    }

    /// How much an unmet need counts: no more than the file that has it, and modules that the
    /// archive's own Python library lacks are those of other systems.
    fn counted(&self, pending: &Pending) -> Strength {
        let From::File(file) = &pending.from else {
            return pending.strength;
        };
        let of_file = self
            .files
            .get(file)
            .map_or(Strength::Must, |used| used.strength);
        let least = match &pending.need {
            Need::Module { .. } => Strength::May,
            _ => pending.strength,
        };
        pending.strength.max(of_file).max(least)
    }

    /// A file for people.
    fn name_of(&self, from: &From) -> String {
        match from {
            From::Asked => "the command line".to_owned(),
            From::App(path) => shown(path).to_owned(),
            From::File((_, path)) => path.clone(),
        }
    }

    /// One look at the indexes for what nearly every application needs.
    fn first_question(&mut self) -> Result<()> {
        let triplet = self.arch.multiarch();
        let folders = ["lib", "lib64", "lib32"].map(str::to_owned);
        let mut question = Question {
            library_folders: folders
                .into_iter()
                .chain([format!("lib/{triplet}")])
                .collect(),
            ..Question::default()
        };
        if self.wants_python() {
            self.choose_python()?;
        }
        if let Some(world) = &self.world {
            question.below.push(format!("lib/python3.{}/", world.minor));
            question
                .files
                .insert(paths::key(&world.interpreter()).to_owned());
        }
        self.shelf.ask(question, &self.release.name)?;
        for index in &self.shelf.unverified {
            self.notes.insert(format!(
                "an index is not the signed one and may be out of date (every file was looked up \
                 in its signed package all the same): {index}"
            ));
        }
        Ok(())
    }

    /// Every file of a package that was asked for by name, but for what only people read.
    fn asked_packages(&mut self, packages: &[String]) -> Result<()> {
        self.shelf.open(packages, self.release)?;
        for name in packages {
            let opened = self.shelf.package(name);
            let opened = opened.ok_or_else(|| Error::Unknown(name.clone()))?;
            let mut paths: Vec<&String> = opened
                .entries
                .iter()
                .filter(|(path, entry)| !matches!(entry.kind, EntryKind::Dir) && is_used(path))
                .map(|(path, _)| path)
                .collect();
            paths.sort();
            self.has_taken = true;
            for path in paths {
                self.met.insert(
                    (Need::File(path.clone()), String::new()),
                    Met::Files(vec![(name.clone(), path.clone())]),
                );
                self.open.push(Pending {
                    need: Need::File(path.clone()),
                    strength: Strength::Must,
                    from: From::Asked,
                });
            }
        }
        Ok(())
    }
}

/// Whether a program reads files like this one: no manuals, translations, headers.
fn is_used(path: &str) -> bool {
    const UNUSED: [&str; 15] = [
        "/usr/include/",
        "/usr/share/applications/",
        "/usr/share/apport/",
        "/usr/share/bash-completion/",
        "/usr/share/bug/",
        "/usr/share/doc-base/",
        "/usr/share/doc/",
        "/usr/share/gdb/",
        "/usr/share/icons/",
        "/usr/share/info/",
        "/usr/share/lintian/",
        "/usr/share/locale/",
        "/usr/share/man/",
        "/usr/share/menu/",
        "/usr/share/pixmaps/",
    ];
    !UNUSED.iter().any(|folder| path.starts_with(folder))
        && !path.contains("/pkgconfig/")
        && !path.ends_with(".a")
}

/// Application and archive together, where modules are looked for.
struct Universe<'u> {
    app: &'u Application,
    shelf: &'u Shelf<'u>,
}

impl Place for Universe<'_> {
    fn has_file(&self, path: &str) -> bool {
        self.app.get(path).is_some() || self.shelf.has(path)
    }

    fn has_folder(&self, path: &str) -> bool {
        self.app.has_folder(path) || self.shelf.has_folder(path)
    }
}
