//! Marks outliers. Marks only: nothing is dropped, every estimate here is taken over all values.

use serde::{Deserialize, Serialize};

use crate::summary::quantile_of_sorted;

/// Where a value lies against Tukey's fences ("Exploratory Data Analysis", 1977).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Within 1.5 interquartile ranges of the quartiles.
    Inside,
    /// Beyond 1.5 but within 3 interquartile ranges.
    Mild,
    /// Beyond 3 interquartile ranges, or not a finite number.
    Severe,
}

/// One mark per value, in the order given. Fences come from the finite values.
#[must_use]
pub fn tukey_outliers(values: &[f64]) -> Vec<Mark> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    if sorted.is_empty() {
        return vec![Mark::Severe; values.len()];
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let (q1, q3) = (
        quantile_of_sorted(&sorted, 0.25),
        quantile_of_sorted(&sorted, 0.75),
    );
    let beyond = |value: f64, ranges: f64| {
        let reach = ranges * (q3 - q1);
        value < q1 - reach || value > q3 + reach
    };
    let mark = |value: &f64| match *value {
        value if !value.is_finite() || beyond(value, 3.0) => Mark::Severe,
        value if beyond(value, 1.5) => Mark::Mild,
        _ => Mark::Inside,
    };
    values.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences() {
        // Quartiles 2 and 4, range 2: mild beyond -1 and 7, severe beyond -4 and 10.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        for (extra, expected) in [
            (vec![], vec![]),
            (vec![f64::NAN, f64::INFINITY], vec![Mark::Severe; 2]),
        ] {
            let all: Vec<f64> = values.iter().copied().chain(extra).collect();
            let marks = tukey_outliers(&all);
            assert_eq!(marks[..5], [Mark::Inside; 5]);
            assert_eq!(marks[5..], expected[..]);
        }
        // Quartiles 1.25 and 4.75 at eight values from 0 to 6.
        let marks = tukey_outliers(&[0.0, 1.0, 2.0, 3.0, 3.0, 4.0, 10.0, 40.0]);
        assert_eq!(marks[..6], [Mark::Inside; 6]);
        assert_eq!(marks[6..], [Mark::Inside, Mark::Severe]);
        assert_eq!(tukey_outliers(&[1.0, 1.0, 1.0, 1.0, 1.1])[4], Mark::Severe);
        assert_eq!(
            tukey_outliers(&[1.0, 2.0, 3.0, 4.0, 5.0, 9.0])[5],
            Mark::Mild
        );
        assert!(tukey_outliers(&[]).is_empty());
    }
}
