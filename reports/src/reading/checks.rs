//! Check results as rows: what was found, how it was shown, what to do.

use model::{CellVerdict, CheckResult, Outcome, Report, Role};
use serde::Serialize;

use crate::numbers::{count, plural};
use crate::reading::{Chip, Tone};
use crate::text::one_line;

/// One check of one cell as a row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// The check's id.
    pub(crate) id: String,
    /// The property.
    pub(crate) title: String,
    /// The outcome.
    pub(crate) outcome: Chip,
    /// How it was shown.
    pub(crate) method: &'static str,
    /// The evidence in a line.
    pub(crate) message: String,
    /// What was found, one an offence.
    pub(crate) proofs: Vec<Proof>,
    /// `and 12 more`; empty when all are listed.
    pub(crate) more: String,
    /// What to do.
    pub(crate) remedy: Option<String>,
}

/// One offence.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Proof {
    /// The path or object.
    pub(crate) subject: String,
    /// What was expected.
    pub(crate) expected: String,
    /// What was found.
    pub(crate) found: String,
    /// Who owns it.
    pub(crate) owner: Option<String>,
}

/// Outcomes of several checks, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    counts: [u64; Outcome::ALL.len()],
}

/// The rows of `cells`, the undone and the failed first, then in declared order.
pub(crate) fn findings<'a>(cells: impl IntoIterator<Item = &'a CellVerdict>) -> Vec<Finding> {
    let mut results: Vec<&CheckResult> = cells.into_iter().flat_map(|c| &c.checks).collect();
    results.sort_by_key(|check| check.outcome.exit_code().rank());
    results.into_iter().map(Finding::of).collect()
}

impl Finding {
    fn of(check: &CheckResult) -> Self {
        Self {
            id: check.id.to_string(),
            title: one_line(&check.title),
            outcome: Chip::new(check.outcome.word(), check.outcome.into()),
            method: check.method.word(),
            message: one_line(&check.message),
            proofs: check
                .evidence
                .iter()
                .map(|e| Proof {
                    subject: one_line(&e.subject),
                    expected: one_line(&e.expected),
                    found: one_line(&e.found),
                    owner: e.owner.as_deref().map(one_line),
                })
                .collect(),
            more: match check.evidence_omitted {
                0 => String::new(),
                n => format!("and {} more", count(n as u64)),
            },
            remedy: check.remediation.as_deref().map(one_line),
        }
    }
}

impl Tally {
    /// Counts the declared checks of `cells`.
    pub(crate) fn of<'a>(cells: impl IntoIterator<Item = &'a CellVerdict>) -> Self {
        let mut tally = Self::default();
        for check in cells.into_iter().flat_map(|cell| &cell.checks) {
            tally.counts[slot(check.outcome)] += 1;
        }
        tally
    }

    /// Counts the declared checks of all subjects.
    pub(crate) fn of_subjects(report: &Report) -> Self {
        Self::of(report.cells.iter().filter(|c| c.role == Role::Subject))
    }

    /// Declared checks.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many came to `outcome`.
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.counts[slot(outcome)]
    }

    /// `26 pass, 2 not-applicable`: every outcome that occurs, worst first.
    pub(crate) fn words(&self) -> String {
        let mut order = Outcome::ALL;
        order.sort_by_key(|o| o.exit_code().rank());
        let parts: Vec<String> = order
            .into_iter()
            .filter(|o| self.count(*o) > 0)
            .map(|o| format!("{} {}", count(self.count(o)), short(o)))
            .collect();
        if parts.is_empty() {
            "no check".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// `84 checks declared: 78 passed, 0 failed, 6 do not apply.`
    pub(crate) fn sentence(&self) -> String {
        let said = [Outcome::Pass, Outcome::Fail, Outcome::NotApplicable];
        let mut parts = vec![
            format!("{} passed", count(self.count(Outcome::Pass))),
            format!("{} failed", count(self.count(Outcome::Fail))),
        ];
        if let n @ 1.. = self.count(Outcome::NotApplicable) {
            let word = if n == 1 { "does" } else { "do" };
            parts.push(format!("{} {word} not apply", count(n)));
        }
        for outcome in Outcome::ALL {
            if !said.contains(&outcome) && self.count(outcome) > 0 {
                parts.push(format!("{} {outcome}", count(self.count(outcome))));
            }
        }
        format!(
            "{} declared: {}.",
            plural(self.total(), "check", "checks"),
            parts.join(", ")
        )
    }

    /// The tone of the worst outcome counted; void when there is none.
    pub(crate) fn tone(&self) -> Tone {
        let worst = Outcome::ALL.into_iter().filter(|o| self.count(*o) > 0);
        worst
            .min_by_key(|o| {
                (
                    o.exit_code().rank(),
                    *o != Outcome::Waived,
                    *o != Outcome::Pass,
                )
            })
            .map_or(Tone::Void, Tone::from)
    }
}

/// The outcome's word in a narrow column.
const fn short(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplicable => "n/a",
        other => other.word(),
    }
}

fn slot(outcome: Outcome) -> usize {
    Outcome::ALL
        .iter()
        .position(|o| *o == outcome)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_comes_first_and_colours_all() {
        let mut tally = Tally::default();
        assert_eq!(
            (tally.tone(), tally.words().as_str()),
            (Tone::Void, "no check")
        );
        tally.counts[slot(Outcome::NotApplicable)] = 2;
        tally.counts[slot(Outcome::Pass)] = 26;
        assert_eq!(tally.words(), "26 pass, 2 n/a");
        assert_eq!(tally.tone(), Tone::Good);
        tally.counts[slot(Outcome::Waived)] = 1;
        assert_eq!(tally.tone(), Tone::Open);
        tally.counts[slot(Outcome::Fail)] = 1;
        assert!(tally.words().starts_with("1 fail, "), "{}", tally.words());
        assert_eq!(tally.tone(), Tone::Bad);
        assert_eq!(
            tally.sentence(),
            "30 checks declared: 26 passed, 1 failed, 2 do not apply, 1 waived."
        );
    }
}
