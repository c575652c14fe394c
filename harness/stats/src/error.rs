//! Why a number cannot be given.

use std::fmt;

/// Input from which the asked-for number does not follow. Nothing in this crate panics on data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StatsError {
    /// Fewer values than the method needs at this level.
    TooFew {
        /// Least number of values.
        needed: usize,
        /// Number of values given.
        given: usize,
    },
    /// The value at `index` is infinite or not a number.
    NotFinite {
        /// Position from 0.
        index: usize,
    },
    /// The value at `index` must be above zero, since its logarithm is taken.
    NotPositive {
        /// Position from 0.
        index: usize,
    },
    /// Two series that are compared element by element differ in length.
    Lengths {
        /// Length of the first series.
        a: usize,
        /// Length of the second series.
        b: usize,
    },
    /// A level or a probability outside the open interval from 0 to 1.
    Probability(f64),
    /// A parameter outside its range.
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The ratio has no bounds: the denominator cannot be told from zero.
    NoDenominator,
}

impl fmt::Display for StatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { needed, given } => {
                write!(f, "{given} values where at least {needed} are needed")
            }
            Self::NotFinite { index } => write!(f, "value {index} is not a finite number"),
            Self::NotPositive { index } => write!(f, "value {index} is not above zero"),
            Self::Lengths { a, b } => {
                write!(f, "series of {a} and of {b} values compared in pairs")
            }
            Self::Probability(value) => write!(f, "probability {value} is not between 0 and 1"),
            Self::Parameter { name, value } => write!(f, "{name} {value} is out of range"),
            Self::NoDenominator => f.write_str("denominator of the ratio is not above zero"),
        }
    }
}

impl std::error::Error for StatsError {}

/// Refuses values that are infinite or not numbers.
pub(crate) fn finite(values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { index }),
        None => Ok(()),
    }
}

/// Refuses anything outside the open interval from 0 to 1.
pub(crate) fn probability(value: f64) -> Result<f64, StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(StatsError::Probability(value))
    }
}

/// Refuses fewer than `needed` values.
pub(crate) const fn at_least(needed: usize, given: usize) -> Result<(), StatsError> {
    if given < needed {
        Err(StatsError::TooFew { needed, given })
    } else {
        Ok(())
    }
}

/// Refuses a parameter that is not a finite number above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, StatsError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(StatsError::Parameter { name, value })
    }
}
