//! A ratio's interval beside 1 and its limit, on a logarithmic axis: half and double are alike.

use model::Estimate;

use super::canvas::{Anchor, Canvas};
use super::scale::Scale;
use crate::numbers::ratio;

/// Draws `estimate` against `limit`.
pub(crate) fn interval(id: &str, title: &str, estimate: &Estimate, limit: Option<f64>) -> String {
    const WIDTH: f64 = 340.0;
    let edge = limit.filter(|l| l.is_finite() && *l > 1.0).unwrap_or(1.1);
    let low = [estimate.low, 1.0 / edge].into_iter().fold(1.0, f64::min);
    let high = [estimate.high, edge].into_iter().fold(1.0, f64::max);
    let scale = Scale::log((low / 1.06, high * 1.06), 8.0, WIDTH - 8.0);
    let mut canvas = Canvas::new(WIDTH, 62.0);
    let mut words = format!(
        "Ratio {}, interval {} to {}",
        ratio(estimate.value),
        ratio(estimate.low),
        ratio(estimate.high)
    );
    if let Some(limit) = limit {
        let x = scale.at(limit);
        canvas.rect("zone", (8.0, 16.0), (x - 8.0, 24.0));
        canvas.line("limit", (x, 12.0), (x, 44.0));
        // The label stays inside the drawing whichever side the limit is on.
        let (at, anchor) = if x > WIDTH - 60.0 {
            (x + 4.0, Anchor::End)
        } else {
            (x, Anchor::Middle)
        };
        let label = format!("limit {}", ratio(limit));
        canvas.text("limit-label", (at, 9.0), anchor, &label);
        words += &format!(", limit {}", ratio(limit));
    }
    canvas.line("one", (scale.at(1.0), 14.0), (scale.at(1.0), 42.0));
    let (from, to) = (scale.at(estimate.low), scale.at(estimate.high));
    canvas.line("ci", (from, 28.0), (to.max(from + 1.0), 28.0));
    for end in [from, to] {
        canvas.line("ci-end", (end, 23.0), (end, 33.0));
    }
    let x = scale.at(estimate.value);
    let disc = format!(
        "M{} 28a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
        super::canvas::number(x - 5.0)
    );
    canvas.path("cand", &disc);
    for tick in scale.ticks() {
        canvas.line("grid", (scale.at(tick), 42.0), (scale.at(tick), 46.0));
        let label = ratio(tick);
        canvas.text("tick", (scale.at(tick), 58.0), Anchor::Middle, &label);
    }
    canvas.finish(id, title, &format!("{words}."))
}
