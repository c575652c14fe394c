//! Releases and their archives, each opened once.

use anyhow::Context;
use chisel::Release;
use engine::Event;
use model::{Arch, Digest};

use super::Builder;
use super::blame::blame_any;
use crate::releases::Releases;
use crate::rooms::archives::Archives;
use crate::{Failure, OrExit};

/// A release and its archives.
pub(in crate::rooms) struct Opened {
    pub(in crate::rooms) release: Release,
    pub(in crate::rooms) archives: Archives,
    /// The digest of the release's files.
    pub(super) files: Digest,
}

impl Builder<'_> {
    pub(super) fn open(&mut self, name: &str, arch: Arch) -> Result<&Opened, Failure> {
        let key = (name.to_owned(), arch);
        if !self.releases.contains_key(&key) {
            let started = self.setting.clock.monotonic();
            let setting = &self.setting;
            let when = (setting.clock, setting.stop);
            let releases = Releases::new(setting.shelf, &setting.cache, self.freshness, when);
            let (release, note) = releases.load(self.choice.reference(name))?;
            let digest = release.digest;
            if let Some(note) = note {
                self.ended("Release", note, started);
            }
            let archives = Archives::open(
                &setting.cache,
                &release,
                setting.mirrors,
                (arch, setting.clock),
                setting.stop,
            );
            let archives = archives.map_err(blame_any)?;
            for note in archives.notes() {
                setting.listener.on(&Event::Note(note.clone()));
            }
            let suites: Vec<&str> = archives
                .archive()
                .suites()
                .iter()
                .map(|suite| suite.suite.as_str())
                .collect();
            self.ended(
                "Archive",
                format!("{name} verified: {}", suites.join(", ")),
                started,
            );
            let opened = Opened {
                release,
                archives,
                files: digest,
            };
            self.releases.insert(key, opened);
        }
        self.opened(name, arch)
    }

    pub(super) fn opened(&self, name: &str, arch: Arch) -> Result<&Opened, Failure> {
        self.releases
            .get(&(name.to_owned(), arch))
            .with_context(|| format!("the archives of {name} for {arch} were not opened"))
            .or_fault()
    }
}
