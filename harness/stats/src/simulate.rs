//! Seeded noise for the tests that check promised rates.

use std::f64::consts::PI;

use crate::summary::count;
use crate::xoshiro::Xoshiro;

/// Noise as it is met when containers start: lognormal, with one value in twenty delayed to 1.5 to
/// 3 times.
pub(crate) struct Noise(Xoshiro);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro::new(seed))
    }

    /// Between 0 and 1, both excluded.
    pub(crate) fn uniform(&mut self) -> f64 {
        let bits = u32::try_from(self.0.next_u64() >> 32).unwrap_or(0);
        (f64::from(bits) + 0.5) / 4_294_967_296.0
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.uniform() < share
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * PI * self.uniform()).cos()
    }

    /// A start time with median 1 and the given standard deviation of its logarithm.
    pub(crate) fn start(&mut self, sd_log: f64) -> f64 {
        let delay = if self.chance(0.05) {
            1.5 + 1.5 * self.uniform()
        } else {
            1.0
        };
        (sd_log * self.normal()).exp() * delay
    }

    /// Log ratios of `n` pairs of starts, the first slower by `ratio`.
    pub(crate) fn pairs(&mut self, n: usize, sd_log: f64, ratio: f64) -> Vec<f64> {
        (0..n)
            .map(|_| (ratio * self.start(sd_log) / self.start(sd_log)).ln())
            .collect()
    }
}

/// The share of `runs` seeded runs in which `happens`.
pub(crate) fn share(runs: u32, seed: u64, mut happens: impl FnMut(&mut Noise) -> bool) -> f64 {
    let mut noise = Noise::new(seed);
    f64::from(
        (0..runs)
            .map(|_| u32::from(happens(&mut noise)))
            .sum::<u32>(),
    ) / f64::from(runs)
}

/// Fails unless `rate`, seen in `runs` runs, is within three binomial standard deviations of what
/// lies between `least` and `most`.
#[track_caller]
pub(crate) fn assert_rate(rate: f64, runs: u32, least: f64, most: f64) {
    let slack = |p: f64| 3.0 * (p * (1.0 - p) / f64::from(runs)).sqrt();
    let (from, to) = (least - slack(least), most + slack(most));
    assert!(
        (from..=to).contains(&rate),
        "{rate} is not within {from:.4} to {to:.4}"
    );
}

/// Mean of what `runs` seeded runs give.
pub(crate) fn average(runs: usize, seed: u64, mut value: impl FnMut(&mut Noise) -> f64) -> f64 {
    let mut noise = Noise::new(seed);
    (0..runs).map(|_| value(&mut noise)).sum::<f64>() / count(runs)
}
