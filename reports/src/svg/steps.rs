//! The density plot: memory of all containers against their number, both arms with their slopes.

use model::{Arm, Point};

use super::Screen;
use super::canvas::{Anchor, Canvas, Shape};
use super::scale::{Scale, extent};
use crate::numbers::decimal;

const LEFT: f64 = 52.0;
const HEIGHT: f64 = 240.0;
const MIB: f64 = 1024.0 * 1024.0;

/// The slopes of the two arms, bytes a container: the reported medians, never fitted anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arms {
    /// The candidate's slope.
    pub(crate) candidate: f64,
    /// The baseline's slope; absent without a baseline.
    pub(crate) baseline: Option<f64>,
}

/// Draws `series`. `None` when no reading says how many containers ran.
pub(crate) fn steps(
    screen: Screen,
    id: &str,
    (title, description): (&str, &str),
    series: &[Point],
    slopes: Arms,
) -> Option<String> {
    let placed: Vec<(Arm, f64, f64)> = series
        .iter()
        .filter(|p| p.value.is_finite())
        .filter_map(|p| Some((p.arm, f64::from(p.containers?), p.value / MIB)))
        .collect();
    let (_, most) = extent(placed.iter().map(|p| p.1))?;
    let (low, high) = extent(placed.iter().map(|p| p.2))?;
    let width = screen.width();
    let x = Scale::linear((0.0, most), LEFT, width - 14.0);
    let y = Scale::linear((low.min(0.0), high), HEIGHT - 36.0, 20.0);
    let mut canvas = Canvas::new(width, HEIGHT);
    canvas.text("tick", (0.0, 10.0), Anchor::Start, "MiB");
    for tick in y.ticks() {
        canvas.line("grid", (LEFT, y.at(tick)), (width - 14.0, y.at(tick)));
        let label = decimal(tick, usize::from(high < 5.0));
        canvas.text("tick", (LEFT - 8.0, y.at(tick) + 4.0), Anchor::End, &label);
    }
    for tick in x.ticks().into_iter().filter(|t| t.fract() == 0.0) {
        let label = decimal(tick, 0);
        canvas.text("tick", (x.at(tick), HEIGHT - 18.0), Anchor::Middle, &label);
    }
    canvas.text(
        "tick",
        (width - 14.0, HEIGHT - 3.0),
        Anchor::End,
        "containers",
    );
    for (class, arm, slope) in [
        ("base-slope", Arm::Baseline, slopes.baseline),
        ("cand-slope", Arm::Candidate, Some(slopes.candidate)),
    ] {
        let slope = slope.filter(|s| s.is_finite()).map(|s| s / MIB);
        let line = slope.and_then(|slope| Some((slope, foot(&placed, arm, slope)?)));
        if let Some((slope, foot)) = line {
            let from = (x.at(0.0), y.at(foot));
            canvas.line(class, from, (x.at(most), y.at(foot + slope * most)));
        }
    }
    for (class, arm) in [
        ("base", Arm::Baseline),
        ("again", Arm::BaselineAgain),
        ("cand", Arm::Candidate),
    ] {
        let mut path = String::new();
        for (_, n, mib) in placed.iter().filter(|p| p.0 == arm) {
            Shape::of(arm).draw(&mut path, (x.at(*n), y.at(*mib)));
        }
        canvas.path(class, &path);
    }
    Some(canvas.finish(&format!("{id}-{}", screen.suffix()), title, description))
}

/// Where an arm's line starts: the median of its readings, each brought back to no container.
fn foot(placed: &[(Arm, f64, f64)], arm: Arm, slope: f64) -> Option<f64> {
    let mut feet: Vec<f64> = placed
        .iter()
        .filter(|p| p.0 == arm)
        .map(|(_, n, mib)| mib - slope * n)
        .collect();
    feet.sort_by(f64::total_cmp);
    feet.get(feet.len() / 2).copied()
}
