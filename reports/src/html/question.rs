//! One question's card: the number, its interval and limit, and how sound it is.

use minijinja::Value;
use model::{Arm, Point, Report};
use serde::Serialize;

use super::record::method_anchor;
use crate::numbers::plural;
use crate::reading::{Chip, Question, show_samples};
use crate::svg::{Arms, Screen, interval, steps, strip};
use crate::text::one_line;

/// What `question.html` is filled with.
#[derive(Debug, Serialize)]
pub(super) struct QuestionPart {
    title: String,
    metric: String,
    answer: Chip,
    big: String,
    arms: String,
    sentences: Vec<String>,
    drawing: Option<Value>,
    method: String,
    method_link: Option<String>,
    soundness: Vec<(String, String)>,
    plot: Option<Plot>,
    command: String,
}

/// A plot of all samples, once for each screen.
#[derive(Debug, Serialize)]
struct Plot {
    title: String,
    wide: Value,
    narrow: Value,
    has_again: bool,
    slopes: String,
    note: String,
}

impl QuestionPart {
    /// The card of `question`; `id` is unique in the page.
    pub(super) fn of(report: &Report, question: &Question<'_>, id: &str) -> Self {
        let main = question.main;
        let title = question.title();
        Self {
            answer: question.answer(),
            big: question.big(),
            arms: question.arms(),
            sentences: [question.interval_words(), question.limit_words()]
                .into_iter()
                .flatten()
                .collect(),
            drawing: main
                .ratio
                .filter(|_| !question.is_single())
                .map(|e| Value::from_safe_string(interval(id, &title, &e, main.limit))),
            method: one_line(&main.method),
            method_link: method_anchor(report, question.cell.suite.as_str()),
            soundness: question.soundness(),
            plot: Plot::of(question, &title, &format!("{id}-all")),
            command: show_samples(report, question.cell.id.as_str()),
            metric: one_line(&main.metric),
            title,
        }
    }
}

impl Plot {
    fn of(question: &Question<'_>, title: &str, id: &str) -> Option<Self> {
        let series = series(question);
        if series.is_empty() {
            return None;
        }
        let stepped = series.iter().any(|p| p.containers.is_some());
        let main = question.main;
        let slopes = Arms {
            candidate: main.median_a,
            baseline: (!question.is_single()).then_some(main.median_b),
        };
        let words = if stepped {
            format!("{title}: memory of all containers against their number")
        } else {
            format!("{title}: every sample in the order it was made")
        };
        let described = format!(
            "{}; candidate {}, baseline {}.",
            plural(series.len() as u64, "sample", "samples"),
            question.value(main.median_a),
            question.value(main.median_b)
        );
        let draw = |screen| {
            let texts = (words.as_str(), described.as_str());
            let svg = if stepped {
                steps(screen, id, texts, &series, slopes)
            } else {
                strip(screen, id, texts, &series, &one_line(&main.unit))
            };
            svg.map(Value::from_safe_string)
        };
        Some(Self {
            wide: draw(Screen::Wide)?,
            narrow: draw(Screen::Narrow)?,
            title: words,
            has_again: series.iter().any(|p| p.arm == Arm::BaselineAgain),
            slopes: if stepped {
                question.arms()
            } else {
                String::new()
            },
            note: note(question, series.len()),
        })
    }
}

/// How many samples are drawn, and how many are not and why.
fn note(question: &Question<'_>, drawn: usize) -> String {
    let rejected = match question.main.rejected {
        0 => "none was rejected".to_owned(),
        n => format!(
            "{} rejected and not used",
            plural(u64::from(n), "trial was", "trials were")
        ),
    };
    format!(
        "{} drawn; {rejected}; warm-ups are discarded by plan and not drawn.",
        plural(drawn as u64, "sample", "samples")
    )
}

/// The samples of all arms: the comparison's own, and the A/A arm's where those lack it.
fn series(question: &Question<'_>) -> Vec<Point> {
    let mut series = question.main.series.clone();
    let has_again = series.iter().any(|p| p.arm == Arm::BaselineAgain);
    if let Some(control) = question.control.filter(|_| !has_again) {
        let again = control
            .series
            .iter()
            .filter(|p| p.arm == Arm::BaselineAgain);
        series.extend(again.copied());
    }
    series
}
