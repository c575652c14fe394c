//! Checks and numbers as flat rows: what a script filters without walking into cells.

use serde::{Deserialize, Serialize};

use crate::{
    Arch, Arm, CellId, CellVerdict, CheckId, Estimate, ImageName, Method, Outcome, PlatformName,
    Severity, SuiteName,
};

/// One check in one cell; its evidence stands in the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckRow {
    /// The cell.
    pub cell: CellId,
    /// The check.
    pub id: CheckId,
    /// Its title.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// How it was shown.
    pub method: Method,
    /// What came of it.
    pub outcome: Outcome,
    /// The evidence in one line.
    pub message: String,
}

/// One number of one cell; its samples stand in the cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MeasurementRow {
    /// The cell.
    pub cell: CellId,
    /// The image.
    pub image: ImageName,
    /// The platform.
    pub platform: PlatformName,
    /// The architecture.
    pub arch: Arch,
    /// The suite.
    pub suite: SuiteName,
    /// The metric: `startup.warm.app-ready`.
    pub metric: String,
    /// Unit of the medians: `ms`, `bytes`.
    pub unit: String,
    /// The first arm; with `arm_b` equal to it, this is the A/A control.
    pub arm_a: Arm,
    /// The second arm.
    pub arm_b: Arm,
    /// Pairs or readings used.
    pub n: u32,
    /// Trials rejected.
    pub rejected: u32,
    /// Median of the first arm.
    pub median_a: f64,
    /// Median of the second arm.
    pub median_b: f64,
    /// Ratio a / b; absent when it could not be formed.
    pub ratio: Option<Estimate>,
    /// The accepted ratio, if a criterion rests on this.
    pub limit: Option<f64>,
}

impl CheckRow {
    /// The rows of a cell, in the order of its checks.
    pub fn of(cell: &CellVerdict) -> impl Iterator<Item = Self> {
        cell.checks.iter().map(|check| Self {
            cell: cell.id.clone(),
            id: check.id.clone(),
            title: check.title.clone(),
            severity: check.severity,
            method: check.method,
            outcome: check.outcome,
            message: check.message.clone(),
        })
    }
}

impl MeasurementRow {
    /// The rows of a cell, in the order of its measurements.
    pub fn of(cell: &CellVerdict) -> impl Iterator<Item = Self> {
        cell.measurements.iter().map(|number| Self {
            cell: cell.id.clone(),
            image: cell.image.clone(),
            platform: cell.platform.clone(),
            arch: cell.arch,
            suite: cell.suite.clone(),
            metric: number.metric.clone(),
            unit: number.unit.clone(),
            arm_a: number.arm_a,
            arm_b: number.arm_b,
            n: number.n,
            rejected: number.rejected,
            median_a: number.median_a,
            median_b: number.median_b,
            ratio: number.ratio,
            limit: number.limit,
        })
    }
}
