//! An opened archive of one or several sources: which version of a package it offers, and from
//! where.

mod load;
mod open;
mod spec;
mod suite;

use bytes::Bytes;
use model::Arch;

use crate::address::Address;
use crate::fetch::{FetchError, Fetcher, Wanted};
use crate::index::Index;
use crate::package::Package;

pub use load::IndexFault;
pub use open::{OpenError, Tried, open};
pub use spec::ArchiveSpec;
pub use suite::{OpenedSuite, SuiteFault};

/// All indexes of the opened archives, for one architecture.
#[derive(Debug, Clone)]
pub struct Archive {
    arch: Arch,
    suites: Vec<OpenedSuite>,
    parts: Vec<Part>,
}

/// One index: a component of a suite of an archive.
#[derive(Debug, Clone)]
struct Part {
    archive: String,
    /// Archives of one version space have the same space.
    space: String,
    /// The highest priority of the version space.
    priority: i32,
    suite: String,
    component: String,
    base: Address,
    index: Index,
}

/// A package as an archive offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The record.
    pub package: Package,
    /// Name of the archive.
    pub archive: String,
    /// The suite it stands in.
    pub suite: String,
    /// The component it stands in.
    pub component: String,
    /// Where the `.deb` is.
    pub address: Address,
}

impl Archive {
    /// The architecture it was opened for.
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// The opened suites with what their `InRelease` says, in the order of the specification.
    pub fn suites(&self) -> &[OpenedSuite] {
        &self.suites
    }

    /// The package `name`: of the version space with the highest priority that has it the
    /// highest version. Archives of negative priority are not looked at.
    pub fn find(&self, name: &str) -> Option<Offer> {
        let mut best: Option<(&Part, Package)> = None;
        for part in self.parts.iter().filter(|part| part.priority >= 0) {
            for package in part.index.named(name) {
                let better = best.as_ref().is_none_or(|(found, than)| {
                    (part.priority, &package.version) > (found.priority, &than.version)
                        && (part.priority > found.priority || part.space == found.space)
                });
                if better {
                    best = Some((part, package));
                }
            }
        }
        best.map(|(part, package)| part.offer(package))
    }

    /// The highest version of `name` in the archive called `archive`, whatever its priority.
    pub fn find_in(&self, archive: &str, name: &str) -> Option<Offer> {
        let mut best: Option<(&Part, Package)> = None;
        for part in self.parts.iter().filter(|part| part.archive == archive) {
            for package in part.index.named(name) {
                let newer = |(_, than): &(_, Package)| package.version > than.version;
                if best.as_ref().is_none_or(newer) {
                    best = Some((part, package));
                }
            }
        }
        best.map(|(part, package)| part.offer(package))
    }

    /// Why a record of `name` is passed over, with the archive and suite it stands in.
    pub fn incomplete(&self, name: &str) -> Option<String> {
        self.parts.iter().find_map(|part| {
            let fault = part.index.incomplete(name)?;
            Some(format!("{} {}: {fault}", part.archive, part.suite))
        })
    }

    /// Every version of `name` that any archive offers, in the order of the specification.
    pub fn versions(&self, name: &str) -> Vec<Offer> {
        let of = |part: &Part| -> Vec<Offer> {
            let found = part.index.named(name).into_iter();
            found.map(|package| part.offer(package)).collect()
        };
        self.parts.iter().flat_map(of).collect()
    }

    /// Every record of every index, in the order of the specification.
    pub fn packages(&self) -> impl Iterator<Item = Package> + '_ {
        self.parts.iter().flat_map(|part| part.index.packages())
    }

    /// Packages whose chosen version lists `name` in `Provides`, sorted by name.
    pub fn providers(&self, name: &str) -> Vec<Offer> {
        let found = self
            .parts
            .iter()
            .flat_map(|part| part.index.providing(name));
        self.chosen(found)
    }

    /// Packages whose chosen version is essential or of priority `required`, sorted by name.
    pub fn required(&self) -> Vec<Offer> {
        let found = self.parts.iter().flat_map(|part| part.index.required());
        self.chosen(found)
    }

    /// Those of `packages` that [`Archive::find`] chooses, each once, sorted by name.
    fn chosen(&self, packages: impl Iterator<Item = Package>) -> Vec<Offer> {
        let mut found: Vec<Package> = packages.collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let mut offers: Vec<Offer> = Vec::new();
        for package in found {
            if offers
                .last()
                .is_some_and(|o| o.package.name == package.name)
            {
                continue;
            }
            offers.extend(self.find(&package.name).filter(|o| o.package == package));
        }
        offers
    }
}

impl Part {
    fn offer(&self, package: Package) -> Offer {
        Offer {
            address: self.base.join(&package.filename),
            archive: self.archive.clone(),
            suite: self.suite.clone(),
            component: self.component.clone(),
            package,
        }
    }
}

impl Offer {
    /// Fetches the `.deb`, from the cache if it is there. Size and digest are checked.
    pub async fn fetch(&self, fetcher: &Fetcher) -> Result<Bytes, FetchError> {
        let wanted = Wanted {
            sha256: self.package.sha256,
            size: self.package.size,
        };
        fetcher.object(&self.address, wanted).await
    }
}
