//! What is different between two locks, in the order in which people want to read it.

use std::collections::BTreeSet;

use deb::Version;
use serde::Serialize;

use super::{Lock, LockedArch, LockedPackage};
use model::Arch;

/// One package that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The architecture.
    pub arch: Arch,
    /// The package.
    pub package: String,
    /// What becomes of it.
    pub step: Step,
    /// The version before; none for a new package.
    pub from: Option<String>,
    /// The version after; none for a removed package.
    pub to: Option<String>,
    /// The suite that offers the version after.
    pub suite: String,
    /// When that suite was made, RFC 3339.
    pub date: String,
    /// Whether the version after comes from a suite of security fixes.
    pub security: bool,
}

/// What becomes of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It was not there.
    New,
    /// It is gone.
    Removed,
    /// A higher version.
    Newer,
    /// A lower version.
    Older,
    /// The same version with other bytes.
    Rebuilt,
}

impl Step {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Removed => "removed",
            Self::Newer => "newer",
            Self::Older => "older",
            Self::Rebuilt => "rebuilt",
        }
    }
}

impl Lock {
    /// What changes from this lock to `after`, on the architectures of both: security fixes first,
    /// the newest of them first, then by name.
    pub fn changes(&self, after: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (arch, new) in &after.architectures {
            if let Some(old) = self.architectures.get(arch) {
                changes.extend(of_arch(*arch, old, new));
            }
        }
        changes.sort_by(|a, b| {
            let first =
                |change: &Change| (!change.security, std::cmp::Reverse(change.date.clone()));
            first(a)
                .cmp(&first(b))
                .then_with(|| (&a.package, a.arch).cmp(&(&b.package, b.arch)))
        });
        changes
    }
}

fn of_arch(arch: Arch, old: &LockedArch, new: &LockedArch) -> Vec<Change> {
    let names = |arch: &'_ LockedArch| -> BTreeSet<String> {
        arch.packages
            .iter()
            .map(|package| package.name.clone())
            .collect()
    };
    let all = &names(old) | &names(new);
    all.into_iter()
        .filter_map(|name| change(arch, (old.package(&name), new.package(&name)), new))
        .collect()
}

fn change(
    arch: Arch,
    (from, to): (Option<&LockedPackage>, Option<&LockedPackage>),
    new: &LockedArch,
) -> Option<Change> {
    let step = match (from, to) {
        (None, _) => Step::New,
        (_, None) => Step::Removed,
        (Some(from), Some(to)) if from.sha256 == to.sha256 => return None,
        (Some(from), Some(to)) if from.version == to.version => Step::Rebuilt,
        (Some(from), Some(to)) if is_higher(&to.version, &from.version) => Step::Newer,
        _ => Step::Older,
    };
    Some(Change {
        arch,
        package: to.or(from)?.name.clone(),
        step,
        from: from.map(|package| package.version.clone()),
        to: to.map(|package| package.version.clone()),
        suite: to.map(|package| package.suite.clone()).unwrap_or_default(),
        date: to
            .map(|package| new.date(package).to_owned())
            .unwrap_or_default(),
        security: to.is_some_and(is_security),
    })
}

/// Whether a package comes from where a distribution puts its security fixes: a suite called
/// `*-security` or an archive with that word in its name (subscriptions of Ubuntu: `esm-*`).
fn is_security(package: &LockedPackage) -> bool {
    let names = [package.archive.as_str(), package.suite.as_str()];
    let word = |name: &str| {
        name.split('-')
            .any(|word| matches!(word, "security" | "esm"))
    };
    names.iter().any(|name| word(name))
}

fn is_higher(a: &str, b: &str) -> bool {
    match (a.parse::<Version>(), b.parse::<Version>()) {
        (Ok(a), Ok(b)) => a > b,
        _ => a > b,
    }
}
