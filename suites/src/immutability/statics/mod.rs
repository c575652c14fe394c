//! Checks of the image's bytes: the merged tree of its layers and its configuration. One property,
//! one file.

mod capability;
mod interpreter;
mod owned;
mod package_tool;
pub(crate) mod setid;
mod shell;
mod user;
mod writable;

#[cfg(test)]
mod tests;

use model::{CheckInfo, ImageSpec};
use rootfs::{Tree, TreePath};

use super::findings::Findings;

pub(crate) use owned::INFO as OWNED;

/// What static checks look at.
pub(crate) struct Subject<'a> {
    /// The merged tree, as every runtime would unpack it.
    pub(crate) tree: &'a Tree,
    /// The tree as it was cut, with owners; absent for an existing image.
    pub(crate) cut: Option<&'a Tree>,
    /// The user of the image's configuration, as written.
    pub(crate) user: &'a str,
    /// The spec.
    pub(crate) spec: &'a ImageSpec,
}

/// A static check: its page and how it looks.
pub(crate) type StaticCheck = (&'static CheckInfo, fn(&Subject<'_>) -> Findings);

/// Every static check.
pub(crate) static CHECKS: &[StaticCheck] = &[
    (&shell::INFO, shell::look),
    (&interpreter::INFO, interpreter::look),
    (&package_tool::INFO, package_tool::look),
    (&owned::INFO, owned::look),
    (&setid::INFO, setid::look),
    (&capability::INFO, capability::look),
    (&writable::INFO, writable::look),
    (&user::INFO, user::look),
];

impl Subject<'_> {
    /// Who owns a path: slices or packages, where known.
    fn owner(&self, path: &TreePath) -> Option<String> {
        let entry = self.cut?.get(path.as_str())?;
        (!entry.owners.is_empty()).then(|| {
            entry
                .owners
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>()
                .join(", ")
        })
    }
}
