//! The shipped images on a real kind cluster, five times.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use super::record::spread;
use super::{Figures, Row, certify};
use crate::{cargo, testbed};

pub(super) const ROW: Row = Row {
    name: "kind",
    holds: "of 5 runs of the three images on the test bed's kind, each within 15 minutes, at least \
            4 exit 0 at L3, and no exit 0 is wrong; nothing is left in the cluster",
    measure,
};

const RUNS: usize = 5;
const LEAST_CERTIFIED: usize = 4;
const LIMIT_S: f64 = 900.0;
const ARGUMENTS: &[&str] = &[
    "--platform",
    "kind",
    "--image",
    "python",
    "--image",
    "nginx",
    "--image",
    "valkey",
    "--profile",
    "smoke",
];

fn measure() -> Result<Figures> {
    testbed::run(&["up".to_owned()])?;
    let (mut codes, mut wrong, mut certified) = (BTreeMap::new(), 0, 0);
    let (mut seconds, mut others) = (Vec::new(), Vec::new());
    let mut ratios: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for number in 1..=RUNS {
        let ended = certify::run(ARGUMENTS)?;
        cargo::say(&format!("          {number} of {RUNS}: {}", ended.last));
        *codes.entry(ended.code).or_insert(0) += 1;
        let (wall, _) = ended.time();
        seconds.push(wall);
        let at_l3 = ended.levels().iter().all(|level| level == "L3");
        if ended.code == 0 {
            certified += usize::from(at_l3);
            wrong += usize::from(!ended.is_backed());
        } else {
            others.push(ended.last.clone());
        }
        for (name, ratio) in ended.ratios() {
            ratios.entry(name).or_default().push(ratio);
        }
    }
    let left = testbed::left_by_runs()?;
    let in_time = seconds.iter().all(|wall| *wall <= LIMIT_S);
    Ok(Figures {
        holds: certified >= LEAST_CERTIFIED && wrong == 0 && in_time && left.is_empty(),
        said: format!(
            "{certified} of {RUNS} certified at L3, {wrong} wrongly; longest {:.0} s; left: {}",
            seconds.iter().copied().fold(f64::NAN, f64::max),
            if left.is_empty() { "nothing" } else { &left }
        ),
        values: json!({
            "exit_codes": codes,
            "other_endings": others,
            "wall_s": spread(&seconds),
            "ratios": ratios.iter().map(|(k, v)| (k, spread(v))).collect::<BTreeMap<_, _>>(),
            "left": left,
        }),
    })
}
