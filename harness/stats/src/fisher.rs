//! Two shares compared: so many of so many against so many of so many.

/// Fisher's exact test (1922) on counts `[[yes, no], [yes, no]]`, one row per arm: the two-sided
/// probability, with margins held and equal shares, of a table as unlikely as this or more. 1 when
/// a margin is empty: nothing was compared.
#[must_use]
pub fn fisher_exact(table: [[u32; 2]; 2]) -> f64 {
    let [[a, b], [c, d]] = table.map(|row| row.map(u64::from));
    let (drawn, marked, others) = (a + b, a + c, b + d);
    // The likeliest count, from which weights fall to both sides.
    let mode = (u128::from(drawn + 1) * u128::from(marked + 1)) / u128::from(marked + others + 2);
    let least = drawn.saturating_sub(others);
    let most = drawn.min(marked);
    let mode = u64::try_from(mode).unwrap_or(most).clamp(least, most);
    let up = (mode..most).scan(1.0, |weight, k| {
        *weight *= odds(drawn, marked, others, k);
        Some((k + 1, *weight))
    });
    let down = (least..mode).rev().scan(1.0, |weight, k| {
        *weight /= odds(drawn, marked, others, k);
        Some((k, *weight))
    });
    // Weights that are no longer normal numbers add nothing, however many follow; and they may stay
    // as they are for billions of steps, since rounding holds them up.
    let up = up.take_while(|(_, weight)| *weight >= f64::MIN_POSITIVE);
    let down = down.take_while(|(_, weight)| *weight >= f64::MIN_POSITIVE);
    let weights: Vec<(u64, f64)> = std::iter::once((mode, 1.0)).chain(up).chain(down).collect();
    let observed = weights
        .iter()
        .find(|(k, _)| *k == a)
        .map_or(0.0, |(_, weight)| *weight);
    // Equally likely tables differ by rounding.
    let limit = observed * (1.0 + 1e-7);
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let as_unlikely: f64 = weights
        .iter()
        .map(|(_, weight)| weight)
        .filter(|weight| **weight <= limit)
        .sum();
    (as_unlikely / total).min(1.0)
}

/// How much likelier k + 1 marked among the drawn is than k.
#[allow(clippy::cast_precision_loss, reason = "sums of two 32-bit counts")]
fn odds(drawn: u64, marked: u64, others: u64, k: u64) -> f64 {
    ((marked - k) as f64 * (drawn - k) as f64) / ((k + 1) as f64 * (others + k + 1 - drawn) as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        for (table, least, most) in [
            ([[0, 0], [0, 0]], 1.0, 1.0),
            ([[0, 0], [3, 4]], 1.0, 1.0),
            ([[0, 9], [0, 4]], 1.0, 1.0),
            ([[1, 0], [0, 1]], 1.0, 1.0),
            ([[5000, 0], [0, 5000]], 0.0, 1e-300),
            ([[u32::MAX, u32::MAX], [u32::MAX, u32::MAX]], 1.0, 1.0),
            ([[u32::MAX, 1], [1, u32::MAX]], 0.0, 1e-300),
        ] {
            let p = fisher_exact(table);
            assert!((least - 1e-9..=most).contains(&p), "{table:?}: {p}");
        }
    }

    proptest! {
        #[test]
        fn symmetric(a in 0u32..40, b in 0u32..40, c in 0u32..40, d in 0u32..40) {
            let p = fisher_exact([[a, b], [c, d]]);
            prop_assert!((0.0..=1.0).contains(&p));
            for other in [[[c, d], [a, b]], [[b, a], [d, c]], [[a, c], [b, d]]] {
                prop_assert!((fisher_exact(other) - p).abs() < 1e-9);
            }
        }
    }
}
