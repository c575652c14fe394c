//! Published claims, audited against the numbers of each subject on each platform.

use model::{
    Arm, Audit, CellVerdict, Claim, ClaimFinding, ClaimVerdict, Estimate, Measurement, Plan, Role,
};
use stats::{Finding, Interval};

use crate::journal::Journal;

pub(super) fn audit(plan: &Plan, journal: &Journal, cells: &[CellVerdict]) -> Vec<ClaimVerdict> {
    let together = |a: &CellVerdict, b: &CellVerdict| {
        a.image == b.image && a.platform == b.platform && a.arch == b.arch
    };
    let mut groups: Vec<&CellVerdict> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.role == Role::Subject) {
        if !groups.iter().any(|group| together(group, cell)) {
            groups.push(cell);
        }
    }
    let mut verdicts = Vec::new();
    for claim in &plan.profile.claims {
        for group in &groups {
            let own: Vec<&CellVerdict> = cells.iter().filter(|c| together(group, c)).collect();
            let session = journal
                .sessions()
                .filter(|one| one.platform == group.platform)
                .last();
            let pulls = session.and_then(|one| one.cannot_measure.get("pull"));
            let found = one(claim, &own, pulls.map(String::as_str));
            verdicts.push(ClaimVerdict {
                claim: claim.id.clone(),
                text: claim.text.clone(),
                source: claim.source.clone(),
                image: group.image.clone(),
                platform: group.platform.clone(),
                arch: group.arch,
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

/// `pulls` is why the session could not measure pulls.
fn one(claim: &Claim, cells: &[&CellVerdict], pulls: Option<&str>) -> Found {
    let find = |metric: &str| {
        let compared = |m: &&Measurement| m.arm_a == Arm::Candidate && m.arm_b == Arm::Baseline;
        cells.iter().find_map(|cell| {
            let mut numbers = cell.measurements.iter().filter(compared);
            numbers.find(|m| m.metric == metric).map(|m| (*cell, m))
        })
    };
    let absent = |metric: &str| Found::not_here(&format!("{metric} was not measured in this run"));
    match &claim.audit {
        Audit::NeedsPull => Found::not_here(pulls.unwrap_or("no session measured pulls")),
        Audit::Lower {
            metric,
            by,
            equivalence,
        } => match find(metric) {
            Some((cell, number)) => match &cell.invalid_session {
                None => lower(number, *by, *equivalence),
                Some(why) => Found {
                    finding: ClaimFinding::Inconclusive,
                    also: None,
                    number: String::new(),
                    reason: format!("the session is invalid: {why}"),
                },
            },
            None => absent(metric),
        },
        // Bytes are counted, not timed: no session can spoil them.
        Audit::SmallerBy { metric, bytes } => match find(metric) {
            Some((_, number)) => smaller(number, *bytes),
            None => absent(metric),
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
        number: ratio.to_string(),
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
