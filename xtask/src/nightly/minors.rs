//! Other minors of Kubernetes than the one of every landing.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Figures, Row, certify, tested};
use crate::{cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "minors",
    holds: "on a test bed of each other minor of Kubernetes the contract holds, and an image is \
            certified at L3",
    measure,
};

const MINORS: [&str; 3] = ["1.37", "1.35", "1.34"];

fn measure() -> Result<Figures> {
    let (mut all, mut bad) = (Map::new(), Vec::new());
    for minor in MINORS {
        let figures = one(minor).unwrap_or_else(|error| Figures {
            holds: false,
            said: format!("{error:#}"),
            values: Value::Null,
        });
        cargo::say(&format!("          {minor}: {}", figures.said));
        if !figures.holds {
            bad.push(format!("{minor}: {}", figures.said));
        }
        all.insert(minor.to_owned(), figures.values);
    }
    testbed::run(&["down".to_owned()])?;
    Ok(Figures {
        holds: bad.is_empty(),
        said: if bad.is_empty() {
            format!("all of {}", MINORS.join(", "))
        } else {
            bad.join("; ")
        },
        values: Value::Object(all),
    })
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
