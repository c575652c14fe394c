//! What starts read, by name.

use std::collections::BTreeMap;

use engine::clock::{MonotonicNs, millis};
use engine::{InPlaceStart, StartStamps};

/// Names of the readings of a trial.
pub(super) const FIRST_INSTRUCTION_MS: &str = "first_instruction_ms";
pub(super) const APP_READY_MS: &str = "app_ready_ms";
const STARTED_MS: &str = "runtime_started_ms";
/// What readings of starts in place begin with; where there are some, app-ready is their median.
pub(super) const IN_PLACE: &str = "in_place_";

/// What an arm's containers of one round read. With starts in place app-ready is their median, and every
/// one of them is kept; the parts of a container's own start are means over the containers.
pub(super) fn readings(stamps: &[StartStamps], in_place: &[InPlaceStart]) -> BTreeMap<String, f64> {
    let between = |from: MonotonicNs, to: MonotonicNs| millis(to.since(from));
    let starts: Vec<f64> = in_place
        .iter()
        .map(|start| between(start.exec, start.ready))
        .collect();
    let mut values = BTreeMap::new();
    let mut put = |key: &str, each: Vec<f64>| {
        if !each.is_empty() {
            let mean = each.iter().sum::<f64>() / each.len() as f64;
            values.insert(key.to_owned(), mean);
        }
    };
    let each = |part: &dyn Fn(&StartStamps) -> Option<MonotonicNs>| -> Vec<f64> {
        let parts = stamps.iter().filter_map(|one| Some((one, part(one)?)));
        parts.map(|(one, at)| between(one.requested, at)).collect()
    };
    put(STARTED_MS, each(&|one| Some(one.started)));
    put(FIRST_INSTRUCTION_MS, each(&|one| one.first_instruction));
    match stats::median(&starts) {
        Ok(median) => put(APP_READY_MS, vec![median]),
        Err(_) => put(APP_READY_MS, each(&|one| Some(one.ready))),
    }
    for (number, ms) in (1..).zip(&starts) {
        values.insert(format!("{IN_PLACE}{number:02}_ms"), *ms);
    }
    values
}

/// Why these stamps cannot be true.
pub(super) fn implausible(stamps: &StartStamps) -> Option<String> {
    let Some(first) = stamps.first_instruction else {
        return Some("the stamper's line is missing".to_owned());
    };
    let order = [
        (
            "first instruction before the request",
            stamps.requested,
            first,
        ),
        ("ready before the first instruction", first, stamps.ready),
    ];
    order
        .into_iter()
        .find(|(_, a, b)| a > b)
        .map(|(what, ..)| what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_reads_the_median_of_its_starts_and_the_mean_of_its_containers() {
        let stamps = |started: u64, first: u64| StartStamps {
            requested: MonotonicNs(0),
            started: MonotonicNs(started * 1_000_000),
            first_instruction: Some(MonotonicNs(first * 1_000_000)),
            ready: MonotonicNs(90_000_000),
        };
        let start = |ms: u64| InPlaceStart {
            exec: MonotonicNs(5_000_000),
            ready: MonotonicNs((5 + ms) * 1_000_000),
        };
        let read = readings(&[stamps(10, 20), stamps(20, 40)], &[3, 9, 4].map(start));
        assert_eq!(read[APP_READY_MS], 4.0);
        assert_eq!((read[STARTED_MS], read[FIRST_INSTRUCTION_MS]), (15.0, 30.0));
        assert_eq!(read["in_place_02_ms"], 9.0);
        let alone = readings(&[stamps(10, 20)], &[]);
        assert_eq!(alone[APP_READY_MS], 90.0);
        assert!(readings(&[], &[]).is_empty());
    }
}
