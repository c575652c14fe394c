//! Path patterns: `?` is one character but no slash, `*` any run without a slash, `**` any run.
//!
//! The algebra is symmetric: both sides may be patterns, and they *meet* if the two can be laid
//! side by side from start to end, each step pairing the next characters of both. A pair allows
//! three steps: take both, take the left alone, take the right alone.
//!
//! | pair | steps |
//! | --- | --- |
//! | `**` with anything | all three |
//! | `/` with anything else | take both, if both are `/` |
//! | `*` with anything else | all three |
//! | `?` with anything else | take both |
//! | two plain characters | take both, if equal |
//!
//! A `*` therefore never ends a path on a slash: it does not take folders, whose names end so.

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `**`
    Deep,
}

/// A path or pattern, ready for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
}

/// The steps a pair of tokens allows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    All,
    Both,
    None,
}

impl Pattern {
    /// Reads a path or pattern; every text is one.
    pub fn new(text: &str) -> Self {
        let mut tokens = Vec::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '?' => Token::One,
                '*' if chars.next_if_eq(&'*').is_some() => Token::Deep,
                '*' => Token::Run,
                c => Token::Char(c),
            });
        }
        Self { tokens }
    }

    /// A real path: its wildcard characters stand for themselves.
    pub fn literal(path: &str) -> Self {
        Self {
            tokens: path.chars().map(Token::Char).collect(),
        }
    }

    /// Whether some path fits both; for a plain path: whether it fits the other.
    pub fn meets(&self, other: &Self) -> bool {
        let (a, b) = (&self.tokens, &other.tokens);
        // Plain starts and ends must agree: most pairs end here.
        for (left, right) in a.iter().zip(b) {
            match (left, right) {
                (Token::Char(x), Token::Char(y)) if x == y => {}
                (Token::Char(_), Token::Char(_)) => return false,
                _ => break,
            }
        }
        for (left, right) in a.iter().rev().zip(b.iter().rev()) {
            match (left, right) {
                (Token::Char(x), Token::Char(y)) if x == y => {}
                (Token::Char(_), Token::Char(_)) => return false,
                _ => break,
            }
        }
        reachable(a, b)
    }

    /// Whether the pattern has wildcards.
    pub fn is_glob(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| !matches!(token, Token::Char(_)))
    }
}

/// Whether `text` has wildcards.
pub(crate) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether both ends can be reached: one row of the table at a time.
fn reachable(a: &[Token], b: &[Token]) -> bool {
    let mut row = vec![false; b.len() + 1];
    row[0] = true;
    for (at, token) in b.iter().enumerate() {
        row[at + 1] = row[at] && matches!(token, Token::Run | Token::Deep);
    }
    for left in a {
        let mut diagonal = row[0];
        row[0] = row[0] && matches!(left, Token::Run | Token::Deep);
        let mut any = row[0];
        for (at, right) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = match steps(*left, *right) {
                Steps::All => diagonal || above || row[at],
                Steps::Both => diagonal,
                Steps::None => false,
            };
            any |= row[at + 1];
            diagonal = above;
        }
        if !any {
            return false;
        }
    }
    row[b.len()]
}

/// The table of the module's documentation.
fn steps(left: Token, right: Token) -> Steps {
    use Token::{Char, Deep, One, Run};
    match (left, right) {
        (Deep, _) | (_, Deep) => Steps::All,
        (Char('/'), Char('/')) => Steps::Both,
        (Char('/'), _) | (_, Char('/')) => Steps::None,
        (Run, _) | (_, Run) => Steps::All,
        (One, _) | (_, One) => Steps::Both,
        (Char(x), Char(y)) if x == y => Steps::Both,
        (Char(_), Char(_)) => Steps::None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meet(a: &str, b: &str) -> bool {
        Pattern::new(a).meets(&Pattern::new(b))
    }

    #[test]
    fn pairs() {
        let met = [
            ("/a", "/a"),
            ("/usr/lib/**", "/usr/lib/"),
            ("/usr/lib/**", "/usr/lib/a/b/c"),
            ("/d**", "/d/"),
            ("/usr/bin/al*", "/usr/bin/*pha"),
            ("/usr/lib/a?c", "/usr/lib/a*"),
            ("/a*b", "/ab"),
            ("/a/*", "/a/.hidden"),
            ("/a/*/c", "/a/b/c"),
            ("/d/***", "/d/x/y"),
            ("/?", "/é"),
            ("/**", "/db/**"),
            ("/**/", "/a/b/"),
            ("/a-*-x.*.so", "/a-*-y.so"),
            ("/*/lib", "/usr/*"),
        ];
        for (a, b) in met {
            assert!(meet(a, b), "{a} {b}");
        }
        let apart = [
            ("/a", "/b"),
            ("/a", "/a/"),
            ("/usr/lib/*", "/usr/lib/a/"),
            ("/usr/lib/*", "/usr/lib/"),
            ("/usr/lib/*", "/usr/lib/a/b"),
            ("/d/***", "/d/x/"),
            ("/a*x", "/a*y"),
            ("/a?", "/a/"),
            ("/a?", "/a"),
            ("/*/b", "/a/c"),
            ("/usr/bin/x*", "/usr/bin/yx"),
            ("/**/x", "/a/y"),
        ];
        for (a, b) in apart {
            assert!(!meet(a, b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn symmetric(a in "(/[ab*?]{0,4}){1,3}/?", b in "(/[ab*?]{0,4}){1,3}/?") {
            prop_assert_eq!(meet(&a, &b), meet(&b, &a));
        }

        #[test]
        fn a_path_that_fits_both_shows_that_they_meet(
            a in "(/[ab*?]{1,3}){1,2}", b in "(/[ab*?]{1,3}){1,2}", path in "(/[ab]{1,3}){1,2}",
        ) {
            if meet(&a, &path) && meet(&b, &path) {
                prop_assert!(meet(&a, &b));
            }
        }
    }
}
