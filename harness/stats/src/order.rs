//! The k-th smallest of many combined values, found by counting instead of building them.
//!
//! n values have n (n + 1) / 2 pairwise averages. Building and sorting them costs memory and time
//! that grow with the square; counting how many lie at or below a threshold is linear once the
//! values are sorted, and there are only 2^64 thresholds: a bisection over the floating-point
//! numbers themselves ends after at most 64 counts at the exact value.

/// The smallest number x between `low` and `high` with `at_or_below(x) >= k`. `at_or_below` must
/// not fall as x rises, and must reach `k` at `high`.
pub(crate) fn smallest_reaching(
    k: u64,
    low: f64,
    high: f64,
    at_or_below: impl Fn(f64) -> u64,
) -> f64 {
    let (mut low, mut high) = (key(low), key(high));
    while low < high {
        let middle = low + (high - low) / 2;
        if at_or_below(number(middle)) >= k {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    // Adding zero turns a negative zero into zero.
    number(high) + 0.0
}

const SIGN: u64 = 1 << 63;

/// Numbers in the order of their values as integers.
const fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

const fn number(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_order_statistics(
            mut values in prop::collection::vec(-1e300..1e300f64, 1..30),
            pick in any::<prop::sample::Index>(),
        ) {
            values.sort_unstable_by(f64::total_cmp);
            let k = pick.index(values.len());
            let count = |x: f64| values.iter().filter(|value| **value <= x).count() as u64;
            let found = smallest_reaching(k as u64 + 1, values[0], values[values.len() - 1], count);
            prop_assert_eq!(found, values[k]);
        }

        #[test]
        fn keys_keep_order(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(number(key(a)).to_bits(), a.to_bits());
            prop_assert_eq!(key(a).cmp(&key(b)), a.total_cmp(&b));
        }
    }
}
