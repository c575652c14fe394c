//! Puts what was picked of one package into the tree and reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rootfs::{Blob, Entry, Kind, Origin};

use super::payload::{HardTarget, Pick, Picked, Step};
use super::report::{Report, What};
use super::want::Claim;
use crate::error::Result;
use crate::stage::{FolderModes, Stage};

/// One package on its way into the tree.
pub(super) struct Extraction<'x> {
    pub(super) stage: &'x mut Stage,
    pub(super) report: &'x mut Report,
    origin: Origin,
    modes: FolderModes,
    /// The package's files that lie under their own name.
    installed: BTreeSet<String>,
    /// For each link target that does not: the first name that took its place.
    heirs: BTreeMap<String, String>,
}

impl<'x> Extraction<'x> {
    /// Extracts all of a package's `steps`.
    pub(super) fn run(
        stage: &'x mut Stage,
        report: &'x mut Report,
        package: &Arc<str>,
        steps: Vec<Step<'_>>,
    ) -> Result<()> {
        let mut extraction = Self {
            stage,
            report,
            origin: Origin::Package(Arc::clone(package)),
            modes: FolderModes::new(),
            installed: BTreeSet::new(),
            heirs: BTreeMap::new(),
        };
        // Links whose target lies elsewhere come last, as one of them has to become the file.
        let mut later = Vec::new();
        for step in steps {
            let pick = match step {
                Step::Pick(pick) => pick,
                Step::Mode { path, mode } => {
                    extraction.modes.insert(path, mode);
                    continue;
                }
            };
            if pick.claims.is_empty() {
                let entry = Entry::directory(pick.mode, extraction.origin.clone());
                extraction
                    .stage
                    .place_absent_folder(&pick.path, entry, &extraction.modes)?;
                continue;
            }
            match &pick.what {
                Picked::Hard { to, .. } if !extraction.installed.contains(to) => later.push(pick),
                _ => extraction.place(&pick)?,
            }
        }
        later.iter().try_for_each(|pick| extraction.place(pick))
    }

    /// Places one picked entry at every path it is wanted at.
    fn place(&mut self, pick: &Pick<'_>) -> Result<()> {
        let mut targets: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
        for claim in &pick.claims {
            targets
                .entry(claim.target.as_deref().unwrap_or(&pick.path))
                .or_default()
                .push(claim);
        }
        for (target, claims) in targets {
            let bare = target.strip_suffix('/').unwrap_or(target);
            match &pick.what {
                Picked::Folder => self.folder(bare, pick.mode, &claims)?,
                Picked::File(blob) => self.file(bare, blob, pick.mode, &claims)?,
                Picked::Link(to) => self.symlink(bare, to, &claims)?,
                Picked::Hard { to, target } => self.hard(bare, to, target, &claims)?,
            }
            if bare == pick.path {
                self.installed.insert(pick.path.clone());
            }
        }
        Ok(())
    }

    fn folder(&mut self, path: &str, mode: u32, claims: &[&Claim]) -> Result<()> {
        let entry = owned(Entry::directory(mode, self.origin.clone()), claims);
        let real = self.stage.place(path, entry, &self.modes)?;
        self.report.add(
            &format!("{path}/"),
            mode,
            What::Folder,
            real,
            claims.iter().copied(),
        )
    }

    fn file(&mut self, path: &str, blob: &Blob, mode: u32, claims: &[&Claim]) -> Result<()> {
        let entry = owned(Entry::file(blob.clone(), mode, self.origin.clone()), claims);
        let real = self.stage.place(path, entry, &self.modes)?;
        let what = What::File {
            size: blob.size(),
            digest: blob.digest(),
        };
        self.report
            .add(path, mode, what, real, claims.iter().copied())
    }

    fn symlink(&mut self, path: &str, to: &str, claims: &[&Claim]) -> Result<()> {
        let entry = owned(Entry::symlink(to, self.origin.clone()), claims);
        let real = self.stage.place(path, entry, &self.modes)?;
        let what = What::Link {
            target: to.to_owned(),
        };
        self.report
            .add(path, 0o777, what, real, claims.iter().copied())
    }

    /// A further name of the package's `to`.
    fn hard(&mut self, path: &str, to: &str, target: &HardTarget, claims: &[&Claim]) -> Result<()> {
        let file = if self.installed.contains(to) {
            Some(to)
        } else {
            self.heirs.get(to).map(String::as_str)
        };
        let Some(file) = file.map(str::to_owned) else {
            self.heirs.insert(to.to_owned(), path.to_owned());
            return match target {
                HardTarget::File { blob, mode } => self.file(path, blob, *mode, claims),
                HardTarget::Link(to) => self.symlink(path, to, claims),
            };
        };
        let real = self.report.get(&file).map(|record| record.real.clone());
        match (target, real) {
            (HardTarget::File { blob, mode }, Some(real)) => {
                let kind = Kind::Hardlink { to: real };
                let entry = owned(Entry::new(kind, *mode, self.origin.clone()), claims);
                let real = self.stage.place(path, entry, &self.modes)?;
                let what = What::File {
                    size: blob.size(),
                    digest: blob.digest(),
                };
                self.report
                    .add(path, *mode, what, real, claims.iter().copied())?;
            }
            (HardTarget::File { blob, mode }, None) => self.file(path, blob, *mode, claims)?,
            (HardTarget::Link(to), _) => self.symlink(path, to, claims)?,
        }
        self.report.link(path, &file);
        Ok(())
    }
}

/// The entry, owned by all who want it.
fn owned(mut entry: Entry, claims: &[&Claim]) -> Entry {
    for claim in claims {
        entry.add_owner(Arc::clone(&claim.slice));
    }
    entry
}
