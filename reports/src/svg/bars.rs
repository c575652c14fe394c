//! Bars of bytes: the baseline above, the candidate beneath, on one scale from zero.

use super::canvas::{Anchor, Canvas};

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Style class: `cbar`, `bbar`.
    pub(crate) class: &'static str,
    /// Its words: `candidate 46.8 MB (41 %)`.
    pub(crate) label: String,
    /// Its length in any unit.
    pub(crate) value: f64,
}

/// Draws bars beneath each other, each under its label.
pub(crate) fn bars(id: &str, title: &str, bars: &[Bar]) -> String {
    const WIDTH: f64 = 340.0;
    let longest = bars
        .iter()
        .map(|b| b.value)
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let mut canvas = Canvas::new(WIDTH, 36.0 * bars.len() as f64);
    for (i, bar) in bars.iter().enumerate() {
        let y = 36.0 * i as f64;
        let share = if longest > 0.0 {
            bar.value / longest
        } else {
            0.0
        };
        canvas.text("label", (0.0, y + 13.0), Anchor::Start, &bar.label);
        canvas.rect(bar.class, (0.0, y + 18.0), ((share * WIDTH).max(1.0), 12.0));
    }
    let words: Vec<String> = bars.iter().map(|b| b.label.clone()).collect();
    canvas.finish(id, title, &format!("{}.", words.join("; ")))
}
