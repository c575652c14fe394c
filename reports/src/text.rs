//! Text that came from images, packages and logs, made harmless before it is shown.
//!
//! Names in a package and output of a program are hostile: they may carry terminal escapes, text
//! direction overrides or a million characters. Colour sequences are dropped, every other control
//! is written as an escape a reader can see, and what is too long is cut with its rest counted.
//! Escaping for one format (HTML, XML, Markdown) is that format's own matter and comes after.

/// Most characters of one piece of foreign text that a document shows.
pub(crate) const MAX_CHARS: usize = 2_000;

/// `text` on one line: line breaks and tabs become spaces, controls become visible.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = without_colour(text);
    rest.truncate(rest.trim_end().len());
    let total = rest.chars().count();
    for c in rest.chars().take(MAX_CHARS) {
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if is_unseen(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    if total > MAX_CHARS {
        out.push_str(&format!(
            "… ({} more characters)",
            crate::numbers::count((total - MAX_CHARS) as u64)
        ));
    }
    out
}

/// Characters that act on a reader's screen instead of appearing on it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Drops well-formed `ESC [ … m` sequences: they only colour. All else is kept for
/// [`one_line`] to show.
fn without_colour(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let after = &rest[at + 2..];
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == ';'));
        out.push_str(&rest[..at]);
        match end {
            Some(end) if after[end..].starts_with('m') => rest = &after[end + 1..],
            _ => {
                out.push_str("\u{1b}[");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_would_act() {
        for (dirty, clean) in [
            ("plain – text ✓", "plain – text ✓"),
            ("\u{1b}[1;32mready\u{1b}[0m", "ready"),
            ("a\u{1b}[2Kb", "a\\u{1b}[2Kb"),
            ("\u{1b}]0;title\u{7}x", "\\u{1b}]0;title\\u{7}x"),
            ("two\nlines\tand\r", "two lines and"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("nul\0 c1\u{9b}31m", "nul\\u{0} c1\\u{9b}31m"),
            ("cut \u{1b}[31", "cut \\u{1b}[31"),
        ] {
            assert_eq!(one_line(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn counts_what_it_cuts() {
        let long = "x".repeat(MAX_CHARS + 1_500);
        let shown = one_line(&long);
        assert!(shown.ends_with("… (1,500 more characters)"), "{shown}");
    }
}
