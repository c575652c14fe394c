//! The order of names in a printed document: numbers in them by value, letters after all else.

use std::cmp::Ordering;

/// Compares two names as people would sort them: `a2` comes before `a10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (x, y) = (a[at], b[at]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (false, false) => {}
        (x_letter, _) => {
            // After a digit a letter comes first: the number is over there.
            let in_number = at > 0 && a[at - 1].is_numeric();
            return if x_letter == in_number {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
    }
    let number = |text: &[char]| -> (u64, usize) {
        let digits = text[at..].iter().take_while(|c| c.is_ascii_digit());
        // Zeros count only inside a number that has begun.
        let begun = a[..at]
            .iter()
            .rev()
            .take_while(|c| c.is_ascii_digit())
            .any(|c| *c != '0');
        let start = u64::from(begun && (x == '0' || y == '0'));
        digits.fold((start, 0), |(value, count), digit| {
            let digit = u64::from(digit.to_digit(10).unwrap_or_default());
            (value.saturating_mul(10).saturating_add(digit), count + 1)
        })
    };
    number(&a).cmp(&number(&b)).then(x.cmp(&y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_value_letters_last() {
        let sorted = [
            "/", "/1", "/2", "/10", "/a", "/a1", "/a2b", "/a10", "/ab", "/b",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, sorted);
    }
}
