//! A slice that cannot be cut alone.

use super::{Lint, Rule};
use crate::error::Error;
use crate::release::SliceKey;

/// Judged before there is a tree: see [`fails`].
pub(super) const RULE: Rule = Rule {
    id: "cuts-alone",
    title: "the slice can be cut with nothing but what it needs",
    rationale: "A path that the package does not hold, a package that the archive does not hold or \
                a script that fails stays unseen as long as nobody takes the slice.",
    look: |_| Vec::new(),
};

/// The finding about a cut that failed.
pub(super) fn fails(key: &SliceKey, error: &Error) -> Lint {
    Lint {
        slice: key.to_string(),
        rule: RULE.id,
        found: error.to_string(),
    }
}
