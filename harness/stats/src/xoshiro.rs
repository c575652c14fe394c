//! Repeatable randomness: the order of arms and of resampling, never secrets.

/// xoshiro256** of Blackman and Vigna ("Scrambled Linear Pseudorandom Number Generators", 2021).
/// The same seed gives the same sequence on every machine and in every version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xoshiro {
    state: [u64; 4],
}

impl Xoshiro {
    /// Expands `seed` with SplitMix64, as the authors advise: near seeds give unrelated sequences,
    /// and the state is never all zero.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut weyl = seed;
        let state = std::array::from_fn(|_| {
            weyl = weyl.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (weyl ^ (weyl >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Self { state }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        result
    }

    /// A number from 0 to `n` - 1, each as likely (Lemire 2019: no bias). 0 for an `n` of 0.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the halves of a product are wanted"
    )]
    pub fn below(&mut self, n: u64) -> u64 {
        // The multiples of 2^64 mod n that would make some results likelier are drawn again.
        let excess = if n == 0 {
            return 0;
        } else {
            n.wrapping_neg() % n
        };
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= excess {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts `items` in a random order, each order as likely (Fisher and Yates).
    #[allow(clippy::cast_possible_truncation, reason = "below an index")]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_the_authors_program() {
        let mut plain = Xoshiro {
            state: [1, 2, 3, 4],
        };
        let first: [u64; 5] = std::array::from_fn(|_| plain.next_u64());
        let known = [
            11520,
            0,
            1_509_978_240,
            1_215_971_899_390_074_240,
            1_216_172_134_540_287_360,
        ];
        assert_eq!(first, known);
        let mut seeded = Xoshiro::new(0);
        assert_eq!(seeded.state[0], 0xe220_a839_7b1d_cdaf);
        assert_eq!(seeded.next_u64(), 0x99ec_5f36_cb75_f2b4);
    }

    #[test]
    fn below_is_even() {
        let mut random = Xoshiro::new(7);
        let mut seen = [0u32; 6];
        for _ in 0..60_000 {
            seen[usize::try_from(random.below(6)).unwrap_or(usize::MAX)] += 1;
        }
        // Chi square with 5 degrees of freedom; 20.5 is exceeded once in a thousand.
        let chi: f64 = seen
            .iter()
            .map(|n| (f64::from(*n) - 1e4).powi(2) / 1e4)
            .sum();
        assert!(chi < 20.5, "{seen:?}");
        assert_eq!((random.below(0), random.below(1)), (0, 0));
    }

    #[test]
    fn orders_are_even_and_repeatable() {
        let mut random = Xoshiro::new(11);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut round = ["candidate", "baseline", "again"];
            random.shuffle(&mut round);
            *seen.entry(round).or_insert(0u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|n| (880..1120).contains(n)), "{seen:?}");
        assert_eq!(Xoshiro::new(3).next_u64(), Xoshiro::new(3).next_u64());
        random.shuffle::<u8>(&mut []);
    }
}
