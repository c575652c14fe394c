//! The links that merge `/bin`, `/lib` and `/sbin` into `/usr` where no package has them.
//!
//! Debian 12 is merged, but its packages still hold `/lib/x`, and `base-files` ships `/lib` as a
//! folder. Whoever installs a system makes the links before the first package, as `debootstrap`
//! does, and unpacks through them.

use std::collections::BTreeSet;

use deb::{DebReader, EntryKind};
use rootfs::{Entry, Origin};

use super::FIRST;
use crate::error::Result;
use crate::stage::Stage;

/// Packages that only a merged system can have.
const STATED_BY: [&str; 2] = ["usr-is-merged", "usrmerge"];

/// What is merged in every distribution.
const ALWAYS: [&str; 3] = ["bin", "lib", "sbin"];

/// What is merged where packages have it: folders for libraries of another word size.
const WHERE_NEEDED: [&str; 4] = ["lib32", "lib64", "libo32", "libx32"];

/// Makes the links if `packages` want a merged system and none of them brings the links along. A
/// note for each.
pub(super) fn begin(stage: &mut Stage, packages: &[DebReader]) -> Result<Vec<String>> {
    let is_stated = packages.iter().any(|one| STATED_BY.contains(&one.name()));
    let mut folders = BTreeSet::new();
    for entry in packages.iter().flat_map(DebReader::entries) {
        let top = entry.path.split('/').nth(1).unwrap_or_default();
        let is_link =
            matches!(entry.kind, EntryKind::Symlink(_)) && entry.path.len() == top.len() + 1;
        if is_link && ALWAYS.contains(&top) {
            return Ok(Vec::new());
        }
        folders.extend(WHERE_NEEDED.iter().filter(|name| **name == top));
    }
    if !is_stated {
        return Ok(Vec::new());
    }
    let mut notes = Vec::new();
    for name in folders.into_iter().chain(&ALWAYS) {
        let origin = || Origin::Generated(FIRST.into());
        let link = Entry::symlink(format!("usr/{name}"), origin()).with_owner("generated");
        let folder = Entry::directory(0o755, origin()).with_owner("generated");
        stage.place_way(&format!("/{name}"), link, folder)?;
        notes.push(format!(
            "generated: /{name} leads to usr/{name}, as before the first package"
        ));
    }
    Ok(notes)
}
