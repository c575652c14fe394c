//! Readers of what lies in a tree, one question each: pure functions that return findings.
//!
//! Everything read here may be hostile: readers are bounded, follow links only inside the tree and
//! never panic. A finding is a fact, not a verdict; what it means for an image is a suite's to say.

mod accounts;
mod capability;
mod copyright;
mod elf;
mod interpreter;
mod libraries;
mod loader;
mod package_tool;
mod setid;
mod shebang;
mod shell;
mod writable;

pub use accounts::{Account, Accounts, Group, LoginShell, RunAs, UserError};
pub use capability::{BadCapability, FileCapabilities, capabilities};
pub use copyright::{copyrights, missing_copyrights};
pub use elf::{Elf, ElfKind, Relro, elves};
pub use interpreter::interpreters;
pub use libraries::{MissingLibrary, missing_libraries};
pub use loader::loaders;
pub use package_tool::package_tools;
pub use setid::set_ids;
pub use shebang::{Shebang, interpreter_of, shebangs};
pub use shell::shells;
pub use writable::writable_paths;

use crate::{Entry, Kind, Tree, TreePath};

/// Something found at a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub path: TreePath,
    /// What it is, in one stable word: `bash`, `python`, `setuid`, `dpkg`.
    pub what: &'static str,
    /// How one can tell, for people.
    pub why: String,
}

impl Finding {
    fn new(path: &TreePath, what: &'static str, why: impl Into<String>) -> Self {
        Self {
            path: path.clone(),
            what,
            why: why.into(),
        }
    }
}

/// The paths that can be executed by name: executable files, and symbolic links that lead to one,
/// each with the path of the file itself.
fn programs(tree: &Tree) -> impl Iterator<Item = (&TreePath, TreePath)> {
    tree.iter().filter_map(|(path, entry)| {
        let (end, file) = match &entry.kind {
            Kind::Symlink { .. } => tree.lookup(path.as_str())?,
            _ => (path.clone(), entry),
        };
        file.is_executable().then_some((path, end))
    })
}

/// Whether `path` is a link, symbolic or hard, to something of another name.
fn is_link(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Symlink { .. } | Kind::Hardlink { .. })
}
