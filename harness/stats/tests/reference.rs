//! Against numpy, scipy and diptest: `data/reference.py` wrote `data/reference.json`.
#![allow(clippy::unwrap_used, missing_docs)]

use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    signed_rank: Vec<Paired>,
    rank_sum: Vec<Unpaired>,
    summary: Vec<Summary>,
    theil_sen: Vec<Slope>,
    dip: Vec<Modes>,
    fisher: Vec<Table>,
}

#[derive(Deserialize)]
struct Paired {
    d: Vec<f64>,
    level: f64,
    estimate: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Unpaired {
    a: Vec<f64>,
    b: Vec<f64>,
    p: f64,
    level: f64,
    estimate: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Summary {
    values: Vec<f64>,
    quantiles: Vec<(f64, f64)>,
    mad: f64,
    cv: f64,
}

#[derive(Deserialize)]
struct Slope {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: f64,
}

#[derive(Deserialize)]
struct Modes {
    values: Vec<f64>,
    dip: f64,
    share: f64,
}

#[derive(Deserialize)]
struct Table {
    table: [[u32; 2]; 2],
    p: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("data/reference.json")).unwrap()
}

#[track_caller]
fn same(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-10 * expected.abs().max(1e-3),
        "{found} {expected}"
    );
}

#[test]
fn signed_rank() {
    for case in reference().signed_rank {
        let found = stats::signed_rank(&case.d, case.level).unwrap();
        same(found.estimate, case.estimate);
        same(found.low, case.low);
        same(found.high, case.high);
        assert_eq!((found.n, found.level), (case.d.len(), case.level));
    }
}

#[test]
fn rank_sum() {
    for case in reference().rank_sum {
        let found = stats::rank_sum(&case.a, &case.b, case.level).unwrap();
        same(found.p, case.p);
        same(found.shift.estimate, case.estimate);
        same(found.shift.low, case.low);
        same(found.shift.high, case.high);
    }
}

#[test]
fn summary() {
    for case in reference().summary {
        for (q, expected) in case.quantiles {
            same(stats::quantile(&case.values, q).unwrap(), expected);
        }
        same(stats::mad(&case.values).unwrap(), case.mad);
        same(stats::cv(&case.values).unwrap(), case.cv);
    }
}

#[test]
fn theil_sen() {
    for case in reference().theil_sen {
        let points: Vec<_> = case.x.into_iter().zip(case.y).collect();
        same(stats::theil_sen(&points).unwrap(), case.slope);
    }
}

#[test]
fn modes() {
    for case in reference().dip {
        let found = stats::bimodal(&case.values);
        assert_eq!(found.is_some(), case.share > 0.0, "{found:?}");
        if let Some(modes) = found {
            same(modes.dip, case.dip);
            assert!((modes.share_high - case.share).abs() < 0.15, "{modes}");
            assert!((modes.high / modes.low - 3.0).abs() < 0.3, "{modes}");
        }
    }
}

#[test]
fn fisher_exact() {
    for case in reference().fisher {
        same(stats::fisher_exact(case.table), case.p);
    }
}
