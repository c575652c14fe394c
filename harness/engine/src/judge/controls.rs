//! Controls: each must fail by its named checks and by no other, but for those that its flaw fails on
//! some platforms only.

use std::collections::BTreeSet;

use model::{CellVerdict, CheckId, ControlVerdict, Outcome, Plan, Role};

pub(super) fn judge(plan: &Plan, cells: &[CellVerdict]) -> Vec<ControlVerdict> {
    cells
        .iter()
        .filter(|cell| cell.role == Role::Control)
        .filter_map(|cell| plan.image(&cell.image).map(|image| (image, cell)))
        .map(|(image, cell)| {
            let declared: BTreeSet<&CheckId> = cell.checks.iter().map(|check| &check.id).collect();
            let must_fail: Vec<CheckId> = image
                .must_fail
                .iter()
                .filter(|id| declared.contains(id))
                .cloned()
                .collect();
            let failed: Vec<CheckId> = cell
                .checks
                .iter()
                .filter(|check| check.outcome == Outcome::Fail)
                .map(|check| check.id.clone())
                .collect();
            let reason = why_not(cell, &must_fail, &image.may_fail, &failed);
            ControlVerdict {
                image: cell.image.clone(),
                cell: cell.id.clone(),
                flaw: image.flaw.clone().unwrap_or_default(),
                refused: reason.is_none(),
                must_fail,
                failed,
                reason: reason.unwrap_or_default(),
            }
        })
        .collect()
}

/// Why the control was not refused as it must be.
fn why_not(
    cell: &CellVerdict,
    must_fail: &[CheckId],
    may_fail: &[CheckId],
    failed: &[CheckId],
) -> Option<String> {
    if must_fail.is_empty() {
        return Some("none of the checks it must fail by is declared in its cell".to_owned());
    }
    if let Some(missed) = must_fail.iter().find(|id| !failed.contains(id)) {
        let said = cell.checks.iter().find(|check| check.id == *missed);
        let word = said.map_or("absent", |check| check.outcome.word());
        return Some(format!("{missed} said {word} about a known flaw"));
    }
    let known = |id: &CheckId| must_fail.contains(id) || may_fail.contains(id);
    let stray = failed.iter().find(|id| !known(id))?;
    Some(format!(
        "it failed by {stray} as well, which is not its flaw"
    ))
}
