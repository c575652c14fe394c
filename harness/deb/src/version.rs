//! Version numbers of packages and their order.
//!
//! Source: deb-version(7) and Debian Policy 5.6.12. The order is dpkg's: epoch, upstream version,
//! revision (after the *last* hyphen), where `~` sorts before everything, even the end.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The version of a package. Two versions are equal when dpkg calls them so: `1.0` equals `1.00`
/// and `1.0-0`.
#[derive(Clone)]
pub struct Version {
    text: Box<str>,
    epoch: u32,
    upstream: usize,
    revision: Option<usize>,
}

/// A text that is no version number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a version number: `{text}`: {why}")]
pub struct BadVersion {
    text: String,
    why: &'static str,
}

impl Version {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number before the colon; 0 when there is none.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The part between epoch and revision.
    pub fn upstream(&self) -> &str {
        let end = self
            .revision
            .map_or(self.text.len(), |at| at.saturating_sub(1));
        self.text.get(self.upstream..end).unwrap_or_default()
    }

    /// The part after the last hyphen; empty when there is none.
    pub fn revision(&self) -> &str {
        self.revision
            .and_then(|at| self.text.get(at..))
            .unwrap_or_default()
    }
}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let text = text.trim_ascii();
        match parts(text) {
            Ok(parts) => Ok(Self {
                text: text.into(),
                epoch: parts.epoch,
                upstream: parts.upstream,
                revision: parts.revision,
            }),
            Err(why) => Err(BadVersion {
                text: text.to_owned(),
                why,
            }),
        }
    }
}

/// Whether `text` is a version number, without making one.
pub(crate) fn is_version(text: &str) -> bool {
    parts(text.trim_ascii()).is_ok()
}

/// Where the parts of a version number begin.
struct Parts {
    epoch: u32,
    upstream: usize,
    revision: Option<usize>,
}

fn parts(text: &str) -> Result<Parts, &'static str> {
    if text.is_empty() {
        return Err("empty");
    }
    let (epoch, upstream) = match text.split_once(':') {
        None => (0, 0),
        Some(("", _)) => return Err("empty epoch"),
        Some((digits, _)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            let epoch = digits.parse::<i32>().map_err(|_| "epoch too big")?;
            (epoch.unsigned_abs(), digits.len() + 1)
        }
        Some(_) => return Err("epoch is no number"),
    };
    let rest = text.get(upstream..).unwrap_or_default();
    let (own, revision) = match rest.rsplit_once('-') {
        Some((own, revision)) => (own, Some(revision)),
        None => (rest, None),
    };
    if own.is_empty() {
        return Err("nothing between epoch and revision");
    }
    if revision == Some("") {
        return Err("nothing after the last hyphen");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".+~".contains(&b);
    let own_ok = |b: u8| plain(b) || b"-:".contains(&b);
    if !own.bytes().all(own_ok) || !revision.unwrap_or_default().bytes().all(plain) {
        return Err("a character that versions do not have");
    }
    Ok(Parts {
        epoch,
        upstream,
        revision: revision.map(|revision| text.len() - revision.len()),
    })
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream(), other.upstream()))
            .then_with(|| compare_part(self.revision(), other.revision()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Compares by turns a run of non-digits (by [`weight`]) and a run of digits (as a number).
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) = (text_byte(a), text_byte(b));
            if x.is_none() && y.is_none() {
                break;
            }
            let order = weight(x).cmp(&weight(y));
            if order != Ordering::Equal {
                return order;
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (x, rest_a) = number(a);
        let (y, rest_b) = number(b);
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

/// The next byte if it is no digit.
fn text_byte(bytes: &[u8]) -> Option<u8> {
    bytes.first().copied().filter(|b| !b.is_ascii_digit())
}

/// Tilde, then end or digit, then letters, then all other characters.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(b),
        Some(b) => i32::from(b) + 256,
    }
}

/// The leading digits without leading zeros, and what follows.
fn number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn orders_like_the_manual() {
        let ascending = [
            "1.0~~",
            "1.0~~a",
            "1.0~",
            "1.0~rc1-1",
            "1.0",
            "1.0-0.1",
            "1.0-1~bpo12+1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1.1",
            "1.0a",
            "1.0+dfsg-1",
            "1.0.1",
            "1.0-1-1",
            "1.2",
            "1.10",
            "1:0.1",
            "1:1-1",
            "2:0",
        ];
        let mut sorted: Vec<_> = ascending.iter().map(|t| version(t)).collect();
        sorted.sort();
        sorted.reverse();
        sorted.sort();
        let order: Vec<_> = sorted.iter().map(Version::as_str).collect();
        let mut expected = ascending.to_vec();
        // A hyphen inside the upstream part sorts by weight, after letters and before dots.
        expected.sort_by_key(|t| version(t));
        assert_eq!(order, expected);
        for (low, high) in [
            ("1.0~rc1", "1.0"),
            ("1.0", "1.0a"),
            ("1.9", "1.10"),
            ("9", "1:0"),
            ("1.0-1", "1.0-1.1"),
            ("1.0-9", "1.0.1-1"),
            ("1-1-1", "1-2-0"),
            ("1.0-1~deb13u1", "1.0-1"),
            ("1a", "1+"),
        ] {
            assert!(version(low) < version(high), "{low} < {high}");
        }
    }

    #[test]
    fn equal_as_dpkg_says() {
        for (a, b) in [
            ("1.0", "1.00"),
            ("1.0", "1.0-0"),
            ("0:1", "1"),
            ("1.0-00", "1.0"),
        ] {
            assert_eq!(version(a), version(b));
        }
    }

    #[test]
    fn splits_at_first_colon_and_last_hyphen() {
        let v = version("2:1.0:a-rc1-3");
        assert_eq!(
            (v.epoch(), v.upstream(), v.revision()),
            (2, "1.0:a-rc1", "3")
        );
    }

    #[test]
    fn refuses_bad_text() {
        for text in [
            "",
            " ",
            ":1",
            "a:1",
            "1:",
            "1-",
            "-1",
            "1:-1",
            "1 2",
            "1_2",
            "99999999999:1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,20}") {
            let _ = text.parse::<Version>();
        }

        #[test]
        fn is_a_total_order(a in "[0-9]{1,2}[a~+.0-9]{0,4}", b in "[0-9]{1,2}[a~+.0-9]{0,4}",
                            c in "[0-9]{1,2}[a~+.0-9]{0,4}") {
            let (a, b, c) = (version(&a), version(&b), version(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}
