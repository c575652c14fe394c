//! The end of a session: what is gone is struck out of the ledger, what is left is told.

use engine::{Ledger, Residue, SessionError};

/// Strikes out every object whose removal worked; an error names the others.
pub(crate) fn strike_out(
    ledger: &Ledger,
    attempted: &str,
    objects: Vec<(String, Result<(), String>)>,
) -> Result<(), SessionError> {
    let mut left = Vec::new();
    for (object, removed) in objects {
        match removed {
            Ok(()) => ledger
                .removed(&object)
                .map_err(|error| SessionError::environment(attempted, error))?,
            Err(why) => left.push(format!("{object} ({why})")),
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(
        SessionError::environment(attempted, "not everything could be removed")
            .leaving(Residue::Removable(left))
            .try_this("cargo xtask sweep"),
    )
}
