//! How a measured comparison reads: better, equal, worse or not seen, and within its limit or not.
//!
//! Less is better for every metric of the harness (milliseconds, bytes). *Equal* is said when the
//! interval holds 1 and the 90 % interval lies inside the limit and its reciprocal (two one-sided
//! tests); an interval that holds 1 while the other is wider only shows *no difference*.

use model::{Arm, CellVerdict, Estimate, Measurement};

use crate::numbers::{decimal, interval, listed, percent, plural, ratio, ratio_beside, value};
use crate::reading::{Chip, Tone};
use crate::text::one_line;

/// One question of a suite and what answered it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The cell it belongs to.
    pub(crate) cell: &'a CellVerdict,
    /// The candidate against the baseline, or the candidate alone.
    pub(crate) main: &'a Measurement,
    /// The baseline against itself.
    pub(crate) control: Option<&'a Measurement>,
}

/// Which side of its limit an interval is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// All of it is within.
    Within,
    /// All of it is beyond.
    Beyond,
    /// It lies across.
    Across,
}

/// The questions of one cell, those with a criterion first.
pub(crate) fn questions(cell: &CellVerdict) -> Vec<Question<'_>> {
    let is_control = |m: &&Measurement| m.arm_a != Arm::Candidate && m.arm_b != Arm::Candidate;
    let mut found: Vec<Question<'_>> = cell
        .measurements
        .iter()
        .filter(|m| !is_control(m))
        .map(|main| Question {
            cell,
            main,
            control: cell
                .measurements
                .iter()
                .filter(is_control)
                .find(|m| m.metric == main.metric),
        })
        .collect();
    found.sort_by_key(|q| q.main.limit.is_none());
    found
}

impl Question<'_> {
    /// `Warm start to first correct answer`.
    pub(crate) fn title(&self) -> String {
        let title = one_line(&self.main.title);
        let mut chars = title.chars();
        chars
            .next()
            .map(|first| first.to_uppercase().chain(chars).collect())
            .unwrap_or_else(|| one_line(&self.main.metric))
    }

    /// Whether only the candidate was measured.
    pub(crate) fn is_single(&self) -> bool {
        self.main.arm_a == self.main.arm_b
    }

    /// `0.99 × baseline`, or the candidate's own value.
    pub(crate) fn big(&self) -> String {
        match self.main.ratio {
            Some(estimate) if !self.is_single() => {
                format!(
                    "{} × baseline",
                    decimal(estimate.value, estimate.decimals())
                )
            }
            _ => self.value(self.main.median_a),
        }
    }

    /// `0.99`; the candidate's own value when it stands alone.
    pub(crate) fn ratio_words(&self) -> String {
        match self.main.ratio.filter(|_| !self.is_single()) {
            Some(estimate) => decimal(estimate.value, estimate.decimals()),
            None => self.value(self.main.median_a),
        }
    }

    /// `0.97–1.02`; empty without an interval.
    pub(crate) fn interval_short(&self) -> String {
        match self
            .main
            .ratio
            .filter(|e| !self.is_single() && e.low < e.high)
        {
            Some(estimate) => self.ends(&estimate),
            None => String::new(),
        }
    }

    /// `62.0 ms against 62.4 ms`.
    pub(crate) fn arms(&self) -> String {
        if self.is_single() {
            return "no baseline to compare with".to_owned();
        }
        format!(
            "{} against {}",
            self.value(self.main.median_a),
            self.value(self.main.median_b)
        )
    }

    /// A value in the measurement's unit.
    pub(crate) fn value(&self, value_in_unit: f64) -> String {
        value(&self.main.metric, &self.main.unit, value_in_unit)
    }

    /// In a few words, with the tone of the answer.
    pub(crate) fn answer(&self) -> Chip {
        let Some(estimate) = self.main.ratio.filter(|_| !self.is_single()) else {
            return Chip::new("not compared", Tone::Plain);
        };
        let side = self.main.limit.map(|limit| side(&estimate, limit));
        match side {
            Some(Side::Beyond) => Chip::new(
                format!("worse than the limit allows: {}", change(&estimate)),
                Tone::Bad,
            ),
            Some(Side::Across) => Chip::new("not decided", Tone::Open),
            Some(Side::Within) => Chip::new(self.difference(&estimate), Tone::Good),
            None => Chip::new(self.difference(&estimate), Tone::Plain),
        }
    }

    /// The size of the difference in words.
    fn difference(&self, estimate: &Estimate) -> String {
        let exact = estimate.low == estimate.high;
        // Two one-sided tests at 5 % are one 90 % interval.
        let equal = self.main.ratio_90.as_ref().unwrap_or(estimate);
        match self.main.limit {
            _ if estimate.high < 1.0 || estimate.low > 1.0 => change(estimate),
            _ if exact => "exactly equal".to_owned(),
            Some(limit) if equal.low >= 1.0 / limit && equal.high <= limit => {
                format!("equal within {}", percent(limit - 1.0))
            }
            _ => "no difference seen".to_owned(),
        }
    }

    /// `95 % interval 0.97–1.02 from 60 pairs.`
    pub(crate) fn interval_words(&self) -> Option<String> {
        let estimate = self.main.ratio.filter(|_| !self.is_single())?;
        let n = plural(u64::from(self.main.n), "pair", "pairs");
        Some(if estimate.low == estimate.high {
            "Counted exactly, so it has no interval.".to_owned()
        } else {
            format!(
                "{} interval {} from {n}.",
                percent(estimate.level),
                self.ends(&estimate)
            )
        })
    }

    /// `Limit 1.15: within it.`
    pub(crate) fn limit_words(&self) -> Option<String> {
        let limit = self.main.limit?;
        let words = match self.main.ratio.map(|estimate| side(&estimate, limit)) {
            Some(Side::Within) => "within it",
            Some(Side::Beyond) => "beyond it",
            Some(Side::Across) => "the interval lies across it, so nothing is decided",
            None => "no ratio could be formed",
        };
        Some(format!("Limit {}: {words}.", ratio(limit)))
    }

    /// The interval; a third decimal where it would otherwise look equal to the limit.
    fn ends(&self, estimate: &Estimate) -> String {
        match self.main.limit {
            Some(limit) if estimate.decimals() == 2 => format!(
                "{}–{}",
                ratio_beside(estimate.low, limit),
                ratio_beside(estimate.high, limit)
            ),
            _ => interval(estimate),
        }
    }

    /// Rows that say how far the number can be trusted.
    pub(crate) fn soundness(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        if let Some(control) = self.control {
            let words = control.ratio.map_or_else(
                || "could not be formed".to_owned(),
                |e| {
                    let holds = e.low <= 1.0 && e.high >= 1.0;
                    // The session is judged at a stricter level, for many comparisons are made.
                    let judged = if holds {
                        "holds 1"
                    } else if self.cell.invalid_session.is_some() {
                        "differs from itself"
                    } else {
                        "does not hold 1, as chance among a run's comparisons allows"
                    };
                    let value = decimal(e.value, e.decimals());
                    format!("{value} ({}), {judged}", interval(&e))
                },
            );
            rows.push(("baseline against itself (A/A)".to_owned(), words));
        } else if !self.is_single() && !self.is_exact() {
            rows.push((
                "baseline against itself (A/A)".to_owned(),
                "not measured".to_owned(),
            ));
        }
        if let Some(detectable) = self.main.detectable {
            rows.push((
                "smallest difference it would have shown".to_owned(),
                percent(detectable),
            ));
        }
        rows.push((
            "pairs used; trials rejected".to_owned(),
            format!(
                "{}; {}",
                crate::numbers::count(u64::from(self.main.n)),
                crate::numbers::count(u64::from(self.main.rejected))
            ),
        ));
        rows
    }

    /// Whether the number was counted rather than sampled.
    fn is_exact(&self) -> bool {
        self.main.ratio.is_some_and(|e| e.low == e.high)
    }
}

/// Which side of `limit` the whole interval lies on; numbers that are none lie across.
pub(crate) fn side(estimate: &Estimate, limit: f64) -> Side {
    if estimate.low > limit {
        Side::Beyond
    } else if estimate.high <= limit {
        Side::Within
    } else {
        Side::Across
    }
}

/// `3 to 7 % less`, `12 % more`: a difference whose interval leaves 1 out.
fn change(estimate: &Estimate) -> String {
    let less = estimate.high < 1.0;
    let (near, far) = if less {
        (1.0 - estimate.high, 1.0 - estimate.low)
    } else {
        (estimate.low - 1.0, estimate.high - 1.0)
    };
    let (near, far) = (percent(near), percent(far));
    let word = if less { "less" } else { "more" };
    if near == far {
        format!("{near} {word}")
    } else {
        let near = near.trim_end_matches(" %");
        format!("{near} to {far} {word}")
    }
}

/// Says of several questions with the same metric what they came to, in one sentence.
pub(crate) fn together(questions: &[Question<'_>]) -> Option<String> {
    let first = questions.first()?;
    let mut answers: Vec<(String, u64)> = Vec::new();
    for question in questions {
        let word = question.answer().word;
        match answers.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => answers.push((word, 1)),
        }
    }
    let total = questions.len();
    let parts: Vec<String> = answers
        .iter()
        .map(|(word, n)| match (total, *n as usize == total) {
            (1, _) => word.clone(),
            (_, true) => format!("{word} on all {total}"),
            _ => format!("{word} on {n} of {total}"),
        })
        .collect();
    Some(format!("{}: {}.", first.title(), listed(&parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, high: f64) -> Estimate {
        Estimate {
            value: (low * high).sqrt(),
            low,
            high,
            level: 0.95,
        }
    }

    #[test]
    fn every_side_of_a_limit() {
        for (low, high, wanted) in [
            (0.97, 1.02, Side::Within),
            (1.10, 1.15, Side::Within),
            (1.10, 1.1501, Side::Across),
            (1.1501, 1.2, Side::Beyond),
            (f64::NAN, f64::NAN, Side::Across),
        ] {
            assert_eq!(side(&estimate(low, high), 1.15), wanted, "{low} {high}");
        }
    }

    #[test]
    fn a_change_names_its_size() {
        for (low, high, wanted) in [
            (0.93, 0.97, "3 to 7 % less"),
            (1.12, 1.12, "12 % more"),
            (2.9, 3.4, "190 to 240 % more"),
        ] {
            assert_eq!(change(&estimate(low, high)), wanted);
        }
    }
}
