//! How fast slices are validated and cut, against the limits that were set for them.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Figures, Row};
use crate::{bench, build, cargo};

pub(super) const ROW: Row = Row {
    name: "slices",
    holds: "validating, cutting and reading indexes keep within the limits of CPU and memory, and \
            validation grows with the number of paths",
    measure,
};

/// A limit: the row and the path of its figure in what the bench prints, the most it may be, and its
/// unit.
struct Limit {
    row: &'static str,
    path: &'static str,
    most: f64,
    unit: &'static str,
}

const fn limit(row: &'static str, path: &'static str, most: f64, unit: &'static str) -> Limit {
    Limit {
        row,
        path,
        most,
        unit,
    }
}

/// CPU is user and system seconds of the whole process; the middle of several calls, or their mean
/// where one call is shorter than what the kernel shows.
const LIMITS: [Limit; 16] = [
    limit("validate ubuntu-24.04", "/anew/cpu_s_mean", 0.15, "s"),
    limit("validate ubuntu-26.04", "/anew/cpu_s_mean", 0.15, "s"),
    limit("validate ubuntu-24.04", "/kept/cpu_s_mean", 0.010, "s"),
    limit("validate ubuntu-26.04", "/kept/cpu_s_mean", 0.010, "s"),
    limit("cut python, xz", "/anew/cpu_s/median", 0.75, "s"),
    limit("cut jre, xz", "/anew/cpu_s/median", 3.0, "s"),
    limit("cut jre, xz", "/anew/peak_mib/median", MOST_MIB, "MiB"),
    limit("cut python, zstd", "/anew/cpu_s/median", 0.25, "s"),
    limit("cut jre, zstd", "/anew/cpu_s/median", 0.7, "s"),
    limit("cut python, xz", SECOND_IMAGE, 0.05, "s"),
    limit("cut jre, xz", SECOND_IMAGE, 0.05, "s"),
    limit("cut python, xz", "/second_root/cpu_s/median", 0.3, "s"),
    limit("index", "/cold_from_xz_cpu_s", 0.6, "s"),
    limit("index", "/cold_from_gz_cpu_s", 0.25, "s"),
    limit("index", "/kept_cpu_s", 0.010, "s"),
    limit(GROWTH, "/4/cpu_us_per_path", MOST_PER_PATH_US, "µs"),
];

const SECOND_IMAGE: &str = "/second_image_of_a_lock/cpu_s/median";
/// 250 MB.
const MOST_MIB: f64 = 250e6 / (1 << 20) as f64;
const GROWTH: &str = "growth of validation";
/// Far above what a path costs here, far below what it costs where each is compared with all.
const MOST_PER_PATH_US: f64 = 20.0;
/// How many times what a path costs in the smallest release it may cost in the largest.
const MOST_GROWTH: f64 = 2.0;

fn measure() -> Result<Figures> {
    build::libexec()?;
    let printed = cargo::output("cargo bench", bench::slices(&[]))?;
    let found: Value = serde_json::from_str(&printed).context("reading what the bench prints")?;
    let wrong = wrong(&found);
    Ok(Figures {
        holds: wrong.is_empty(),
        said: match wrong.is_empty() {
            true => format!("{} figures within their limits", LIMITS.len() + 1),
            false => wrong.join("; "),
        },
        values: json!({"bench": found, "over": wrong}),
    })
}

/// Each figure that is over its limit, or that is not there.
fn wrong(found: &Value) -> Vec<String> {
    let figure = |row: &str, path: &str| found[row].pointer(path).and_then(Value::as_f64);
    let mut wrong = Vec::new();
    for limit in &LIMITS {
        let what = format!("{} {}", limit.row, limit.path);
        match figure(limit.row, limit.path) {
            None => wrong.push(format!("{what} is absent")),
            Some(value) if value <= limit.most => {}
            Some(value) => wrong.push(format!(
                "{what} is {value:.3} {unit}, over {most} {unit}",
                unit = limit.unit,
                most = limit.most
            )),
        }
    }
    let sizes = found[GROWTH].as_array();
    let per_path = |size: Option<&Value>| size?["cpu_us_per_path"].as_f64();
    let ends = sizes.map(|sizes| (per_path(sizes.first()), per_path(sizes.last())));
    match ends {
        Some((Some(first), Some(last))) if last <= first * MOST_GROWTH => {}
        Some((Some(first), Some(last))) => wrong.push(format!(
            "{GROWTH}: a path of the largest release takes {:.1} times as long as one of the \
             smallest, over {MOST_GROWTH}",
            last / first
        )),
        _ => wrong.push(format!("{GROWTH} is absent")),
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bench prints, all of it right at its limit.
    fn good() -> Value {
        let validated = json!({"anew": {"cpu_s_mean": 0.15}, "kept": {"cpu_s_mean": 0.01}});
        let cut = |cpu_s: f64| {
            let of = |cpu_s: f64, mib: f64| {
                json!({"cpu_s": {"median": cpu_s, "max": 99.0},
                "peak_mib": {"median": mib}})
            };
            json!({"anew": of(cpu_s, MOST_MIB), "second_root": of(0.3, 99.0),
                "second_image_of_a_lock": of(0.05, 99.0)})
        };
        let sizes: Vec<Value> = [5.0, 6.0, 7.0, 8.0, 10.0]
            .map(|us| json!({"cpu_us_per_path": us}))
            .into();
        json!({
            "validate ubuntu-24.04": validated,
            "validate ubuntu-26.04": validated,
            "growth of validation": sizes,
            "index": {"cold_from_xz_cpu_s": 0.6, "cold_from_gz_cpu_s": 0.25, "kept_cpu_s": 0.01},
            "cut python, xz": cut(0.75),
            "cut python, zstd": cut(0.25),
            "cut jre, xz": cut(3.0),
            "cut jre, zstd": cut(0.7),
        })
    }

    #[test]
    fn figures_at_their_limits_are_within_them() {
        assert_eq!(wrong(&good()), [""; 0]);
    }

    #[test]
    fn every_figure_that_is_over_or_absent_is_named() {
        for limit in &LIMITS {
            let what = format!("{} {}", limit.row, limit.path);
            for (value, word) in [(json!(limit.most * 1.1), "over"), (Value::Null, "absent")] {
                let mut found = good();
                *found[limit.row].pointer_mut(limit.path).unwrap() = value;
                let wrong = wrong(&found);
                let mut named = wrong.iter().filter(|text| text.starts_with(&what));
                assert!(
                    named.all(|text| text.contains(word)) && !wrong.is_empty(),
                    "{what}"
                );
            }
        }
        // No row at all, or one that says it was skipped, is not within its limits.
        assert_eq!(wrong(&json!({})).len(), LIMITS.len() + 1);
        let mut skipped = good();
        skipped["validate ubuntu-24.04"] = json!({"skipped": "a path"});
        assert_eq!(wrong(&skipped).len(), 2);
    }

    #[test]
    fn a_path_that_costs_more_among_many_is_found() {
        let mut found = good();
        found[GROWTH][0]["cpu_us_per_path"] = json!(4.0);
        let wrong = wrong(&found);
        assert!(
            wrong.len() == 1 && wrong[0].contains("2.5 times"),
            "{wrong:?}"
        );
    }
}
