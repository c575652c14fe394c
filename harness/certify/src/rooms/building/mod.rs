//! Rooms 3 and 4, cut and image: from a spec to two images on disk, candidate and baseline.

mod arm;
mod blame;
mod locked;
mod opened;

use std::collections::BTreeMap;

use anyhow::Context;
use camino::Utf8PathBuf;
use chisel::Lock;
use engine::clock::{Clock, MonotonicNs, millis};
use engine::{ArmImage, Event, ImagePair, Ledger, Libexec, Listener};
use model::{Arch, Arm, Baseline, Role, RunId};
use tokio_util::sync::CancellationToken;

pub(super) use self::opened::Opened;
use super::archives::Mirrors;
use super::folder::RunFolder;
use super::importing::{self, Importing};
use super::intent::{self, IntendedImage};
use super::layout;
use super::source::Source;
use crate::releases::{Freshness, ReleaseChoice};
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
    lock: Option<Lock>,
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
            lock: None,
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
