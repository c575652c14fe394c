//! Other minors of Kubernetes than the one of every landing.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Figures, Row, certify, tested};
use crate::testbed;

const HOLDS: &str = "on a test bed of this minor of Kubernetes the contract holds, and an image is \
                     certified at L3";

pub(super) const NEXT: Row = Row {
    name: "kubernetes-1.37",
    holds: HOLDS,
    measure: || measure("1.37"),
};

pub(super) const LAST: Row = Row {
    name: "kubernetes-1.35",
    holds: HOLDS,
    measure: || measure("1.35"),
};

pub(super) const OLDEST: Row = Row {
    name: "kubernetes-1.34",
    holds: HOLDS,
    measure: || measure("1.34"),
};

/// The test bed goes afterwards: the next row makes its own.
fn measure(minor: &str) -> Result<Figures> {
    let figures = one(minor);
    testbed::run(&["down".to_owned()])?;
    figures
}

fn one(minor: &str) -> Result<Figures> {
    testbed::run(&["up", "--kubernetes", minor].map(str::to_owned))?;
    let address = testbed::engine_address().unwrap_or_default();
    let contract = tested::run(
        &["--test", "contract", "cluster::"],
        &[
            (
                "CERTIFY_REQUIRE",
                "root,archive,corpus,peers,docker,cluster",
            ),
            ("DOCKER_HOST", &address),
        ],
    )?;
    let ended = certify::run(&[
        "--image",
        "valkey",
        "--platform",
        "kind",
        "--profile",
        "smoke",
    ])?;
    let version = version(&ended.report);
    let is_it = version.starts_with(&format!("v{minor}."));
    let levels = ended.levels();
    let certified = ended.code == 0 && ended.is_backed() && levels == ["L3"];
    Ok(Figures {
        holds: contract.holds && certified && is_it,
        said: format!(
            "{version}; contract: {}; certify: {}",
            contract.said, ended.last
        ),
        values: json!({
            "kubernetes": version,
            "contract": contract.values,
            "exit_code": ended.code,
            "levels": levels,
            "wall_s": ended.time().0,
            "ratios": ended.ratios(),
        }),
    })
}

/// The version that the report's cluster said of itself.
fn version(report: &Value) -> String {
    let said = &report["platforms"][0]["facts"]["kubernetes.version"];
    said.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_what_the_cluster_said() {
        let report = json!({"platforms": [{"facts": {"kubernetes.version": "v1.37.2"}}]});
        assert_eq!(version(&report), "v1.37.2");
        assert_eq!(version(&Value::Null), "");
    }
}
