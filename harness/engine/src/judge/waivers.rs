//! Waivers: a failure that the profile's owner accepted, by name and until a day.

use model::{CellVerdict, Outcome, Plan, Role, UsedWaiver, Waiver, WaiverState};

use super::cells::reason;
use crate::journal::Journal;

/// Turns failures covered by a valid waiver into `waived`. Controls are never waived: a control
/// must fail. Without a header there is no day to hold a waiver against, so none is valid.
pub(super) fn apply(plan: &Plan, journal: &Journal, cells: &mut [CellVerdict]) -> Vec<UsedWaiver> {
    let day = journal.header().and_then(|header| header.started.get(..10));
    plan.profile
        .waivers
        .iter()
        .map(|waiver| {
            let state = match day {
                Some(day) if day <= waiver.expires.as_str() => cover(waiver, cells),
                _ => WaiverState::Expired,
            };
            UsedWaiver {
                waiver: waiver.clone(),
                state,
            }
        })
        .collect()
}

fn cover(waiver: &Waiver, cells: &mut [CellVerdict]) -> WaiverState {
    let mut state = WaiverState::Unused;
    let subjects = cells
        .iter_mut()
        .filter(|cell| cell.role == Role::Subject && cell.image == waiver.image);
    for cell in subjects {
        let mut touched = false;
        for check in &mut cell.checks {
            if check.id == waiver.check && check.outcome == Outcome::Fail {
                check.outcome = Outcome::Waived;
                check.message = format!(
                    "waived by {} until {} ({}); found: {}",
                    waiver.id, waiver.expires, waiver.reason, check.message
                );
                touched = true;
            }
        }
        if touched {
            state = WaiverState::Used;
            cell.outcome = Outcome::fold(cell.checks.iter().map(|check| check.outcome));
            cell.reason = reason(cell.outcome, &cell.checks);
        }
    }
    state
}
