//! Profiles: criteria, levels, claims, margins and sample plans, as data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CheckId, Digest, PlatformFamily, Waiver};

/// What a run must show, and how much it measures to show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `smoke`, `standard`, or the user's own name.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Largest accepted ratio minus one, per kind of platform.
    pub margin: Margins,
    /// Automatic repetitions of an invalid session.
    pub repeat_invalid_session: u32,
    /// The startup suite's plan.
    pub startup: StartupPlan,
    /// The density suite's plan.
    pub density: DensityPlan,
    /// The immutability suite's plan.
    pub immutability: ImmutabilityPlan,
    /// Levels in ascending order: name to check ids; cumulative.
    pub levels: BTreeMap<String, Vec<CheckId>>,
    /// Published claims that are audited.
    pub claims: Vec<Claim>,
    /// Controls judged in every run.
    pub controls: ControlPlan,
    /// Levels that exist on Kubernetes only; elsewhere the next one follows the one before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_levels: Vec<String>,
    /// Checks that a kind of platform cannot meet whatever the image is, with the reason: they are
    /// not applicable there, and its levels do without them.
    #[serde(default)]
    pub beyond_platform: PerFamily<BTreeMap<CheckId, String>>,
    /// What is sampled otherwise on Kubernetes, where a start costs seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesPlans>,
    /// Failures that are accepted for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
}

/// Accepted slow-down or growth per kind of platform, as a fraction: 0.15 is 15 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Margins {
    /// On a bare OCI runtime and on local daemons.
    pub oci: f64,
    /// On Kubernetes.
    pub kubernetes: f64,
}

/// Plans that replace those of the same name on Kubernetes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubernetesPlans {
    /// The startup suite's plan.
    pub startup: StartupPlan,
    /// The density suite's plan.
    pub density: DensityPlan,
    /// Rounds of a startup control.
    pub control_startup_rounds: u32,
}

/// One of something for each kind of platform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PerFamily<T> {
    /// For bare OCI runtimes and local daemons.
    pub oci: T,
    /// For Kubernetes.
    pub kubernetes: T,
}

impl<T> PerFamily<T> {
    /// The one for a kind of platform.
    pub const fn of(&self, family: PlatformFamily) -> &T {
        match family {
            PlatformFamily::Oci => &self.oci,
            PlatformFamily::Kubernetes => &self.kubernetes,
        }
    }

    /// All of them.
    pub fn all(&self) -> [&T; 2] {
        [&self.oci, &self.kubernetes]
    }
}

/// How the startup suite samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartupPlan {
    /// Discarded rounds at the start.
    pub warmup_rounds: u32,
    /// Fewest rounds before the stopping rule looks.
    pub min_rounds: u32,
    /// Planned rounds; the run ends `inconclusive` at twice as many.
    pub plan_rounds: u32,
    /// Planned half-width of intervals, as a fraction of the margin.
    pub half_width_of_margin: f64,
    /// How long the processor is kept awake between trials, after the last container is gone.
    pub settle_ms: u64,
    /// Longest wait for one start.
    pub ready_deadline_ms: u64,
}

impl StartupPlan {
    fn check(&self, name: &str) -> Result<(), String> {
        if self.min_rounds < 6 || self.plan_rounds < self.min_rounds {
            return Err(format!("{name}: needs 6 <= min_rounds <= plan_rounds"));
        }
        if !(self.half_width_of_margin > 0.0 && self.half_width_of_margin <= 1.0) {
            return Err(format!("{name}.half_width_of_margin: not in (0, 1]"));
        }
        Ok(())
    }
}

/// How the density suite samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DensityPlan {
    /// Container counts at which memory is read, ascending, first 0 or 1.
    pub steps: Vec<u32>,
    /// Passes per arm.
    pub passes: u32,
    /// Wait before each reading.
    pub settle_ms: u64,
}

impl DensityPlan {
    fn check(&self, name: &str) -> Result<(), String> {
        if self.steps.len() < 3 || !self.steps.is_sorted_by(|a, b| a < b) {
            return Err(format!(
                "{name}.steps: needs three ascending counts or more"
            ));
        }
        if self.passes == 0 {
            return Err(format!("{name}.passes: is 0"));
        }
        Ok(())
    }
}

/// How the immutability suite looks at the running container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImmutabilityPlan {
    /// Load put on the application before the drift check.
    pub load_ms: u64,
    /// Parallel connections of that load.
    pub load_connections: u32,
}

/// A published claim and how it is audited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Stable id: `starts-faster`.
    pub id: String,
    /// The words as published.
    pub text: String,
    /// Where they were published.
    pub source: String,
    /// What is measured about it.
    pub audit: Audit,
}

/// How a claim is audited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Audit {
    /// The ratio candidate / baseline of a metric is below one by at least `by`.
    Lower {
        /// The metric: `startup.warm.app-ready`.
        metric: String,
        /// The claimed gain as a fraction; 0 means "faster at all".
        by: f64,
        /// Equivalence margin as a fraction.
        equivalence: f64,
    },
    /// The candidate has at least this many bytes less than the baseline.
    SmallerBy {
        /// The metric: `size.uncompressed`.
        metric: String,
        /// The claimed difference.
        bytes: u64,
    },
    /// No platform of this kind can show it.
    NeedsPull,
}

/// Which controls every run judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlPlan {
    /// Controls judged from their bytes alone.
    pub static_only: Vec<String>,
    /// One control per suite that really runs, by kind of platform: suite to control.
    pub run_time: PerFamily<BTreeMap<String, String>>,
    /// Rounds of a startup control: fixed beforehand, enough for a miss rate under 1e-4 at the
    /// shipped control's effect.
    pub startup_rounds: u32,
    /// The density plan of a control: fixed beforehand as well.
    pub density: DensityPlan,
}

impl Profile {
    /// Reads a profile from YAML; the error is a rendered excerpt.
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, String> {
        let profile: Self = crate::yaml::read(name, text)?;
        profile.check().map_err(|why| format!("in {name}: {why}"))?;
        Ok(profile)
    }

    /// The digest of the profile's meaning.
    pub fn digest(&self) -> Digest {
        crate::canonical::digest(self)
    }

    /// The published JSON Schema of a profile file.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    /// The profile as it is on a kind of platform.
    pub fn on(&self, family: PlatformFamily) -> Cow<'_, Self> {
        match (&self.kubernetes, family) {
            (Some(plans), PlatformFamily::Kubernetes) => {
                let mut profile = self.clone();
                profile.startup = plans.startup.clone();
                profile.density = plans.density.clone();
                profile.controls.startup_rounds = plans.control_startup_rounds;
                Cow::Owned(profile)
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Every check id that some level needs.
    pub fn required_checks(&self) -> impl Iterator<Item = &CheckId> {
        self.levels.values().flatten()
    }

    /// Whether a check with this outcome and reason is one that the platform cannot meet.
    pub fn is_beyond_platform(&self, check: &CheckId, reason: &str) -> bool {
        let stated = self.beyond_platform.all().into_iter();
        stated
            .filter_map(|stated| stated.get(check))
            .any(|stated| reason.starts_with(stated))
    }

    fn check(&self) -> Result<(), String> {
        for (field, value) in [
            ("margin.oci", self.margin.oci),
            ("margin.kubernetes", self.margin.kubernetes),
        ] {
            if !(value > 0.0 && value < 1.0) {
                return Err(format!("{field}: {value} is not between 0 and 1"));
            }
        }
        self.startup.check("startup")?;
        if let Some(plans) = &self.kubernetes {
            plans.startup.check("kubernetes.startup")?;
            plans.density.check("kubernetes.density")?;
        }
        let kubernetes = self
            .kubernetes
            .as_ref()
            .map(|plans| plans.control_startup_rounds);
        if self
            .controls
            .startup_rounds
            .min(kubernetes.unwrap_or(u32::MAX))
            < 6
        {
            return Err("startup_rounds of controls: needs 6 or more for an interval".to_owned());
        }
        self.density.check("density")?;
        self.controls.density.check("controls.density")?;
        for waiver in &self.waivers {
            if let Some(why) = waiver.flaw() {
                return Err(format!("waivers: {}: {why}", waiver.id));
            }
        }
        if self.levels.is_empty() {
            return Err("levels: names none, so nothing could be certified".to_owned());
        }
        Ok(())
    }
}
