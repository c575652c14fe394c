//! One arm of an image: its ingredients, the cut, user files, finish steps, the layout.

use camino::Utf8Path;
use chisel::{PackageRecord, PackageSource, PathExcludes, SliceKey};
use engine::ArmImage;
use model::{Arch, Arm, Digest, ImageFacts, ImageSpec};
use rootfs::{CutRootfs, Tree};

use super::blame::{OfStep, blame, blame_any};
use super::{Age, Builder, Content, KEPT};
use crate::rooms::folder::RunFolder;
use crate::rooms::image_cache::ImageCache;
use crate::rooms::intent::IntendedImage;
use crate::rooms::layout::{self, Writing};
use crate::rooms::metadata::{self, Described};
use crate::rooms::slice_keys;
use crate::rooms::{baseline, finish, foreign, userfiles};
use crate::{Failure, OrExit};

/// A cut and what the packages of slices say of themselves; nothing for whole packages.
struct Made {
    rootfs: CutRootfs,
    contents: Vec<chisel::metadata::PackageContents>,
}

/// What an arm is made of, found in the archives and not yet fetched.
struct Ingredients {
    release: String,
    arch: Arch,
    /// What is cut of the packages; whole packages without it.
    slices: Option<Vec<SliceKey>>,
    records: Vec<PackageRecord>,
}

impl Builder<'_> {
    /// One arm of an image: from the cache where that is allowed and it is known, else made.
    pub(super) fn arm(
        &mut self,
        image: &IntendedImage,
        arm: Arm,
        (content, age): (Content<'_>, Age),
        folder: &RunFolder,
    ) -> Result<ArmImage, Failure> {
        let arch = self.arch()?;
        let place = folder.image(image.name.as_str(), arm.word(), arch.debian());
        let own = userfiles::tree(&image.spec, self.setting.shelf).or_usage()?;
        let cache = ImageCache::of(&self.setting.cache);
        let locked = match content {
            Content::Slices if arch == self.host()? => self.locked_key(image, arm, &own)?,
            _ => None,
        };
        if let Some(mut facts) = locked.and_then(|key| cache.load::<ImageFacts>(&key, &place)) {
            facts.notes.push(KEPT.to_owned());
            return Ok(layout::known(image, facts, &place));
        }
        let ingredients = self.ingredients(&image.spec, content, arch)?;
        let kept = match age {
            _ if locked.is_some() => locked,
            Age::Any if arch == self.host()? => Some(self.key(image, arm, &ingredients, &own)?),
            _ => None,
        };
        if let Some(mut facts) = kept.and_then(|key| cache.load::<ImageFacts>(&key, &place)) {
            facts.origin = self.origin(&ingredients);
            facts.notes.push(KEPT.to_owned());
            return Ok(layout::known(image, facts, &place));
        }
        let mut cut = self.cut(&ingredients)?;
        if !cut.contents.is_empty() {
            let described = self.described(&ingredients, &cut.contents)?;
            metadata::inside(&image.spec, &mut cut.rootfs, described).or_usage()?;
        }
        let stage = self.stage(&image.spec, content, &cut.rootfs)?;
        let made = self.write(image, arm, (cut, stage, own), &ingredients, &place)?;
        if let Some(key) = kept {
            cache.save(&key, &made.facts, &place);
        }
        Ok(made)
    }

    /// Everything that the bytes of an arm depend on.
    fn key(
        &self,
        image: &IntendedImage,
        arm: Arm,
        ingredients: &Ingredients,
        own: &Tree,
    ) -> Result<Digest, Failure> {
        image::hash_contents(own);
        let opened = self.opened(&ingredients.release, ingredients.arch)?;
        let input = serde_json::json!({
            "build": crate::BUILD,
            "dependencies": Digest::of(crate::DEPENDENCIES),
            "image": image.name,
            "arm": arm,
            "arch": ingredients.arch,
            "spec": image.spec,
            "files": own.digest(),
            "release": opened.files,
            "packages": ingredients.records,
        });
        Ok(model::canonical::digest(&input))
    }

    /// Finds the packages of an arm.
    fn ingredients(
        &mut self,
        spec: &ImageSpec,
        content: Content<'_>,
        arch: Arch,
    ) -> Result<Ingredients, Failure> {
        match content {
            Content::Slices => {
                foreign::check(spec, arch, self.host()?).or_unavailable()?;
                let release = self.choice.of(spec.slices.keys()).or_usage()?;
                self.open(&release, arch)?;
                let opened = self.opened(&release, arch)?;
                let slices = slice_keys(&spec.slices[&release])?;
                let selection = chisel::select(&opened.release, &slices, arch).or_usage()?;
                let locked = self.locked_source(opened, &selection)?;
                let source: &dyn PackageSource = match &locked {
                    Some(locked) => locked,
                    None => &opened.archives,
                };
                let records = chisel::records(&selection, source).map_err(blame)?;
                Ok(Ingredients {
                    release,
                    arch,
                    slices: Some(slices),
                    records,
                })
            }
            Content::Packages(packages) => {
                let release = self.choice.of(packages.keys()).or_usage()?;
                let opened = self.open(&release, arch)?;
                let records = baseline::records(opened, &packages[&release]).map_err(blame_any)?;
                Ok(Ingredients {
                    release,
                    arch,
                    slices: None,
                    records,
                })
            }
        }
    }

    /// Fetches packages, and cuts them or installs them whole.
    fn cut(&self, ingredients: &Ingredients) -> Result<Made, Failure> {
        let opened = self.opened(&ingredients.release, ingredients.arch)?;
        let archives = &opened.archives;
        archives.fetch(&ingredients.records).or_unavailable()?;
        let Some(slices) = &ingredients.slices else {
            let slim = PathExcludes::slim();
            let whole = chisel::cut_whole(&ingredients.records, ingredients.arch, &slim, archives);
            return Ok(Made {
                rootfs: whole.map_err(blame)?,
                contents: Vec::new(),
            });
        };
        let selection = chisel::select(&opened.release, slices, ingredients.arch).or_usage()?;
        let locked = self.locked_source(opened, &selection)?;
        let source: &dyn PackageSource = match &locked {
            Some(locked) => locked,
            None => archives,
        };
        let limits = chisel::ScriptLimits::STANDARD;
        let cut = chisel::cut(&selection, source, limits).map_err(blame)?;
        Ok(Made {
            rootfs: cut.rootfs,
            contents: cut.contents,
        })
    }

    /// What is known of an arm's packages.
    fn described<'d>(
        &'d self,
        ingredients: &'d Ingredients,
        contents: &'d [chisel::metadata::PackageContents],
    ) -> Result<Described<'d>, Failure> {
        Ok(Described {
            release: &self.opened(&ingredients.release, ingredients.arch)?.release,
            records: &ingredients.records,
            contents,
        })
    }

    /// The tree that finish steps see: for another architecture than the host's the native cut of
    /// the same content runs them.
    fn stage(
        &mut self,
        spec: &ImageSpec,
        content: Content<'_>,
        cut: &CutRootfs,
    ) -> Result<Option<Tree>, Failure> {
        let host = self.host()?;
        if cut.arch == host || spec.finish.is_empty() {
            return Ok(None);
        }
        foreign::check(spec, cut.arch, host).or_unavailable()?;
        let native = self.ingredients(spec, content, host)?;
        let native = self.cut(&native)?;
        foreign::stage(cut, &native.rootfs)
            .or_unavailable()
            .map(Some)
    }

    /// Adds user files and finish steps to a cut tree and writes the layout.
    fn write(
        &self,
        image: &IntendedImage,
        arm: Arm,
        (
            Made {
                rootfs: cut,
                contents,
            },
            stage,
            own,
        ): (Made, Option<Tree>, Tree),
        ingredients: &Ingredients,
        place: &Utf8Path,
    ) -> Result<ArmImage, Failure> {
        let spec = &image.spec;
        let with_files = userfiles::over(&cut, &own).or_usage()?;
        let stage = match stage {
            None => with_files.tree.clone(),
            Some(stage) => {
                let staged = CutRootfs {
                    tree: stage,
                    ..cut.clone()
                };
                userfiles::over(&staged, &own).or_usage()?.tree
            }
        };
        let made = finish::run(spec, &with_files, &stage, &self.setting).or_fault_of_step()?;
        layout::write(&Writing {
            image,
            arm,
            cut: &cut,
            own: &own,
            made: &made,
            origin: self.origin(ingredients),
            described: match contents.is_empty() {
                true => None,
                false => Some(self.described(ingredients, &contents)?),
            },
            place,
        })
        .or_fault()
    }

    /// Where the packages came from, for people.
    fn origin(&self, ingredients: &Ingredients) -> String {
        let release = &ingredients.release;
        let opened = self.releases.get(&(release.clone(), ingredients.arch));
        let origin = opened.map(|opened| opened.archives.origin());
        format!("{release}: {}", origin.unwrap_or_default())
    }
}
