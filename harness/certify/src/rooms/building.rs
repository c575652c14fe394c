//! Rooms 3 and 4, cut and image: from a spec to two images on disk, candidate and baseline.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{PackageRecord, PathExcludes, Release, SliceKey};
use engine::clock::{Clock, MonotonicNs, millis};
use engine::{ArmImage, Event, ImagePair, Ledger, Libexec, Listener};
use model::{Arch, Arm, Baseline, Digest, ImageFacts, ImageSpec, Role, RunId};
use rootfs::{CutRootfs, Tree};
use tokio_util::sync::CancellationToken;

use super::archives::{Archives, Mirrors};
use super::folder::RunFolder;
use super::image_cache::ImageCache;
use super::importing::{self, Importing};
use super::intent::{self, IntendedImage};
use super::layout::{self, Writing};
use super::metadata::{self, Described};
use super::source::Source;
use super::{baseline, finish, foreign, userfiles};
use crate::releases::{Freshness, ReleaseChoice, Releases};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, host};

/// What a builder works with.
#[derive(Clone)]
pub struct Setting<'a> {
    /// The run; what finish steps make on the host carries its id.
    pub run: &'a RunId,
    /// Specs, their files, releases.
    pub shelf: &'a Shelf,
    /// Where packages come from.
    pub mirrors: &'a Mirrors,
    /// Registries that may be spoken to without encryption.
    pub plain_http: &'a [String],
    /// Our programs; the embedded runtime runs finish steps.
    pub libexec: &'a Libexec,
    /// A folder for finish steps.
    pub scratch: Utf8PathBuf,
    /// Where downloads and the layers of finish steps are kept between runs.
    pub cache: Utf8PathBuf,
    /// Where what finish steps make on the host is announced, if anywhere.
    pub ledger: Option<&'a Ledger>,
    /// The clock.
    pub clock: Clock,
    /// Where events go.
    pub listener: &'a dyn Listener,
    /// Asked to stop: downloads and finish steps end early.
    pub stop: &'a CancellationToken,
}

/// Builds images; opens each release's archives once.
pub struct Builder<'a> {
    setting: Setting<'a>,
    arch: Option<Arch>,
    choice: ReleaseChoice,
    freshness: Freshness,
    releases: BTreeMap<(String, Arch), Opened>,
    candidates: BTreeMap<String, ArmImage>,
}

/// What an arm is made of.
#[derive(Clone, Copy)]
enum Content<'c> {
    /// The spec's slices.
    Slices,
    /// Whole packages, per release.
    Packages(&'c BTreeMap<String, Vec<String>>),
}

/// A release and its archives.
pub(super) struct Opened {
    pub(super) release: Release,
    pub(super) archives: Archives,
    /// The digest of the release's files.
    files: Digest,
}

/// A cut and what the packages of slices say of themselves; nothing for whole packages.
struct Made {
    rootfs: CutRootfs,
    contents: Vec<chisel::metadata::PackageContents>,
}

/// Whether an image may be one that an earlier run built of the same packages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// The image under test: cut in this run, from packages that were verified in this run.
    Fresh,
    /// What it is compared with, and controls with theirs.
    Any,
}

impl Age {
    /// What the images that an image's own spec or its baseline's names may be.
    const fn of(role: Role) -> Self {
        match role {
            Role::Subject => Self::Fresh,
            Role::Control => Self::Any,
        }
    }
}

/// What an arm is made of, found in the archives and not yet fetched.
struct Ingredients {
    release: String,
    arch: Arch,
    /// What is cut of the packages; whole packages without it.
    slices: Option<Vec<SliceKey>>,
    records: Vec<PackageRecord>,
}

/// The versions of our dependencies: the bytes of layers are theirs too.
const LOCK: &[u8] = include_bytes!("../../../../Cargo.lock");

/// The note of an image from the cache.
const KEPT: &str = "built by an earlier run from the same packages and kept";

impl<'a> Builder<'a> {
    /// A builder for the host's architecture.
    pub fn new(setting: Setting<'a>) -> Self {
        Self {
            setting,
            arch: None,
            choice: ReleaseChoice::new(None, &host::root()),
            freshness: Freshness::Newest,
            releases: BTreeMap::new(),
            candidates: BTreeMap::new(),
        }
    }

    /// The same builder for the architecture `arch`.
    #[must_use]
    pub fn of_arch(mut self, arch: Arch) -> Self {
        self.arch = Some(arch);
        self
    }

    /// The same builder with the releases that were asked for.
    #[must_use]
    pub fn of_release(mut self, choice: ReleaseChoice, freshness: Freshness) -> Self {
        self.choice = choice;
        self.freshness = freshness;
        self
    }

    /// Builds both arms of an image into the run folder; without `comparing` only the candidate.
    pub fn pair(
        &mut self,
        image: &IntendedImage,
        folder: &RunFolder,
        comparing: bool,
    ) -> Result<ImagePair, Failure> {
        let candidate = self.candidate(image, Age::of(image.role), folder)?;
        let baseline = if comparing {
            self.baseline(image, folder)?
        } else {
            None
        };
        Ok(ImagePair {
            candidate,
            baseline,
        })
    }

    /// Builds an image from its own spec, once.
    fn candidate(
        &mut self,
        image: &IntendedImage,
        age: Age,
        folder: &RunFolder,
    ) -> Result<ArmImage, Failure> {
        if let Some(built) = self.candidates.get(image.name.as_str()) {
            return Ok(built.clone());
        }
        let started = self.setting.clock.monotonic();
        let written = folder.write(
            &format!("images/{}/spec.yaml", image.name),
            image.text.as_bytes(),
        );
        written.or_unavailable()?;
        let arm = match &image.spec.from {
            Some(reference) => self.existing(reference, image, Arm::Candidate, folder)?,
            None => self.arm(image, Arm::Candidate, (Content::Slices, age), folder)?,
        };
        let verb = if image.spec.from.is_some() {
            "Image"
        } else {
            "Cut"
        };
        self.say(verb, &image.name, &arm, started);
        self.candidates.insert(image.name.to_string(), arm.clone());
        Ok(arm)
    }

    /// An existing image, brought into the run folder.
    fn existing(
        &self,
        text: &str,
        image: &IntendedImage,
        arm: Arm,
        folder: &RunFolder,
    ) -> Result<ArmImage, Failure> {
        let started = self.setting.clock.monotonic();
        let arch = self.arch()?;
        let source = Source::read(text).or_usage()?;
        let place = folder.image(image.name.as_str(), arm.word(), arch.debian());
        let with = Importing {
            plain_http: self.setting.plain_http,
            scratch: &self.setting.scratch,
            stop: self.setting.stop,
        };
        let imported = importing::import(&source, arch, &place, with)?;
        self.ended("Taken", imported.origin.clone(), started);
        layout::existing(imported, image, arm, &place).or_usage()
    }

    /// One arm of an image: from the cache where that is allowed and it is known, else made.
    fn arm(
        &mut self,
        image: &IntendedImage,
        arm: Arm,
        (content, age): (Content<'_>, Age),
        folder: &RunFolder,
    ) -> Result<ArmImage, Failure> {
        let arch = self.arch()?;
        let place = folder.image(image.name.as_str(), arm.word(), arch.debian());
        let ingredients = self.ingredients(&image.spec, content, arch)?;
        let own = userfiles::tree(&image.spec, self.setting.shelf).or_usage()?;
        let kept = match age {
            Age::Any if arch == self.host()? => Some(self.key(image, arm, &ingredients, &own)?),
            _ => None,
        };
        let cache = ImageCache::of(&self.setting.cache);
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
            "dependencies": Digest::of(LOCK),
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
                let opened = self.open(&release, arch)?;
                let slices: Vec<SliceKey> = spec.slices[&release]
                    .iter()
                    .map(|text| text.parse().map_err(|error| anyhow!("{error}")))
                    .collect::<Result<_>>()
                    .or_usage()?;
                let selection = chisel::select(&opened.release, &slices, arch).or_usage()?;
                let records = chisel::records(&selection, &opened.archives).map_err(blame)?;
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
        let limits = chisel::ScriptLimits::STANDARD;
        let cut = chisel::cut(&selection, archives, limits).map_err(blame)?;
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

    /// Builds what the image is compared with; nothing if the spec says so.
    pub fn baseline(
        &mut self,
        image: &IntendedImage,
        folder: &RunFolder,
    ) -> Result<Option<ArmImage>, Failure> {
        match &image.spec.baseline {
            Baseline::None => Ok(None),
            Baseline::Layout(reference) => {
                let existing = self.existing(reference, image, Arm::Baseline, folder)?;
                Ok(Some(existing))
            }
            Baseline::Spec(name) => {
                let good = intent::image_of(name, self.setting.shelf, &self.choice).or_usage()?;
                // It may be another subject of the run, which takes it up as it is.
                let mut arm = self.candidate(&good, Age::of(image.role), folder)?;
                arm.facts.image = image.name.clone();
                arm.facts.arm = Arm::Baseline;
                Ok(Some(arm))
            }
            Baseline::Install(packages) => {
                let started = self.setting.clock.monotonic();
                let made = (Content::Packages(packages), Age::Any);
                let arm = self.arm(image, Arm::Baseline, made, folder)?;
                self.say("Baseline", &image.name, &arm, started);
                Ok(Some(arm))
            }
        }
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

    fn open(&mut self, name: &str, arch: Arch) -> Result<&Opened, Failure> {
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

    fn opened(&self, name: &str, arch: Arch) -> Result<&Opened, Failure> {
        self.releases
            .get(&(name.to_owned(), arch))
            .with_context(|| format!("the archives of {name} for {arch} were not opened"))
            .or_fault()
    }

    fn arch(&self) -> Result<Arch, Failure> {
        self.arch.map_or_else(|| self.host(), Ok)
    }

    fn host(&self) -> Result<Arch, Failure> {
        Arch::host()
            .context("this host's architecture is not one of ours")
            .or_unavailable()
    }

    fn say(
        &self,
        verb: &'static str,
        name: &model::ImageName,
        arm: &ArmImage,
        started: MonotonicNs,
    ) {
        let facts = &arm.facts;
        #[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let megabytes = facts.file_bytes as f64 / 1e6;
        let slices = match facts.slices.len() {
            0 => String::new(),
            n => format!(", {n} slices"),
        };
        let kept = if facts.notes.iter().any(|note| note == KEPT) {
            " kept"
        } else {
            ""
        };
        let text = format!(
            "{name:<14} {:>3} packages{slices:<12} {megabytes:>6.1} MB  {}{kept}",
            facts.packages.len(),
            facts.manifest.short()
        );
        self.ended(verb, text, started);
    }

    fn ended(&self, verb: &'static str, object: String, started: MonotonicNs) {
        let ms = millis(self.setting.clock.monotonic().since(started));
        self.setting
            .listener
            .on(&Event::StepEnded { verb, object, ms });
    }
}

/// An archive's failure is the environment's, everything else about a cut is bad input.
fn blame(error: chisel::Error) -> Failure {
    let exit = match error.class() {
        chisel::ErrorClass::Archive | chisel::ErrorClass::Payload => model::ExitCode::Unavailable,
        _ => model::ExitCode::Usage,
    };
    Failure::new(exit, error.into())
}

fn blame_any(error: anyhow::Error) -> Failure {
    match error.downcast::<chisel::Error>() {
        Ok(error) => blame(error),
        Err(error) => Failure::new(model::ExitCode::Unavailable, error),
    }
}

/// A finish step that fails is the image's doing, unless the host cannot run it.
trait OfStep<T> {
    fn or_fault_of_step(self) -> Result<T, Failure>;
}

impl<T> OfStep<T> for Result<T, finish::FinishError> {
    fn or_fault_of_step(self) -> Result<T, Failure> {
        self.map_err(|error| {
            let exit = match error {
                finish::FinishError::Host(_) => model::ExitCode::Unavailable,
                finish::FinishError::Interrupted(_) => model::ExitCode::Incomplete,
                finish::FinishError::Step { .. } => model::ExitCode::Usage,
            };
            Failure::new(exit, error.into())
        })
    }
}
