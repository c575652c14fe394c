//! Do two images start alike? Decided by the program's own startup suite, with its own stopping
//! rule and its own comparison of the baseline with itself.

use std::fmt;

use camino::Utf8Path;
use model::{Arm, Baseline, Estimate, ImageSpec, Outcome, Report};

use crate::needs;
use crate::program::Pair;

/// The metric that decides.
const APP_READY: &str = "startup.warm.app-ready";

/// The band: no interval may leave it. The profile's margin is the same, so rounds go on until
/// intervals are narrow enough for it.
const BAND: f64 = 0.10;

/// What came of comparing; each with its figures.
#[derive(Debug)]
pub(crate) enum Likeness {
    /// The whole interval lies within the band.
    Alike(String),
    /// The whole interval lies outside.
    Different(String),
    /// Neither: the machine is too noisy, or the baseline differed from itself. No pass.
    Undecided(String),
}

impl fmt::Display for Likeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alike(text) => write!(f, "alike: {text}"),
            Self::Different(text) => write!(f, "different: {text}"),
            Self::Undecided(text) => write!(f, "inconclusive: {text}"),
        }
    }
}

/// Runs the startup suite on the real installation with `baseline` beside it.
pub(crate) fn compare(pair: &Pair, baseline: &Utf8Path) -> Likeness {
    let spec = ImageSpec {
        slices: Default::default(),
        from: Some(pair.theirs.layout.to_string()),
        files: Vec::new(),
        finish: Vec::new(),
        baseline: Baseline::Layout(baseline.to_string()),
        ..pair.program.spec().clone()
    };
    let folder = tempfile::tempdir_in(pair.folder()).unwrap();
    let place = |name: &str| {
        let path = folder.path().join(name);
        path.to_str().unwrap().to_owned()
    };
    // JSON is YAML, and the program reads it with the same rules.
    let text = serde_json::to_string_pretty(&spec).unwrap();
    let file = place(&format!("{}.yaml", pair.program.name));
    fs_err::write(&file, text).unwrap();
    fs_err::write(place("profile.yaml"), include_str!("profile.yaml")).unwrap();
    let done = needs::certify()
        .args(["run", "--suite", "startup", "--json", "--image", &file])
        .args(["--profile", &place("profile.yaml"), "--out", &place("run")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let report: Report = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("no report ({error}), exit {:?}: {said}", done.status));
    decide(&report)
}

/// Reads the verdict off a report of one image.
fn decide(report: &Report) -> Likeness {
    let check = report
        .cells
        .iter()
        .flat_map(|cell| &cell.checks)
        .find(|check| check.id.as_str() == APP_READY);
    let Some(check) = check.filter(|_| report.complete) else {
        return Likeness::Undecided(format!("not measured: {}", report.verdict));
    };
    let measured = |a: Arm| {
        report
            .measurements
            .iter()
            .find(|m| m.metric == APP_READY && m.arm_a == a && m.arm_b == Arm::Baseline)
    };
    let (Some(pair), Some(own)) = (measured(Arm::Candidate), measured(Arm::Baseline)) else {
        return Likeness::Undecided(format!("no figures: {}", check.message));
    };
    let (Some(ratio), Some(own_ratio)) = (pair.ratio, own.ratio) else {
        return Likeness::Undecided(format!("no interval: {}", check.message));
    };
    let shown = |e: Estimate| format!("{:.3} ({:.3} - {:.3})", e.value, e.low, e.high);
    let figures = format!(
        "app-ready {:.1} ms installed, {:.1} ms default baseline, ratio {} over {} rounds, baseline \
         with itself {}, load {:.1} to {:.1} on {} processors",
        pair.median_a,
        pair.median_b,
        shown(ratio),
        pair.n,
        shown(own_ratio),
        report.run.host.load_start,
        report.run.host.load_end,
        report.run.host.cpus,
    );
    // An invalid session, too few rounds and an interval wider than planned end as inconclusive.
    let is_decided = matches!(check.outcome, Outcome::Pass | Outcome::Fail);
    // Width does not matter to an interval that lies outside, but a baseline that differs from
    // itself does.
    let is_sane = own_ratio.low <= 1.0 && own_ratio.high >= 1.0;
    match place(ratio) {
        Place::Within if is_decided => Likeness::Alike(figures),
        Place::Outside if is_decided || is_sane => Likeness::Different(figures),
        _ => Likeness::Undecided(format!("{}; {figures}", check.message)),
    }
}

/// Where an interval lies.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Within,
    Outside,
    Across,
}

/// Where an interval lies with respect to the band, which is symmetric for ratios.
fn place(ratio: Estimate) -> Place {
    let (low, high) = (1.0 / (1.0 + BAND), 1.0 + BAND);
    if ratio.low >= low && ratio.high <= high {
        Place::Within
    } else if ratio.high < low || ratio.low > high {
        Place::Outside
    } else {
        Place::Across
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_must_lie_within_the_band() {
        for (low, high, expected) in [
            (0.95, 1.05, Place::Within),
            (0.91, 1.10, Place::Within),
            (0.90, 1.05, Place::Across),
            (0.95, 1.11, Place::Across),
            (0.50, 2.00, Place::Across),
            (1.08, 1.20, Place::Across),
            (1.11, 1.20, Place::Outside),
            (0.30, 0.35, Place::Outside),
        ] {
            let ratio = Estimate {
                value: f64::midpoint(low, high),
                low,
                high,
                level: 0.95,
            };
            assert_eq!(place(ratio), expected, "{low} to {high}");
        }
    }

    #[test]
    fn the_profile_demands_the_bands_margin() {
        let profile = model::Profile::from_yaml("", include_str!("profile.yaml")).unwrap();
        assert!((profile.margin.oci - BAND).abs() < 1e-9);
        assert_eq!(profile.repeat_invalid_session, 1);
    }
}
