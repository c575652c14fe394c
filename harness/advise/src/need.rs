//! What a file needs of its surroundings, as its reader understood it.

use std::fmt;

use model::Arch;

/// One need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A shared library by its name; `folders` are looked at first, in order.
    Library {
        /// The name, as in `DT_NEEDED`.
        name: String,
        /// Of which machine it must be.
        arch: Arch,
        /// RPATH or RUNPATH with `$ORIGIN` replaced.
        folders: Vec<String>,
    },
    /// A file by its absolute path: an interpreter, data, the target of a link.
    File(String),
    /// A program that is looked for along `PATH`.
    Program(String),
    /// The Python interpreter and what it reads when it starts.
    Python,
    /// A Python module by its dotted name; below `folder` alone where the import is relative.
    Module {
        /// The folder of a relative import.
        folder: Option<String>,
        /// The name, without leading dots.
        name: String,
    },
    /// As [`Need::Module`], but the last part may be no module: `from a import b`.
    Submodule {
        /// The folder of a relative import.
        folder: Option<String>,
        /// The name, without leading dots.
        name: String,
    },
    /// A text in compiled code that may be the name of a module of the standard library.
    Word(String),
    /// The Java runtime that reads class files of this major version.
    Java(u16),
    /// A package of Java classes, dotted.
    JavaPackage(String),
}

/// Whether the application can run without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It cannot start, or fails on the usual way.
    Must,
    /// It is asked for on some way only: inside a function, a condition, an attempt, a text.
    May,
    /// Inside a function of the archive's Python library: asked for only if somebody calls it.
    Late,
}

/// What a reader found in one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What it needs.
    pub needs: Vec<(Need, Strength)>,
    /// Java packages that it holds.
    pub provides: Vec<String>,
    /// For people.
    pub notes: Vec<String>,
}

impl Findings {
    /// Adds a need that must be met.
    pub fn must(&mut self, need: Need) {
        self.needs.push((need, Strength::Must));
    }

    /// Adds a need.
    pub fn add(&mut self, need: Need, strength: Strength) {
        self.needs.push((need, strength));
    }

    /// Adds a need of some ways only.
    pub fn may(&mut self, need: Need) {
        self.needs.push((need, Strength::May));
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Library { name, arch, .. } => write!(f, "library {name} ({arch})"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Program(name) => write!(f, "program {name}"),
            Self::Python => write!(f, "the Python interpreter"),
            Self::Module { folder, name } | Self::Submodule { folder, name } => match folder {
                Some(folder) => write!(f, "Python module {name} in {folder}"),
                None => write!(f, "Python module {name}"),
            },
            Self::Word(name) => write!(f, "Python module {name}"),
            Self::Java(major) => write!(f, "a Java runtime for class files of version {major}"),
            Self::JavaPackage(name) => write!(f, "Java package {name}"),
        }
    }
}
