//! The dial: what is true in the simulation.

use std::fmt;
use std::str::FromStr;

/// What is true: ratios of the candidate to the baseline, noise, and flaws of the platform.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dial {
    /// Seed of all noise; the same seed and the same order of starts give the same samples.
    pub seed: u64,
    /// True ratio of start times.
    pub start: f64,
    /// True ratio of memory per container.
    pub memory: f64,
    /// Spread of the log of one start time, and of one memory reading relative to a container's.
    pub noise: f64,
    /// By how much starts grow slower from one to the next, as a fraction: a host that heats up.
    pub drift: f64,
    /// True ratio of the baseline's second arm to its first: above 1, the session is invalid.
    pub again: f64,
    /// By how much the first instruction is stamped early: a skewed clock.
    pub skew_ms: f64,
    /// Every so many starts one never becomes ready; 0 for never.
    pub dies_every: u64,
}

impl Dial {
    /// Equal arms on a quiet host.
    pub const fn true_and_quiet() -> Self {
        Self {
            seed: 1,
            start: 1.0,
            memory: 1.0,
            noise: 0.03,
            drift: 0.0,
            again: 1.0,
            skew_ms: 0.0,
            dies_every: 0,
        }
    }
}

impl FromStr for Dial {
    type Err = String;

    /// Reads `key=value` pairs separated by commas; what is not named keeps its quiet value.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut dial = Self::true_and_quiet();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("`{pair}` is not key=value"))?;
            let (key, value) = (key.trim(), value.trim());
            let bad = || format!("{key}: `{value}` is not a number that makes sense");
            let real = |least: f64| -> Result<f64, String> {
                let number: f64 = value.parse().map_err(|_| bad())?;
                (number.is_finite() && number >= least)
                    .then_some(number)
                    .ok_or_else(bad)
            };
            let whole = || value.parse::<u64>().map_err(|_| bad());
            match key {
                "seed" => dial.seed = whole()?,
                "dies-every" => dial.dies_every = whole()?,
                "start" => dial.start = real(0.01)?,
                "memory" => dial.memory = real(0.01)?,
                "again" => dial.again = real(0.01)?,
                "noise" => dial.noise = real(0.0)?,
                "drift" => dial.drift = real(0.0)?,
                "skew-ms" => dial.skew_ms = real(0.0)?,
                _ => {
                    return Err(format!(
                        "there is no key `{key}` (seed, start, memory, noise, drift, again, \
                         skew-ms, dies-every)"
                    ));
                }
            }
        }
        Ok(dial)
    }
}

impl fmt::Display for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed={},start={},memory={},noise={},drift={},again={},skew-ms={},dies-every={}",
            self.seed,
            self.start,
            self.memory,
            self.noise,
            self.drift,
            self.again,
            self.skew_ms,
            self.dies_every
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_reads_back_as_written() {
        let dial = Dial {
            seed: 7,
            start: 1.3,
            again: 1.1,
            ..Dial::true_and_quiet()
        };
        assert_eq!(dial.to_string().parse(), Ok(dial));
        assert_eq!("".parse(), Ok(Dial::true_and_quiet()));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for bad in [
            "start",
            "start=fast",
            "start=0",
            "noise=-1",
            "noise=NaN",
            "speed=2",
            "seed=-1",
        ] {
            let said = bad.parse::<Dial>().unwrap_err();
            assert!(said.contains(bad.split('=').next().unwrap()), "{said}");
        }
    }
}
