//! Relations between packages: `Depends`, `Pre-Depends`, `Provides`.
//!
//! Source: Debian Policy 7.1 and deb-control(5). A relation field is a list of groups; one
//! alternative of each group must hold.

use std::fmt;

use model::Arch;

use crate::version::{BadVersion, Version, is_version};

/// One alternative: a package name with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The package, real or virtual.
    pub name: String,
    /// What follows the colon: `any`, `native`, an architecture.
    pub qualifier: Option<String>,
    /// The version that is asked for.
    pub version: Option<(Operator, Version)>,
    /// Architectures from `[...]`; empty means all.
    pub architectures: Vec<ArchTerm>,
}

/// One term of an architecture restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchTerm {
    /// The architecture or wildcard, such as `amd64`, `any`, `linux-any`.
    pub name: String,
    /// Whether `!` stood before it.
    pub negated: bool,
}

/// Alternatives of one group, in order of preference.
pub type AnyOf = Vec<Relation>;

/// How versions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Operator {
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

/// A text that is no relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a relation: `{text}`: {why}")]
pub struct BadRelation {
    text: String,
    why: String,
}

/// Reads a relation field. An empty field has no group.
pub fn relations(field: &str) -> Result<Vec<AnyOf>, BadRelation> {
    field
        .split(',')
        .map(str::trim_ascii)
        .filter(|group| !group.is_empty())
        .map(|group| group.split('|').map(relation).collect())
        .collect()
}

/// Whether `field` is a list of names, at most with one exact version each: what nearly every
/// package provides. Nothing is made of it; [`relations`] accepts at least as much.
pub(crate) fn is_plain_list(field: &str) -> bool {
    let plain = |part: &str| {
        let (name, rest) = match part.split_once(' ') {
            None => (part, ""),
            Some((name, rest)) => (name, rest),
        };
        let version = rest
            .strip_prefix("(= ")
            .and_then(|rest| rest.strip_suffix(')'));
        is_word(name) && (rest.is_empty() || version.is_some_and(is_version))
    };
    field.is_empty() || field.split(',').map(str::trim_ascii).all(plain)
}

/// Reads one alternative.
pub fn relation(text: &str) -> Result<Relation, BadRelation> {
    parse(text.trim_ascii()).map_err(|why| BadRelation {
        text: text.trim_ascii().to_owned(),
        why,
    })
}

impl Operator {
    /// Whether `found` satisfies this operator with `wanted` on its right.
    pub fn holds(self, found: &Version, wanted: &Version) -> bool {
        match self {
            Self::Earlier => found < wanted,
            Self::EarlierOrEqual => found <= wanted,
            Self::Equal => found == wanted,
            Self::LaterOrEqual => found >= wanted,
            Self::Later => found > wanted,
        }
    }

    const fn symbol(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }

    fn read(text: &str) -> Option<(Self, &str)> {
        // Two-character forms first; `<` and `>` alone are the deprecated inclusive forms.
        [
            ("<<", Self::Earlier),
            ("<=", Self::EarlierOrEqual),
            (">=", Self::LaterOrEqual),
            (">>", Self::Later),
            ("=", Self::Equal),
            ("<", Self::EarlierOrEqual),
            (">", Self::LaterOrEqual),
        ]
        .into_iter()
        .find_map(|(symbol, operator)| Some((operator, text.strip_prefix(symbol)?)))
    }
}

impl Relation {
    /// Whether the relation counts on `arch` (its `[...]` restriction).
    pub fn applies_to(&self, arch: Arch) -> bool {
        let matches = |term: &ArchTerm| {
            let name = term.name.as_str();
            name == "any"
                || name == "linux-any"
                || name == arch.debian()
                || name.strip_prefix("linux-") == Some(arch.debian())
                || name.strip_prefix("any-") == Some(arch.debian())
        };
        match self.architectures.first() {
            None => true,
            Some(first) if first.negated => !self.architectures.iter().any(matches),
            Some(_) => self.architectures.iter().any(matches),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = &self.version {
            write!(f, " ({} {version})", operator.symbol())?;
        }
        for (at, term) in self.architectures.iter().enumerate() {
            let open = if at == 0 { " [" } else { " " };
            let not = if term.negated { "!" } else { "" };
            write!(f, "{open}{not}{}", term.name)?;
        }
        if !self.architectures.is_empty() {
            f.write_str("]")?;
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Relation, String> {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || "([<".contains(c))
        .unwrap_or(text.len());
    let (head, mut rest) = text.split_at(end);
    let (name, qualifier) = match head.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (head, None),
    };
    check_word(name, "package name")?;
    if let Some(qualifier) = qualifier {
        check_word(qualifier, "qualifier")?;
    }
    let mut relation = Relation {
        name: name.to_owned(),
        qualifier: qualifier.map(str::to_owned),
        version: None,
        architectures: Vec::new(),
    };
    rest = rest.trim_ascii_start();
    if let Some(inner) = rest.strip_prefix('(') {
        let (constraint, after) = inner.split_once(')').ok_or("no `)`")?;
        let (operator, version) =
            Operator::read(constraint.trim_ascii()).ok_or("no operator such as `>=`")?;
        let version: Version = version.parse().map_err(|e: BadVersion| e.to_string())?;
        relation.version = Some((operator, version));
        rest = after.trim_ascii_start();
    }
    if let Some(inner) = rest.strip_prefix('[') {
        let (terms, after) = inner.split_once(']').ok_or("no `]`")?;
        relation.architectures = arch_terms(terms)?;
        rest = after.trim_ascii_start();
    }
    // Build profiles `<...>` have no meaning in a binary package; their presence is a fault.
    match rest.is_empty() {
        true => Ok(relation),
        false => Err(format!("unexpected `{rest}`")),
    }
}

fn arch_terms(text: &str) -> Result<Vec<ArchTerm>, String> {
    let terms = text
        .split_ascii_whitespace()
        .map(|term| {
            let name = term.strip_prefix('!').unwrap_or(term);
            check_word(name, "architecture")?;
            Ok(ArchTerm {
                name: name.to_owned(),
                negated: name.len() != term.len(),
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let negated = terms.iter().filter(|t| t.negated).count();
    match terms.is_empty() || (negated != 0 && negated != terms.len()) {
        true => Err("architectures must all be negated or none".to_owned()),
        false => Ok(terms),
    }
}

fn check_word(word: &str, what: &str) -> Result<(), String> {
    match is_word(word) {
        true => Ok(()),
        false => Err(format!("bad {what} `{word}`")),
    }
}

fn is_word(word: &str) -> bool {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"+-._".contains(&b);
    !word.is_empty() && word.bytes().all(fine)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_form() {
        let field = "libc6 (>= 2.38), python3:any (<< 3.14~), a | b (=1:2-3) [amd64 arm64] ,\n \
                     c[!i386], d(> 1),";
        let groups = relations(field).unwrap();
        let shown: Vec<Vec<String>> = groups
            .iter()
            .map(|g| g.iter().map(ToString::to_string).collect())
            .collect();
        assert_eq!(
            shown,
            [
                vec!["libc6 (>= 2.38)"],
                vec!["python3:any (<< 3.14~)"],
                vec!["a", "b (= 1:2-3) [amd64 arm64]"],
                vec!["c [!i386]"],
                vec!["d (>= 1)"],
            ]
        );
    }

    #[test]
    fn restricts_by_architecture() {
        for (text, amd64, arm64) in [
            ("a", true, true),
            ("a [amd64]", true, false),
            ("a [!amd64]", false, true),
            ("a [!amd64 !arm64]", false, false),
            ("a [linux-any]", true, true),
            ("a [any-arm64]", false, true),
        ] {
            let relation = relation(text).unwrap();
            assert_eq!(relation.applies_to(Arch::Amd64), amd64, "{text}");
            assert_eq!(relation.applies_to(Arch::Arm64), arm64, "{text}");
        }
    }

    #[test]
    fn refuses_bad_text() {
        for text in [
            "a (",
            "a (1)",
            "a (>= )",
            "a [",
            "a []",
            "a [x !y]",
            "a b",
            "(>= 1)",
            "a:",
            "a |",
            "a <!nocheck>",
        ] {
            assert!(relations(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a:|,()<>=~\\[\\]! 1é]{0,30}") {
            let _ = relations(&text);
        }

        #[test]
        fn reads_what_it_writes(text in "[a-z]{2,5}(:any)?( \\((<<|<=|=|>=|>>) [0-9]\\.[0-9]\\))?") {
            prop_assert_eq!(relation(&text).unwrap().to_string(), text);
        }
    }
}
