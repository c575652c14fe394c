//! The verdict in one sentence: the last line on the terminal, the first in the report.

use model::{CellVerdict, ControlVerdict, ExitCode, LevelVerdict, Outcome, Plan, Role};

pub(super) fn of(
    plan: &Plan,
    exit_code: ExitCode,
    cells: &[CellVerdict],
    levels: &[LevelVerdict],
    controls: &[ControlVerdict],
) -> String {
    let profile = &plan.profile.name;
    match exit_code {
        ExitCode::Certified => certified(levels, profile),
        ExitCode::HarnessFault => void(cells, controls),
        ExitCode::ResidueLeft => "objects were left behind; run `certify sweep`".to_owned(),
        ExitCode::Incomplete if plan.cells.is_empty() => "nothing was selected".to_owned(),
        _ => decisive(exit_code, cells),
    }
}

fn certified(levels: &[LevelVerdict], profile: &str) -> String {
    let mut groups: Vec<(String, u32)> = Vec::new();
    for level in levels {
        let reached = level.level.as_deref().unwrap_or("no level");
        let waived = if level.with_waivers {
            " with waivers"
        } else {
            ""
        };
        let text = format!("{reached}{waived} on {}", level.platform);
        match groups.iter_mut().find(|(group, _)| *group == text) {
            Some((_, count)) => *count += 1,
            None => groups.push((text, 1)),
        }
    }
    let parts: Vec<String> = groups
        .into_iter()
        .map(|(text, count)| {
            format!(
                "{count} image{} at {text}",
                if count == 1 { "" } else { "s" }
            )
        })
        .collect();
    format!("{}, profile {profile}", parts.join(", "))
}

fn void(cells: &[CellVerdict], controls: &[ControlVerdict]) -> String {
    if let Some(control) = controls.iter().find(|control| !control.refused) {
        return format!(
            "the run is void: control {}: {}",
            control.image, control.reason
        );
    }
    decisive(ExitCode::HarnessFault, cells)
}

/// Names the first cell that led to this code, and counts the others.
fn decisive(exit_code: ExitCode, cells: &[CellVerdict]) -> String {
    let blamed: Vec<&CellVerdict> = cells
        .iter()
        .filter(|cell| {
            cell.outcome.exit_code() == exit_code
                && (cell.role == Role::Subject || cell.outcome != Outcome::Fail)
        })
        .collect();
    match blamed.as_slice() {
        [] => exit_code.word().to_owned(),
        [only] => format!(
            "{} {} on {}: {}",
            only.image, only.suite, only.platform, only.reason
        ),
        [first, rest @ ..] => format!(
            "{} {} on {}: {} (and {} more cells)",
            first.image,
            first.suite,
            first.platform,
            first.reason,
            rest.len()
        ),
    }
}
