//! The plan: every cell that will be judged, before anything runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Arch, CellId, CheckId, Digest, ImageName, PlatformFamily, PlatformName, Profile, SuiteName,
};

/// Everything a run will judge. The verdict is a fold over it, so what is not run cannot pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// Version of this document's shape.
    pub schema: u32,
    /// The profile, whole: samples can be judged again without the file.
    pub profile: Profile,
    /// The profile's digest.
    pub profile_digest: Digest,
    /// Images in order: subjects first, then controls.
    pub images: Vec<PlannedImage>,
    /// Cells in the order they run.
    pub cells: Vec<PlannedCell>,
    /// What was left out, and why.
    #[serde(default)]
    pub not_selected: Vec<NotSelected>,
    /// The user's own data that the plan rests on, in order of path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnData>,
}

/// A file, or a whole folder, of the user's that stands in the place of shipped data.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct OwnData {
    /// Its path as shipped data would have it: `images/web.yaml`, `releases/debian-13`.
    pub path: String,
    /// The digest of its bytes; of a folder, over every path and content in it.
    pub digest: Digest,
}

/// An image of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedImage {
    /// Its name.
    pub name: ImageName,
    /// Its part in the run.
    pub role: Role,
    /// The spec's one line.
    pub summary: String,
    /// The digest of its spec.
    pub spec_digest: Digest,
    /// Checks that it fails by what it is, and why, as its spec says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub falls_short: BTreeMap<CheckId, String>,
    /// For a control: the checks it must fail by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must_fail: Vec<CheckId>,
    /// For a control: checks that its flaw fails on some platforms only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_fail: Vec<CheckId>,
    /// For a control: what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaw: Option<String>,
}

/// The part an image or a cell plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What is certified.
    Subject,
    /// What must fail, or the run is void.
    Control,
}

/// One cell: an image on a platform under a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedCell {
    /// `image/platform/arch/suite`.
    pub id: CellId,
    /// The image.
    pub image: ImageName,
    /// The platform.
    pub platform: PlatformName,
    /// Which margins and plans apply there.
    pub family: PlatformFamily,
    /// The architecture.
    pub arch: Arch,
    /// The suite.
    pub suite: SuiteName,
    /// Its part in the run.
    pub role: Role,
    /// The declared checks of this cell; ratios are taken over these.
    pub checks: Vec<PlannedCheck>,
    /// Whether a container has to run for it.
    pub needs_session: bool,
    /// The accepted ratio minus one on this platform.
    pub margin: f64,
}

/// A declared check of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlannedCheck {
    /// The check.
    pub id: CheckId,
    /// Why it does not apply to this cell; absent when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inapplicable: Option<String>,
}

/// A check or an image that is not part of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NotSelected {
    /// What was left out.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Plan {
    /// The digest of the plan; resumed runs and trailers carry it.
    pub fn digest(&self) -> Digest {
        crate::canonical::digest(self)
    }

    /// The cell with this id.
    pub fn cell(&self, id: &CellId) -> Option<&PlannedCell> {
        self.cells.iter().find(|cell| cell.id == *id)
    }

    /// The image with this name.
    pub fn image(&self, name: &ImageName) -> Option<&PlannedImage> {
        self.images.iter().find(|image| image.name == *name)
    }
}
