//! Foreign text in Markdown: it can start no markup, no table cell, no link.

use crate::text::one_line;

/// Running text.
pub(super) fn text(foreign: &str) -> String {
    let mut out = String::with_capacity(foreign.len());
    for c in one_line(foreign).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // GitHub turns bare addresses and names into links and mentions.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// A code span.
pub(super) fn code(foreign: &str) -> String {
    let clean = one_line(foreign).replace('|', "\\|");
    let longest = clean
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    if longest == 0 && !clean.is_empty() {
        return format!("`{clean}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {clean} {fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_is_markup() {
        for (foreign, wanted) in [
            ("plain, 0.99 (0.97–1.02)", "plain, 0.99 (0.97–1.02)"),
            ("<b>&", "&lt;b&gt;&amp;"),
            ("[x](y) | *z*", "\\[x\\](y) \\| \\*z\\*"),
            (
                "see https://evil.example @you",
                "see https&#58;//evil.example &#64;you",
            ),
            ("line\n# heading", "line \\# heading"),
        ] {
            assert_eq!(text(foreign), wanted);
        }
        assert_eq!(code("/usr/bin/x"), "`/usr/bin/x`");
        assert_eq!(code("a`b``c|d"), "``` a`b``c\\|d ```");
    }
}
