//! Building under a lock: of the packages that it holds, or not at all.

use chisel::{Lock, LockedSource, Release, Selection};
use engine::clock::Clock;
use model::{Arm, Digest};
use rootfs::Tree;

use super::{Builder, Opened};
use crate::releases::Releases;
use crate::rooms::intent::IntendedImage;
use crate::rooms::release_cache::ReleaseCache;
use crate::rooms::slice_keys;
use crate::{Failure, OrExit};

impl Builder<'_> {
    /// The same builder, which cuts slices from the packages of `lock` alone.
    #[must_use]
    pub fn of_lock(mut self, lock: Option<Lock>) -> Self {
        self.lock = lock;
        self
    }

    /// The packages of the lock in the archives of `opened`; nothing without a lock.
    pub(super) fn locked_source<'s>(
        &'s self,
        opened: &'s Opened,
        selection: &Selection<'_>,
    ) -> Result<Option<LockedSource<'s>>, Failure> {
        let Some(lock) = &self.lock else {
            return Ok(None);
        };
        let locked = lock.demand(selection).or_usage()?;
        Ok(Some(LockedSource::new(locked, &opened.archives)))
    }

    /// Everything that the bytes of a locked image depend on, known before any archive is opened;
    /// nothing without a lock.
    pub(super) fn locked_key(
        &self,
        image: &IntendedImage,
        arm: Arm,
        own: &Tree,
    ) -> Result<Option<Digest>, Failure> {
        let Some(lock) = &self.lock else {
            return Ok(None);
        };
        let arch = self.arch()?;
        let name = self.choice.of(image.spec.slices.keys()).or_usage()?;
        let release = self.validated(&name)?;
        let slices = slice_keys(&image.spec.slices[&name])?;
        let selection = chisel::select(&release, &slices, arch).or_usage()?;
        let locked = lock.demand(&selection).or_usage()?;
        image::hash_contents(own);
        let packages: Vec<_> = selection
            .packages()
            .into_iter()
            .filter_map(|package| locked.package(package))
            .collect();
        Ok(Some(model::canonical::digest(&serde_json::json!({
            "build": crate::BUILD,
            "dependencies": Digest::of(crate::DEPENDENCIES),
            "image": image.name,
            "arm": arm,
            "arch": arch,
            "spec": image.spec,
            "files": own.digest(),
            "release": release.digest,
            "locked": packages,
        }))))
    }

    /// The release called `name`, validated by this call or an earlier one.
    fn validated(&self, name: &str) -> Result<Release, Failure> {
        let setting = &self.setting;
        let when: (Clock, _) = (setting.clock, setting.stop);
        let releases = Releases::new(setting.shelf, &setting.cache, self.freshness, when);
        let found = releases.find(self.choice.reference(name))?;
        let kept = ReleaseCache::of(&setting.cache);
        Release::from_files_or_kept(&found.files, found.strictness, &kept).or_usage()
    }
}
