//! The verdict: what each cell came to, with the numbers that decided it.

use serde::{Deserialize, Serialize};

use crate::{
    Arch, Arm, CellId, CheckId, CheckResult, ExitCode, ImageName, Outcome, PlatformName, Role,
    SuiteName, UsedWaiver,
};

/// The verdict over a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// What the run's exit code says.
    pub exit_code: ExitCode,
    /// The last line in words: `3 images at L2 on oci, profile smoke`.
    pub sentence: String,
    /// Every planned cell, in plan order.
    pub cells: Vec<CellVerdict>,
    /// Levels reached, per subject and platform.
    pub levels: Vec<LevelVerdict>,
    /// Claims audited, per subject and platform.
    pub claims: Vec<ClaimVerdict>,
    /// Controls: whether each failed as it must.
    pub controls: Vec<ControlVerdict>,
    /// The profile's waivers and what became of each.
    pub waivers: Vec<UsedWaiver>,
}

/// One cell's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CellVerdict {
    /// The cell.
    pub id: CellId,
    /// The image.
    pub image: ImageName,
    /// The platform.
    pub platform: PlatformName,
    /// The architecture.
    pub arch: Arch,
    /// The suite.
    pub suite: SuiteName,
    /// Its part in the run.
    pub role: Role,
    /// What it came to.
    pub outcome: Outcome,
    /// Why, in a line.
    pub reason: String,
    /// Its declared checks.
    pub checks: Vec<CheckResult>,
    /// Its numbers.
    pub measurements: Vec<Measurement>,
    /// What a reader should know before trusting the numbers.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Why the last session's numbers decide nothing: its baseline differed from itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_session: Option<String>,
}

/// A measured comparison or a single-arm figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measurement {
    /// The metric: `startup.warm.app-ready`.
    pub metric: String,
    /// In words: `warm start to first correct answer`.
    pub title: String,
    /// Unit of the arms' values: `ms`, `bytes`.
    pub unit: String,
    /// The first arm; with `arm_b` equal to it, this is the A/A control.
    pub arm_a: Arm,
    /// The second arm.
    pub arm_b: Arm,
    /// Pairs or readings used.
    pub n: u32,
    /// Trials rejected, with their reasons counted elsewhere.
    pub rejected: u32,
    /// Median of the first arm.
    pub median_a: f64,
    /// Median of the second arm.
    pub median_b: f64,
    /// Ratio a / b; absent when it could not be formed.
    pub ratio: Option<Estimate>,
    /// The 90 % interval of the same ratio, for equivalence (two one-sided tests).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio_90: Option<Estimate>,
    /// Smallest ratio difference that this many samples would have shown (90 % power, 95 %).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detectable: Option<f64>,
    /// The accepted ratio, if a criterion rests on this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// How the number was made, in one line.
    pub method: String,
    /// Every sample in the order it was made, for the plot.
    #[serde(default)]
    pub series: Vec<Point>,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence level: 0.95.
    pub level: f64,
}

impl Estimate {
    /// Decimals with which it is shown: two, and a third where two would hide the interval.
    pub fn decimals(&self) -> usize {
        let width = self.high - self.low;
        if width > 0.0 && width < 0.02 { 3 } else { 2 }
    }
}

/// `1.03 (0.97 – 1.09)`.
impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (
            Self {
                value, low, high, ..
            },
            decimals,
        ) = (self, self.decimals());
        write!(
            f,
            "{value:.decimals$} ({low:.decimals$} – {high:.decimals$})"
        )
    }
}

/// One sample of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Point {
    /// Round, pass or step.
    pub round: u32,
    /// Which image.
    pub arm: Arm,
    /// The value, in the measurement's unit.
    pub value: f64,
    /// Containers running at the time (density only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<u32>,
}

/// The level one subject reached on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LevelVerdict {
    /// The image.
    pub image: ImageName,
    /// The platform.
    pub platform: PlatformName,
    /// The architecture.
    pub arch: Arch,
    /// The highest level reached: `L2`; absent when none.
    pub level: Option<String>,
    /// Whether a waiver was needed for it.
    pub with_waivers: bool,
    /// What the next level lacks: check ids that did not pass.
    pub missing_for_next: Vec<CheckId>,
}

/// What became of a claim for one subject on one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClaimVerdict {
    /// The claim.
    pub claim: String,
    /// Its words.
    pub text: String,
    /// Where they were published.
    pub source: String,
    /// The image.
    pub image: ImageName,
    /// The platform.
    pub platform: PlatformName,
    /// The architecture.
    pub arch: Arch,
    /// The finding.
    pub finding: ClaimFinding,
    /// A second finding that holds as well: refuted at 20 % and still faster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<ClaimFinding>,
    /// The number behind it: `0.99 (0.97 – 1.02)`.
    pub number: String,
    /// Why, in a line.
    pub reason: String,
}

/// What an audit finds about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimFinding {
    /// Shown, with its size.
    Proven,
    /// Better, but not shown to be by as much as claimed.
    DirectionOnly,
    /// Equal within the declared margin.
    Equivalent,
    /// Shown to be untrue.
    Refuted,
    /// Measured, not decided.
    Inconclusive,
    /// This platform cannot show it.
    NotMeasurableHere,
}

impl ClaimFinding {
    /// The words used in every document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::DirectionOnly => "direction only",
            Self::Equivalent => "equivalent",
            Self::Refuted => "refuted",
            Self::Inconclusive => "inconclusive",
            Self::NotMeasurableHere => "not measurable here",
        }
    }
}

/// Whether a control failed as it must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ControlVerdict {
    /// The control.
    pub image: ImageName,
    /// The cell it was judged in.
    pub cell: CellId,
    /// What is wrong with it.
    pub flaw: String,
    /// The checks it must fail by.
    pub must_fail: Vec<CheckId>,
    /// The checks it did fail by.
    pub failed: Vec<CheckId>,
    /// Whether it was refused exactly so.
    pub refused: bool,
    /// Why not, when it was not.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::Estimate;

    #[test]
    fn a_narrow_interval_is_not_rounded_away() {
        let shown = |value, low, high| {
            let level = 0.95;
            Estimate {
                value,
                low,
                high,
                level,
            }
            .to_string()
        };
        assert_eq!(shown(1.026, 0.97, 1.088), "1.03 (0.97 – 1.09)");
        assert_eq!(shown(0.994, 0.993, 0.995), "0.994 (0.993 – 0.995)");
        assert_eq!(shown(0.41, 0.41, 0.41), "0.41 (0.41 – 0.41)");
    }
}
