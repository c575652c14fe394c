//! Judging: static findings as recorded, run-time findings from the probe's documents.

use std::collections::BTreeMap;

use engine::{Admission, Judgement, Judging, NOT_READY, NotReady, REFUSED};
use model::{CheckResult, Evidence, Outcome, Samples};
use serde::de::DeserializeOwned;

use super::findings::Findings;
use super::observe::{ADMISSION, ATTEMPTS, DECLARED, DRIFT, FACTS, SERVED, STATIC, STOPPED};
use super::{admission, running, statics};

pub(super) fn judge(judging: &Judging<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let found: BTreeMap<String, Findings> = document(judging.samples, STATIC).unwrap_or_default();
    for (info, _) in statics::CHECKS {
        if let Some(findings) = found.get(info.id) {
            judgement.checks.push(findings.clone().decide(info));
        }
    }
    if let Some(words) = document::<String>(judging.samples, REFUSED) {
        judgement.checks.extend(refused(judging, &words));
        return judgement;
    }
    if let Some(admission) = document::<Admission>(judging.samples, ADMISSION) {
        for (info, look) in admission::CHECKS {
            judgement.checks.push(look(&admission).decide(info));
        }
    }
    if let Some(not_ready) = document::<NotReady>(judging.samples, NOT_READY) {
        judgement.checks.extend(never_ready(judging, &not_ready));
        return judgement;
    }
    match seen(judging.samples) {
        Ok(seen) => {
            for (info, look) in running::CHECKS {
                judgement.checks.push(look(&seen).decide(info));
            }
            if let Some(warning) = unread(&seen) {
                judgement.warnings.push(warning);
            }
        }
        // A cell of which nothing runs, or nothing keeps running, has no run-time documents.
        Err(why) if judging.cell.needs_session && super::is_looked_into(judging.cell) => {
            judgement.warnings.push(why)
        }
        Err(_) => {}
    }
    judgement
}

/// The last document of a kind.
fn document<T: DeserializeOwned>(samples: &Samples, kind: &str) -> Option<T> {
    let fact = samples
        .observations
        .iter()
        .rfind(|fact| fact.kind == kind)?;
    serde_json::from_value(fact.body.clone()).ok()
}

fn seen(samples: &Samples) -> Result<running::Seen, String> {
    fn get<T: DeserializeOwned>(samples: &Samples, kind: &str) -> Result<T, String> {
        document(samples, kind)
            .ok_or_else(|| format!("the document `{kind}` is missing or unknown"))
    }
    Ok(running::Seen {
        facts: get(samples, FACTS)?,
        attempts: get(samples, ATTEMPTS)?,
        served: get(samples, SERVED)?,
        drift: get(samples, DRIFT)?,
        stopped: get(samples, STOPPED)?,
        declared: get(samples, DECLARED)?,
    })
}

/// An image that the platform's policy turned away: nothing of it ran.
fn refused(judging: &Judging<'_>, words: &str) -> Vec<CheckResult> {
    let mut results = admission::refused(judging.cell.image.as_str(), words);
    results.extend(running::CHECKS.iter().map(|(info, _)| {
        let message = "needs a running container, and the platform's policy refuses this one";
        CheckResult::new(info, Outcome::Blocked, message)
    }));
    results
}

/// An image that never became ready does not serve with a read-only root; nothing else could be
/// seen of it.
fn never_ready(judging: &Judging<'_>, not_ready: &NotReady) -> Vec<CheckResult> {
    let serving = "IMM-112";
    running::CHECKS
        .iter()
        .map(|(info, _)| {
            if info.id == serving {
                let evidence = Evidence {
                    subject: judging.cell.image.to_string(),
                    expected: "ready".to_owned(),
                    found: not_ready.output.clone(),
                    owner: None,
                };
                let message = format!("it never became ready: {}", not_ready.why);
                CheckResult::with_evidence(info, Outcome::Fail, message, vec![evidence])
            } else {
                let message = "needs a container that is ready, and this one never was";
                CheckResult::new(info, Outcome::Blocked, message)
            }
        })
        .collect()
}

/// What the probe could not read: an absence there proves nothing.
fn unread(seen: &running::Seen) -> Option<String> {
    let names: Vec<&str> = seen
        .facts
        .unreadable
        .iter()
        .map(|unreadable| unreadable.what.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("the probe could not read: {}", names.join(", ")))
}
