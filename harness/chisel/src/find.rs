//! Looking for slices by name, with one letter wrong at most.

use crate::release::{Release, Slice};

/// The slices of `release` that every one of `queries` matches, by name.
///
/// A query with `_` in front is held against the slice's own name, one with `_` inside against the
/// full name, any other against the package's. `*` stands for any letters, `?` for one, and one
/// letter may be missing, added or wrong.
pub fn find<'r>(release: &'r Release, queries: &[String]) -> Vec<&'r Slice> {
    let all = |slice: &&Slice| queries.iter().all(|query| matches(slice, query));
    release.slices().filter(all).collect()
}

/// `slices` as the table that people read: name and hint in columns.
pub fn table(slices: &[&Slice]) -> String {
    let names: Vec<String> = slices.iter().map(|slice| slice.key.to_string()).collect();
    let longest = names.iter().map(String::len).max().unwrap_or_default();
    let width = longest.max("Slice".len());
    let mut text = format!("{:<width$}  Hint\n", "Slice");
    for (name, slice) in names.iter().zip(slices) {
        let hint = if slice.hint.is_empty() {
            "-"
        } else {
            &slice.hint
        };
        text.push_str(&format!("{name:<width$}  {hint}\n"));
    }
    text
}

fn matches(slice: &Slice, query: &str) -> bool {
    match query.strip_prefix('_') {
        Some(name) => is_near(slice.key.slice(), name),
        None if query.contains('_') => is_near(&slice.key.to_string(), query),
        None => is_near(slice.key.package(), query),
    }
}

/// Whether `text` is what `pattern` says but for one letter (edit distance in which wildcards cost
/// nothing; Wagner and Fischer 1974, row by row).
fn is_near(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row: Vec<usize> = (0..=text.len()).collect();
    for letter in pattern.chars() {
        let mut next = Vec::with_capacity(row.len());
        next.push(row[0] + usize::from(letter != '*'));
        for (at, other) in text.iter().enumerate() {
            let best = if letter == '*' {
                row[at + 1].min(next[at])
            } else {
                let wrong = usize::from(letter != '?' && letter != *other);
                (row[at] + wrong).min(row[at + 1] + 1).min(next[at] + 1)
            };
            next.push(best);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 1)
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn one_letter_may_be_wrong() {
        for (pattern, text) in [
            ("alpha", "alpha"),
            ("alpho", "alpha"),
            ("lpha", "alpha"),
            ("alphaa", "alpha"),
            ("*", "alpha"),
            ("a*a", "alpha"),
            ("?l?h?", "alpha"),
            ("*_*fig", "alpha_config"),
            ("al*", "al"),
        ] {
            assert!(is_near(text, pattern), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("ALPHA", "alpha"),
            ("pha", "alpha"),
            ("", "bins"),
            ("a?", "alpha"),
            ("b*b", "alpha"),
        ] {
            assert!(!is_near(text, pattern), "{pattern} {text}");
        }
    }
}
