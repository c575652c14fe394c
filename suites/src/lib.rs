//! Suites: what is asked of an image on a platform. One folder per suite, one line here.
//!
//! A suite asks the session for observations and names no platform. Its `judge` is a pure function
//! of what was recorded, so old samples can be judged again under another profile.

mod density;
mod immutability;
mod pairs;
mod sizes;
mod startup;

pub use immutability::{OWNED_CHECK, is_of_clusters};

use engine::Suite;
use model::CheckInfo;

/// Every suite, in the order cells run and reports read.
pub static SUITES: &[&dyn Suite] = &[
    &immutability::Immutability,
    &startup::Startup,
    &density::Density,
];

/// The check with this id, if some suite has it.
pub fn check(id: &str) -> Option<(&'static dyn Suite, &'static CheckInfo)> {
    SUITES.iter().copied().find_map(|suite| {
        suite
            .checks()
            .into_iter()
            .find(|info| info.id == id)
            .map(|info| (suite, info))
    })
}

/// Whether a check looks into a container that keeps running: it has no meaning for a program that
/// ends by itself.
pub fn needs_running(check: &str) -> bool {
    immutability::looks_into_containers(check) || check == density::MARGINAL.id
}

/// Shipped profiles: name and YAML text.
pub static PROFILES: &[(&str, &str)] = &[
    ("smoke", include_str!("../profiles/smoke.yaml")),
    ("standard", include_str!("../profiles/standard.yaml")),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use model::{CheckId, Profile};

    use super::*;

    #[test]
    fn every_check_id_is_valid_and_unique() {
        let mut seen = BTreeSet::new();
        for suite in SUITES {
            for info in suite.checks() {
                assert!(CheckId::new(info.id).is_ok(), "{}", info.id);
                assert!(seen.insert(info.id), "{} twice", info.id);
                assert!(!info.remediation.is_empty() && !info.procedure.is_empty());
                assert!(
                    !info.bad_fixture.is_empty(),
                    "{} has no bad fixture",
                    info.id
                );
            }
        }
    }

    #[test]
    fn shipped_profiles_name_only_checks_that_exist_and_every_check_is_in_one() {
        let mut named = BTreeSet::new();
        for (name, text) in PROFILES {
            let profile = Profile::from_yaml(name, text).unwrap();
            for id in profile.required_checks() {
                assert!(check(id.as_str()).is_some(), "{name} names {id}");
                named.insert(id.to_string());
            }
        }
        for info in SUITES.iter().flat_map(|suite| suite.checks()) {
            assert!(named.contains(info.id), "{} is in no level", info.id);
        }
    }
}
