//! From values to positions, and which values get a tick.

/// A scale, linear or logarithmic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Linear,
    Log,
}

impl Scale {
    /// A linear scale of `values` onto `start..end`, stretched to whole ticks.
    pub(crate) fn linear(values: (f64, f64), start: f64, end: f64) -> Self {
        let (low, high) = widened(values);
        let step = step(low, high);
        Self {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            start,
            end,
            kind: Kind::Linear,
        }
    }

    /// A logarithmic scale of positive `values` onto `start..end`.
    pub(crate) fn log(values: (f64, f64), start: f64, end: f64) -> Self {
        let positive = |v: f64| if v.is_finite() && v > 0.0 { v } else { 1.0 };
        let (low, high) = (positive(values.0), positive(values.1));
        Self {
            low: low.min(high / 1.01).ln(),
            high: high.max(low * 1.01).ln(),
            start,
            end,
            kind: Kind::Log,
        }
    }

    /// Where a value stands; values off the scale stand at its end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let value = match self.kind {
            Kind::Linear => value,
            Kind::Log => value.max(f64::MIN_POSITIVE).ln(),
        };
        let share = (value - self.low) / (self.high - self.low);
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// The values that get a tick, ascending.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear => {
                let step = step(self.low, self.high);
                let n = ((self.high - self.low) / step).round() as u32;
                (0..=n.min(20))
                    .map(|i| self.low + f64::from(i) * step)
                    .collect()
            }
            Kind::Log => self.ratio_ticks(),
        }
    }

    /// Ticks of ratios: the finest set of round ratios that gives at most seven.
    fn ratio_ticks(&self) -> Vec<f64> {
        const SETS: [&[f64]; 4] = [
            &[
                0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1,
            ],
            &[
                0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3,
            ],
            &[0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0],
            &[0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0],
        ];
        let (low, high) = (self.low.exp(), self.high.exp());
        let inside = |set: &[f64]| -> Vec<f64> {
            let held = set.iter().filter(|t| **t >= low && **t <= high);
            held.copied().collect()
        };
        SETS.iter()
            .filter(|set| set[0] <= low && set[set.len() - 1] >= high)
            .map(|set| inside(set))
            .find(|ticks| ticks.len() <= 7)
            .unwrap_or_else(|| inside(SETS[3]))
    }
}

/// Smallest and largest finite value; a single value gets room around it.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite() && low <= high) {
        return (0.0, 1.0);
    }
    if high - low > f64::EPSILON * high.abs().max(1.0) {
        (low, high)
    } else {
        let room = (low.abs() * 0.1).max(0.5);
        (low - room, high + room)
    }
}

/// A round step that gives four to eight ticks.
fn step(low: f64, high: f64) -> f64 {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let lead = rough / power;
    let round = match lead {
        l if l <= 1.0 => 1.0,
        l if l <= 2.0 => 2.0,
        l if l <= 5.0 => 5.0,
        _ => 10.0,
    };
    round * power
}

/// Smallest and largest finite value of a series, `None` when it has none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |held, v| match held {
            None => Some((v, v)),
            Some((low, high)) => Some((v.min(low), v.max(high))),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover() {
        let scale = Scale::linear((52.3, 97.1), 0.0, 100.0);
        assert_eq!(scale.ticks(), [50.0, 60.0, 70.0, 80.0, 90.0, 100.0]);
        assert_eq!((scale.at(50.0), scale.at(100.0)), (0.0, 100.0));
        let scale = Scale::log((0.85, 1.2), 0.0, 100.0);
        assert_eq!(scale.ticks().first().copied(), Some(0.9));
        assert!(scale.ticks().contains(&1.0));
    }

    #[test]
    fn odd_values_never_break_a_scale() {
        for pair in [
            (0.0, 0.0),
            (5.0, 5.0),
            (f64::NAN, 1.0),
            (f64::INFINITY, f64::NEG_INFINITY),
            (-3.0, 1e300),
        ] {
            let linear = Scale::linear(pair, 0.0, 10.0);
            assert!(
                linear.at(1.0).is_finite() && linear.ticks().len() < 30,
                "{pair:?}"
            );
            let log = Scale::log(pair, 0.0, 10.0);
            assert!(log.at(pair.0).is_finite() || pair.0.is_nan(), "{pair:?}");
            assert!(log.ticks().len() < 30, "{pair:?}");
        }
    }
}
