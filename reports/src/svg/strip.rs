//! The strip plot: every sample in the order it was made, each arm with its own shape.

use model::{Arm, Point};

use super::Screen;
use super::canvas::{Anchor, Canvas, Shape};
use super::scale::{Scale, extent};
use crate::numbers::decimal;

const LEFT: f64 = 46.0;
const HEIGHT: f64 = 210.0;

/// Draws `series` against its round; `unit` labels the axis. `None` when there is nothing to draw.
pub(crate) fn strip(
    screen: Screen,
    id: &str,
    (title, description): (&str, &str),
    series: &[Point],
    unit: &str,
) -> Option<String> {
    let values = extent(series.iter().map(|p| p.value))?;
    let (first, last) = extent(series.iter().map(|p| f64::from(p.round)))?;
    let width = screen.width();
    let y = Scale::linear(values, HEIGHT - 34.0, 20.0);
    let right = width - 8.0;
    // A round takes a slot of equal width, in which the arms stand side by side.
    let slot = (right - LEFT) / (last - first + 1.0);
    let x = |round: f64, arm: Arm| {
        let place = match arm {
            Arm::Candidate => 0.25,
            Arm::Baseline => 0.5,
            Arm::BaselineAgain => 0.75,
        };
        LEFT + (round - first + place) * slot
    };
    let mut canvas = Canvas::new(width, HEIGHT);
    canvas.text("tick", (0.0, 10.0), Anchor::Start, unit);
    let decimals = usize::from(values.1 - values.0 < 5.0);
    for tick in y.ticks() {
        canvas.line("grid", (LEFT, y.at(tick)), (right, y.at(tick)));
        let label = decimal(tick, decimals);
        canvas.text("tick", (LEFT - 8.0, y.at(tick) + 4.0), Anchor::End, &label);
    }
    for round in round_ticks(first as u32, last as u32, screen) {
        let at = x(f64::from(round), Arm::Baseline);
        let label = (round + 1).to_string();
        canvas.text("tick", (at, HEIGHT - 16.0), Anchor::Middle, &label);
    }
    canvas.text("tick", (right, HEIGHT - 2.0), Anchor::End, "round");
    for (class, arm) in [
        ("base", Arm::Baseline),
        ("again", Arm::BaselineAgain),
        ("cand", Arm::Candidate),
    ] {
        let mut path = String::new();
        for point in series
            .iter()
            .filter(|p| p.arm == arm && p.value.is_finite())
        {
            let at = (x(f64::from(point.round), arm), y.at(point.value));
            Shape::of(arm).draw(&mut path, at);
        }
        canvas.path(class, &path);
    }
    Some(canvas.finish(&format!("{id}-{}", screen.suffix()), title, description))
}

/// The rounds that get a number.
fn round_ticks(first: u32, last: u32, screen: Screen) -> Vec<u32> {
    let most = match screen {
        Screen::Wide => 12,
        Screen::Narrow => 6,
    };
    let span = last.saturating_sub(first) + 1;
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|step| span / step <= most)
        .unwrap_or(1000);
    // Rounds are counted from 0 and shown from 1: a tick stands where the shown number is round.
    (first..=last)
        .filter(|round| (round + 1) % step == 0 || *round == first)
        .collect()
}
