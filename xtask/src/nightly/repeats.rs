//! The default run, twenty times.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use super::record::spread;
use super::{Figures, Row, certify};
use crate::cargo;

pub(super) const ROW: Row = Row {
    name: "repeats",
    holds: "of 20 default runs on an idle machine at least 19 exit 0, and no exit 0 is wrong",
    measure,
};

const RUNS: usize = 20;
const LEAST_CERTIFIED: usize = 19;

fn measure() -> Result<Figures> {
    let (mut codes, mut wrong) = (BTreeMap::new(), 0);
    let (mut seconds, mut overhead) = (Vec::new(), Vec::new());
    let mut ratios: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut others = Vec::new();
    for number in 1..=RUNS {
        let ended = certify::run(&[])?;
        cargo::say(&format!("          {number} of {RUNS}: {}", ended.last));
        *codes.entry(ended.code).or_insert(0) += 1;
        if ended.code == 0 {
            wrong += usize::from(!ended.is_backed());
        } else {
            others.push(ended.last.clone());
        }
        let (wall, share) = ended.time();
        seconds.push(wall);
        overhead.push(share);
        for (name, ratio) in ended.ratios() {
            ratios.entry(name).or_default().push(ratio);
        }
    }
    let certified = codes.get(&0).copied().unwrap_or(0);
    Ok(Figures {
        holds: certified >= LEAST_CERTIFIED && wrong == 0,
        said: format!("{certified} of {RUNS} exit 0, {wrong} of them wrongly"),
        values: json!({
            "exit_codes": codes,
            "other_endings": others,
            "wall_s": spread(&seconds),
            "overhead_share": spread(&overhead),
            "ratios": ratios.iter().map(|(k, v)| (k, spread(v))).collect::<BTreeMap<_, _>>(),
        }),
    })
}
