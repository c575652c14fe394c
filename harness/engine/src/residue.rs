//! What a failure leaves behind. No session error comes without it.

use std::fmt;

/// What is left on a platform after something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residue {
    /// Nothing.
    Nothing,
    /// Named objects that `certify sweep` can remove.
    Removable(Vec<String>),
    /// Named objects that nobody can remove by themselves.
    Orphaned(Vec<String>),
    /// It could not be found out.
    Unknown(String),
}

impl fmt::Display for Residue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was left behind"),
            Self::Removable(names) => write!(f, "left behind, removable: {}", names.join(", ")),
            Self::Orphaned(names) => write!(f, "left behind: {}", names.join(", ")),
            Self::Unknown(why) => write!(f, "what is left behind is unknown: {why}"),
        }
    }
}
