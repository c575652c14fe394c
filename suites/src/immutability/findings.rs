//! What a check found: how much it examined, and every offence.

use model::{CheckInfo, CheckResult, Evidence, Outcome};
use serde::{Deserialize, Serialize};

/// What one check found in one image. Recorded for static checks, computed from the probe's
/// documents for the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// How many things were examined. Zero means that nothing was shown.
    pub(crate) examined: u64,
    /// What they are: `entries`, `exec attempts`.
    pub(crate) of: String,
    /// Every offence.
    pub(crate) offences: Vec<Evidence>,
    /// What could not be decided here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) undecided: Vec<Evidence>,
    /// More for a person, after the counts.
    pub(crate) note: String,
}

impl Findings {
    /// Nothing found yet among `examined` things.
    pub(crate) fn among(examined: usize, of: &str) -> Self {
        Self {
            examined: examined as u64,
            of: of.to_owned(),
            offences: Vec::new(),
            undecided: Vec::new(),
            note: String::new(),
        }
    }

    /// Adds an offence.
    pub(crate) fn offence(
        &mut self,
        subject: impl ToString,
        expected: impl ToString,
        found: impl ToString,
        owner: Option<String>,
    ) {
        self.offences.push(Evidence {
            subject: subject.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
            owner,
        });
    }

    /// Adds something that could not be decided: the check can no longer pass.
    pub(crate) fn undecided(&mut self, subject: &str, expected: &str, found: impl ToString) {
        self.undecided.push(Evidence {
            subject: subject.to_owned(),
            expected: expected.to_owned(),
            found: found.to_string(),
            owner: None,
        });
    }

    /// The same with more for a person.
    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Decides: an offence fails, something undecided blocks, nothing examined is our own fault,
    /// otherwise it passes.
    pub(crate) fn decide(self, info: &CheckInfo) -> CheckResult {
        let note = if self.note.is_empty() {
            String::new()
        } else {
            format!("; {}", self.note)
        };
        let counts = format!(
            "{} of {} {}{note}",
            self.offences.len(),
            self.examined,
            self.of
        );
        if let Some(first) = self.offences.first() {
            let message = format!("{}: {} ({counts})", first.subject, first.found);
            return CheckResult::with_evidence(info, Outcome::Fail, message, self.offences);
        }
        if let Some(first) = self.undecided.first() {
            let message = format!("not decided here: {}: {}", first.subject, first.found);
            return CheckResult::with_evidence(info, Outcome::Blocked, message, self.undecided);
        }
        if self.examined == 0 {
            let message = format!("nothing was examined: 0 {}", self.of);
            return CheckResult::new(info, Outcome::HarnessError, message);
        }
        CheckResult::new(info, Outcome::Pass, counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::statics::setid::INFO;

    #[test]
    fn nothing_examined_is_not_a_pass() {
        assert_eq!(
            Findings::among(0, "entries").decide(&INFO).outcome,
            Outcome::HarnessError
        );
        assert_eq!(
            Findings::among(1, "entries").decide(&INFO).outcome,
            Outcome::Pass
        );
        let mut found = Findings::among(1, "entries");
        found.undecided("/x", "y", "z");
        assert_eq!(found.clone().decide(&INFO).outcome, Outcome::Blocked);
        found.offence("/x", "y", "z", None);
        assert_eq!(found.decide(&INFO).outcome, Outcome::Fail);
    }
}
