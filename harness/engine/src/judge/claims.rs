//! Published claims, audited against the numbers of each subject on each platform.

use model::{
    Arm, Audit, CellVerdict, Claim, ClaimFinding, ClaimVerdict, Estimate, Measurement, Plan, Role,
};
use stats::{Finding, Interval};

pub(super) fn audit(plan: &Plan, cells: &[CellVerdict]) -> Vec<ClaimVerdict> {
    let mut groups: Vec<&CellVerdict> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.role == Role::Subject) {
        if !groups
            .iter()
            .any(|g| g.image == cell.image && g.platform == cell.platform)
        {
            groups.push(cell);
        }
    }
    let mut verdicts = Vec::new();
    for claim in &plan.profile.claims {
        for group in &groups {
            let numbers: Vec<&Measurement> = cells
                .iter()
                .filter(|cell| cell.image == group.image && cell.platform == group.platform)
                .flat_map(|cell| &cell.measurements)
                .filter(|m| m.arm_a == Arm::Candidate && m.arm_b == Arm::Baseline)
                .collect();
            let found = one(claim, &numbers);
            verdicts.push(ClaimVerdict {
                claim: claim.id.clone(),
                text: claim.text.clone(),
                image: group.image.clone(),
                platform: group.platform.clone(),
                finding: found.finding,
                also: found.also,
                number: found.number,
                reason: found.reason,
            });
        }
    }
    verdicts
}

struct Found {
    finding: ClaimFinding,
    also: Option<ClaimFinding>,
    number: String,
    reason: String,
}

impl Found {
    fn not_here(reason: &str) -> Self {
        let finding = ClaimFinding::NotMeasurableHere;
        Self {
            finding,
            also: None,
            number: String::new(),
            reason: reason.to_owned(),
        }
    }
}

fn one(claim: &Claim, numbers: &[&Measurement]) -> Found {
    match &claim.audit {
        Audit::NeedsPull => {
            Found::not_here("a bare runtime does not pull; a cluster or a registry can show it")
        }
        Audit::Lower {
            metric,
            by,
            equivalence,
        } => match numbers.iter().find(|m| m.metric == *metric) {
            Some(measurement) => lower(measurement, *by, *equivalence),
            None => Found::not_here(&format!("{metric} was not measured in this run")),
        },
        Audit::SmallerBy { metric, bytes } => match numbers.iter().find(|m| m.metric == *metric) {
            Some(measurement) => smaller(measurement, *bytes),
            None => Found::not_here(&format!("{metric} was not measured in this run")),
        },
    }
}

fn lower(measurement: &Measurement, by: f64, equivalence: f64) -> Found {
    let (Some(ratio), Some(ratio_90)) = (measurement.ratio, measurement.ratio_90) else {
        return Found {
            finding: ClaimFinding::Inconclusive,
            also: None,
            number: String::new(),
            reason: "no interval could be formed".to_owned(),
        };
    };
    let n = measurement.n as usize;
    let (finding, also) =
        stats::audit_lower(&interval(ratio, n), &interval(ratio_90, n), by, equivalence);
    Found {
        finding: convert(finding),
        also: also.map(convert),
        number: format!("{:.2} ({:.2} – {:.2})", ratio.value, ratio.low, ratio.high),
        reason: format!(
            "claimed ratio {:.2} or less; measured {:.3} with 95 % interval {:.3} to {:.3}",
            1.0 - by,
            ratio.value,
            ratio.low,
            ratio.high
        ),
    }
}

/// Byte counts are exact: no interval, no doubt.
fn smaller(measurement: &Measurement, bytes: u64) -> Found {
    let difference = measurement.median_b - measurement.median_a;
    #[allow(clippy::cast_precision_loss, reason = "byte counts are far below 2^52")]
    let wanted = bytes as f64;
    let finding = if difference >= wanted {
        ClaimFinding::Proven
    } else {
        ClaimFinding::Refuted
    };
    let also = (finding == ClaimFinding::Refuted && difference > 0.0)
        .then_some(ClaimFinding::DirectionOnly);
    Found {
        finding,
        also,
        number: format!("{:.1} MB", difference / 1e6),
        reason: format!(
            "claimed {:.1} MB less or more; exactly {:.1} MB less",
            wanted / 1e6,
            difference / 1e6
        ),
    }
}

const fn interval(estimate: Estimate, n: usize) -> Interval {
    Interval {
        estimate: estimate.value,
        low: estimate.low,
        high: estimate.high,
        level: estimate.level,
        n,
    }
}

const fn convert(finding: Finding) -> ClaimFinding {
    match finding {
        Finding::Proven => ClaimFinding::Proven,
        Finding::DirectionOnly => ClaimFinding::DirectionOnly,
        Finding::Equivalent => ClaimFinding::Equivalent,
        Finding::Refuted => ClaimFinding::Refuted,
        Finding::Inconclusive => ClaimFinding::Inconclusive,
    }
}
