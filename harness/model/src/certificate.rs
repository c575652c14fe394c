//! Certificates: in-toto Statements about one image on one platform.
//!
//! Sources: in-toto attestation framework, Statement v1 and predicate `test-result/v0.1`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Arch, CheckId, Digest, ImageName, Outcome, PlatformName, Report};

/// An in-toto Statement v1 whose predicate is a certification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Statement {
    /// Always [`Statement::TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What is certified: the image's manifest.
    pub subject: Vec<ResourceDescriptor>,
    /// Always [`Statement::PREDICATE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// The certification.
    pub predicate: Certification,
}

/// An in-toto resource descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResourceDescriptor {
    /// A name for people.
    pub name: String,
    /// Digests by algorithm, hexadecimal.
    pub digest: BTreeMap<String, String>,
}

/// What the certificate says; a superset of `test-result/v0.1`'s fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Certification {
    /// `PASSED` or `FAILED`.
    pub result: String,
    /// What was used: the profile, the plan, the journal.
    pub configuration: Vec<ResourceDescriptor>,
    /// Checks that passed, by id.
    #[serde(rename = "passedTests")]
    pub passed: Vec<String>,
    /// Checks that passed only by a waiver.
    #[serde(rename = "warnedTests")]
    pub warned: Vec<String>,
    /// Every other applicable check, with its outcome after a colon.
    #[serde(rename = "failedTests")]
    pub failed: Vec<String>,
    /// Why, of those that the image's spec itself says it fails.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub falls_short: BTreeMap<CheckId, String>,
    /// The platform.
    pub platform: PlatformName,
    /// What it was: runtime, kernel, and whether it ran rootless.
    #[serde(default)]
    pub platform_summary: String,
    /// What could not be measured there, by metric, and why.
    #[serde(default)]
    pub not_measured: BTreeMap<String, String>,
    /// The architecture.
    pub arch: Arch,
    /// The level reached.
    pub level: Option<String>,
    /// The verdict of the whole run: an image is certified only in a certified run.
    #[serde(rename = "runExitCode")]
    pub run_exit_code: u8,
    /// End of the run, RFC 3339 in UTC.
    #[serde(rename = "timeCreated")]
    pub time_created: String,
    /// Numbers that the level rests on.
    pub measurements: Vec<CertifiedNumber>,
}

/// A number a certificate carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CertifiedNumber {
    /// The metric.
    pub metric: String,
    /// Ratio candidate / baseline.
    pub ratio: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl Statement {
    /// Type URI of the Statement.
    pub const TYPE: &'static str = "https://in-toto.io/Statement/v1";
    /// Type URI of our predicate.
    pub const PREDICATE: &'static str = "https://in-toto.io/attestation/test-result/v0.1";

    /// The statements of a report: one per subject and platform it was measured on.
    pub fn all(report: &Report) -> Vec<Self> {
        let mut statements = Vec::new();
        for subject in &report.subjects {
            for level in &subject.levels {
                statements.push(Self::of(
                    report,
                    &subject.image,
                    &level.platform,
                    level.arch,
                ));
            }
        }
        statements
    }

    /// The statement about one image on one platform. Reads nothing but the report.
    pub fn of(report: &Report, image: &ImageName, platform: &PlatformName, arch: Arch) -> Self {
        let subject = report
            .subjects
            .iter()
            .find(|subject| subject.image == *image);
        let cells = || {
            report.cells.iter().filter(|cell| {
                cell.image == *image && cell.platform == *platform && cell.arch == arch
            })
        };
        let checks = || cells().flat_map(|cell| &cell.checks);
        let ids = |wanted: Outcome| -> Vec<String> {
            checks()
                .filter(|check| check.outcome == wanted)
                .map(|check| check.id.to_string())
                .collect()
        };
        let failed: Vec<String> = checks()
            .filter(|check| check.outcome.exit_code() != crate::ExitCode::Certified)
            .map(|check| format!("{}: {}", check.id, check.outcome))
            .collect();
        let mut stated = subject.map(|s| s.falls_short.clone()).unwrap_or_default();
        stated.retain(|id, _| checks().any(|c| c.id == *id && c.outcome == Outcome::Fail));
        let level = subject
            .and_then(|s| {
                s.levels
                    .iter()
                    .find(|l| l.platform == *platform && l.arch == arch)
            })
            .and_then(|level| level.level.clone());
        let facts = report
            .platforms
            .iter()
            .find(|one| one.platform == *platform);
        let passed = is_real(report, platform)
            && report.complete
            && report.exit_code == crate::ExitCode::Certified
            && failed.is_empty()
            && level.is_some();
        let numbers = cells()
            .flat_map(|cell| &cell.measurements)
            .filter_map(CertifiedNumber::of);
        Self {
            kind: Self::TYPE.to_owned(),
            subject: subject
                .map(|s| ResourceDescriptor::of(image.as_str(), s.candidate.manifest))
                .into_iter()
                .collect(),
            predicate_type: Self::PREDICATE.to_owned(),
            predicate: Certification {
                result: if passed { "PASSED" } else { "FAILED" }.to_owned(),
                configuration: Self::configuration(report, subject),
                passed: ids(Outcome::Pass),
                warned: ids(Outcome::Waived),
                failed,
                falls_short: stated,
                platform: platform.clone(),
                platform_summary: facts.map(|one| one.summary.clone()).unwrap_or_default(),
                not_measured: facts
                    .map(|one| one.cannot_measure.clone())
                    .unwrap_or_default(),
                arch,
                level,
                run_exit_code: report.exit_code.into(),
                time_created: report.run.ended.clone(),
                measurements: numbers.collect(),
            },
        }
    }

    fn configuration(report: &Report, subject: Option<&crate::Subject>) -> Vec<ResourceDescriptor> {
        let mut configuration = vec![
            ResourceDescriptor::of(
                &format!("profile {}", report.run.profile),
                report.run.profile_digest,
            ),
            ResourceDescriptor::of("plan", report.run.plan_digest),
            ResourceDescriptor::of("verdict", report.integrity.verdict),
        ];
        if let Some(journal) = report.integrity.journal {
            configuration.push(ResourceDescriptor::of("journal", journal));
        }
        if let Some(baseline) = subject.and_then(|s| s.baseline.as_ref()) {
            configuration.push(ResourceDescriptor::of("baseline", baseline.manifest));
        }
        configuration
    }
}

/// Whether the platform is what its name says; a stand-in certifies nothing, whatever was measured.
fn is_real(report: &Report, platform: &PlatformName) -> bool {
    let real = crate::Standing::Real;
    let mut facts = report.platforms.iter();
    facts.any(|facts| facts.platform == *platform && facts.standing == real)
}

impl CertifiedNumber {
    /// The candidate's ratio to its baseline, if there is one.
    fn of(measurement: &crate::Measurement) -> Option<Self> {
        let compared =
            measurement.arm_a == crate::Arm::Candidate && measurement.arm_a != measurement.arm_b;
        let ratio = measurement.ratio.filter(|_| compared)?;
        Some(Self {
            metric: measurement.metric.clone(),
            ratio: ratio.value,
            low: ratio.low,
            high: ratio.high,
            level: ratio.level,
        })
    }
}

impl ResourceDescriptor {
    /// A descriptor of something known by its SHA-256.
    pub fn of(name: &str, digest: Digest) -> Self {
        Self {
            name: name.to_owned(),
            digest: [("sha256".to_owned(), digest.hex())].into(),
        }
    }
}
