//! What a verdict means to a test front: one trial per subject's cell, and the exit code.
//!
//! The front itself, which speaks libtest's command line, is `tests/certification.rs`. The rules
//! are here because they decide what counts as shown, and so have tests of their own.

use model::{CellVerdict, ExitCode, Outcome, PlannedCell, Report, Verdict};

/// How a trial ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialEnd {
    /// Everything its cell declares was shown, or is waived.
    Passed,
    /// Nothing was shown and nothing is wrong: not applicable, or blocked; the reason.
    Ignored(String),
    /// Everything else; the reason.
    Failed(String),
}

/// What blocked cells do to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedCells {
    /// They leave the run inconclusive.
    Count,
    /// They are accepted (`CERTIFY_ALLOW_BLOCKED=1`).
    Accepted,
}

/// The name of a cell's trial: `image::platform::arch::suite`.
pub fn name(cell: &PlannedCell) -> String {
    cell.id.as_str().replace('/', "::")
}

/// How the trial of `cell` ends under `verdict`. A void run fails every trial: its checks were not
/// shown to find anything.
pub fn end(verdict: &Verdict, cell: &PlannedCell) -> TrialEnd {
    if let Some(control) = engine::voided_by(verdict) {
        let why = format!(
            "the run is void: control {}: {}",
            control.image, control.reason
        );
        return TrialEnd::Failed(why);
    }
    let Some(judged) = verdict.cells.iter().find(|other| other.id == cell.id) else {
        return TrialEnd::Failed("the verdict has no such cell".to_owned());
    };
    let said = || format!("{}: {}", judged.outcome, judged.reason);
    match judged.outcome {
        Outcome::Pass | Outcome::Waived => TrialEnd::Passed,
        Outcome::NotApplicable => TrialEnd::Ignored(said()),
        Outcome::Blocked => match beside_blocked(judged) {
            None => TrialEnd::Ignored(said()),
            Some(why) => TrialEnd::Failed(why),
        },
        _ => TrialEnd::Failed(said()),
    }
}

/// The check that is undecided for another reason than a missing feature: a cell that is blocked
/// may hide one.
fn beside_blocked(cell: &CellVerdict) -> Option<String> {
    let is_other = |outcome: Outcome| {
        outcome != Outcome::Blocked && outcome.exit_code() != ExitCode::Certified
    };
    let other = cell.checks.iter().find(|check| is_other(check.outcome))?;
    Some(format!(
        "{}: {}: {}",
        other.outcome, other.id, other.message
    ))
}

/// The front's exit code: that of the verdict. With blocked cells accepted, a run that is
/// inconclusive for no other reason counts as what it would be without them.
pub fn exit_code(report: &Report, verdict: &Verdict, blocked: BlockedCells) -> ExitCode {
    if blocked == BlockedCells::Count || report.exit_code != ExitCode::Inconclusive {
        return report.exit_code;
    }
    let undecided = |outcome: Outcome| outcome.exit_code() == ExitCode::Inconclusive;
    let otherwise = verdict
        .cells
        .iter()
        .flat_map(|cell| &cell.checks)
        .any(|check| undecided(check.outcome) && check.outcome != Outcome::Blocked);
    if otherwise {
        ExitCode::Inconclusive
    } else if report.cleanup.left.is_empty() {
        ExitCode::Certified
    } else {
        ExitCode::ResidueLeft
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use model::{
        CellId, CheckId, CheckResult, ControlVerdict, Method, PlannedCell, Role, Severity,
        SuiteName,
    };

    use super::*;

    fn check(id: &str, outcome: Outcome) -> CheckResult {
        CheckResult {
            id: CheckId::new(id).unwrap(),
            title: "a check".to_owned(),
            outcome,
            severity: Severity::High,
            method: Method::Static,
            message: format!("{id} said so"),
            evidence: Vec::new(),
            evidence_omitted: 0,
            remediation: None,
        }
    }

    fn planned(image: &str) -> PlannedCell {
        PlannedCell {
            id: CellId::new(format!("{image}/oci/amd64/startup")).unwrap(),
            image: image.parse().unwrap(),
            platform: "oci".parse().unwrap(),
            family: model::PlatformFamily::Oci,
            arch: "amd64".parse().unwrap(),
            suite: SuiteName::new("startup").unwrap(),
            role: Role::Subject,
            checks: Vec::new(),
            needs_session: true,
            margin: 0.15,
        }
    }

    fn judged(image: &str, role: Role, outcomes: &[Outcome]) -> CellVerdict {
        let cell = planned(image);
        let numbered = outcomes.iter().enumerate();
        let checks: Vec<CheckResult> = numbered
            .map(|(i, outcome)| check(&format!("IMM-{i:03}"), *outcome))
            .collect();
        CellVerdict {
            id: cell.id,
            image: cell.image,
            platform: cell.platform,
            arch: cell.arch,
            suite: cell.suite,
            role,
            outcome: Outcome::fold(outcomes.iter().copied()),
            reason: "as told".to_owned(),
            checks,
            measurements: Vec::new(),
            warnings: Vec::new(),
            invalid_session: None,
        }
    }

    fn verdict(cells: Vec<CellVerdict>, controls: Vec<ControlVerdict>) -> Verdict {
        Verdict {
            exit_code: ExitCode::Certified,
            sentence: String::new(),
            cells,
            levels: Vec::new(),
            claims: Vec::new(),
            controls,
            waivers: Vec::new(),
        }
    }

    fn end_of(outcomes: &[Outcome]) -> TrialEnd {
        let cell = judged("web", Role::Subject, outcomes);
        end(&verdict(vec![cell], Vec::new()), &planned("web"))
    }

    #[test]
    fn only_pass_and_waived_are_ok_and_only_two_outcomes_are_ignored() {
        for outcome in Outcome::ALL {
            let end = end_of(&[outcome]);
            match outcome {
                Outcome::Pass | Outcome::Waived => assert_eq!(end, TrialEnd::Passed),
                Outcome::NotApplicable | Outcome::Blocked => {
                    assert!(matches!(end, TrialEnd::Ignored(why) if why.contains("as told")));
                }
                _ => assert!(matches!(end, TrialEnd::Failed(why) if why.contains("as told"))),
            }
        }
    }

    #[test]
    fn a_blocked_check_hides_no_other() {
        let end = end_of(&[Outcome::Pass, Outcome::Blocked, Outcome::Inconclusive]);
        assert!(matches!(end, TrialEnd::Failed(why) if why.contains("IMM-002")));
        let end = end_of(&[Outcome::Pass, Outcome::Blocked, Outcome::NotApplicable]);
        assert!(matches!(end, TrialEnd::Ignored(_)));
    }

    #[test]
    fn a_control_that_passes_fails_every_trial() {
        let control = |outcome| {
            let cell = judged("setuid", Role::Control, &[outcome]);
            ControlVerdict {
                image: cell.image.clone(),
                cell: cell.id.clone(),
                flaw: "a flaw".to_owned(),
                refused: outcome == Outcome::Fail,
                must_fail: Vec::new(),
                failed: Vec::new(),
                reason: "IMM-000 said pass about a known flaw".to_owned(),
            }
        };
        for (outcome, fails) in [(Outcome::Pass, true), (Outcome::Fail, false)] {
            let cells = vec![
                judged("web", Role::Subject, &[Outcome::Pass]),
                judged("setuid", Role::Control, &[outcome]),
            ];
            let verdict = verdict(cells, vec![control(outcome)]);
            let end = end(&verdict, &planned("web"));
            assert_eq!(matches!(end, TrialEnd::Failed(_)), fails, "{end:?}");
        }
    }

    #[test]
    fn a_cell_without_a_verdict_fails() {
        let end = end(&verdict(Vec::new(), Vec::new()), &planned("web"));
        assert!(matches!(end, TrialEnd::Failed(_)));
        assert_eq!(name(&planned("web")), "web::oci::amd64::startup");
    }
}
