//! Checks: what is declared about one, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{CheckId, Outcome};

/// Everything a reader needs to know of a check; its documentation page is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CheckInfo {
    /// Stable id, never reused: `IMM-005`.
    pub id: &'static str,
    /// The property in a few words: `no setuid or setgid file`.
    pub title: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// How the property is shown.
    pub method: Method,
    /// Why the property matters.
    pub rationale: &'static str,
    /// Exactly what is done to decide it.
    pub procedure: &'static str,
    /// What an image's author does about a failure.
    pub remediation: &'static str,
    /// Sources: CIS, NIST, PSS ids.
    pub references: &'static [&'static str],
    /// The spec or test that shows it passing.
    pub good_fixture: &'static str,
    /// The spec or test that shows it failing.
    pub bad_fixture: &'static str,
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Breaks the promise of an immutable image.
    High,
    /// Weakens it.
    Medium,
    /// Untidy.
    Low,
}

/// How a property is shown.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Read from the image's bytes.
    Static,
    /// Read from the kernel about the running container.
    Kernel,
    /// Tried in the running container.
    Behaviour,
    /// Told by the platform about what it admits and runs.
    Platform,
    /// Measured against the baseline, with an interval.
    Comparison,
    /// Counted exactly.
    Count,
}

impl Method {
    /// The word used in every document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Kernel => "kernel",
            Self::Behaviour => "behaviour",
            Self::Platform => "platform",
            Self::Comparison => "comparison",
            Self::Count => "count",
        }
    }
}

/// What came of one check in one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// The check.
    pub id: CheckId,
    /// Its title.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// What came of it.
    pub outcome: Outcome,
    /// How it was shown.
    pub method: Method,
    /// The evidence in one line: `0 of 1,212 entries carry 06000`.
    pub message: String,
    /// What was found, one entry an offence (at most [`CheckResult::MAX_EVIDENCE`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Offences beyond those listed.
    #[serde(default)]
    pub evidence_omitted: usize,
    /// What to do to the image; present only where the image was found at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The path in the image, or the object concerned.
    pub subject: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Who owns it: package and slice, layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl CheckResult {
    /// Most offences a result lists; the rest is counted.
    pub const MAX_EVIDENCE: usize = 50;

    /// A result of `info` without evidence.
    pub fn new(info: &CheckInfo, outcome: Outcome, message: impl Into<String>) -> Self {
        Self::with_evidence(info, outcome, message, Vec::new())
    }

    /// A result of `info` with what was found; the list is cut at [`Self::MAX_EVIDENCE`].
    pub fn with_evidence(
        info: &CheckInfo,
        outcome: Outcome,
        message: impl Into<String>,
        mut evidence: Vec<Evidence>,
    ) -> Self {
        let evidence_omitted = evidence.len().saturating_sub(Self::MAX_EVIDENCE);
        evidence.truncate(Self::MAX_EVIDENCE);
        Self {
            id: info.check_id(),
            title: info.title.to_owned(),
            severity: info.severity,
            outcome,
            method: info.method,
            message: message.into(),
            evidence,
            evidence_omitted,
            remediation: matches!(outcome, Outcome::Fail | Outcome::Flaky | Outcome::Waived)
                .then(|| info.remediation.to_owned()),
        }
    }
}

impl CheckInfo {
    /// The id as a checked value. Every registered id is valid: a test walks the registry.
    pub fn check_id(&self) -> CheckId {
        CheckId::declared(self.id)
    }
}
