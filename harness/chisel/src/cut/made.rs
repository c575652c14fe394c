//! The paths that slices spell out themselves: folders, texts, links, and generated files.

use std::sync::Arc;

use rootfs::{Blob, Entry, Origin};

use super::report::{Report, What};
use super::want::{Claim, SliceNames, selected_paths};
use crate::error::{Error, ErrorClass, Result};
use crate::release::PathKind;
use crate::select::Selection;
use crate::stage::{FolderModes, Stage};

/// The file name of a manifest inside the folder of its `generate` path.
const MANIFEST: &str = "manifest.wall";

/// When something is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Before the first package: links that packages have paths below. Those then lie where the
    /// links lead, as in Debian 12, whose packages say `/lib/x` for what is in `/usr/lib`.
    First,
    /// After the last package: everything else.
    Last,
}

/// Makes the folders, texts and links of `selection` whose `turn` it is, slices in order, paths by
/// name.
pub(super) fn make(
    selection: &Selection<'_>,
    names: &SliceNames,
    turn: Turn,
    stage: &mut Stage,
    report: &mut Report,
) -> Result<()> {
    let none = FolderModes::new();
    for (key, path, rule) in selected_paths(selection) {
        if rule.first != (turn == Turn::First) {
            continue;
        }
        let claim = Claim {
            slice: names.get(key),
            target: None,
            mutable: rule.mutable,
            until_mutate: rule.until_mutate,
        };
        let origin = Origin::Slice(Arc::clone(&claim.slice));
        let bare = path.strip_suffix('/').unwrap_or(path);
        let owner = Arc::clone(&claim.slice);
        let (path, real, what) = match &rule.kind {
            PathKind::Make => {
                // Special bits other than sticky do not survive the making of a folder.
                let mode = rule.mode_or(0o755) & 0o1777;
                let entry = Entry::directory(mode, origin).with_owner(owner);
                (
                    path,
                    stage.place_absent_folder(bare, entry, &none)?,
                    What::Folder,
                )
            }
            PathKind::Text(text) => {
                let blob = Blob::new(text.clone().into_bytes());
                let what = What::File {
                    size: blob.size(),
                    digest: blob.digest(),
                };
                let entry = Entry::file(blob, rule.mode_or(0o644), origin).with_owner(owner);
                (bare, stage.place(bare, entry, &none)?, what)
            }
            PathKind::Symlink(target) => {
                let entry = Entry::symlink(target, origin).with_owner(owner);
                let real = if rule.first {
                    let folder = Entry::directory(0o755, Origin::Implicit);
                    stage.place_way(bare, entry, folder)?
                } else {
                    stage.place(bare, entry, &none)?
                };
                let target = target.clone();
                (bare, real, What::Link { target })
            }
            PathKind::Copy { .. } | PathKind::Glob | PathKind::Generate(_) => continue,
        };
        let mode = stage.tree.get(&real).map_or(0, |entry| entry.mode);
        report.add(path, mode, what, real, [&claim])?;
    }
    Ok(())
}

/// The paths of all manifests that `selection` asks for, with the slices that do. An unknown word
/// after `generate:` is an error.
pub(super) fn manifests(
    selection: &Selection<'_>,
    names: &SliceNames,
) -> Result<Vec<(String, Arc<str>)>> {
    let mut manifests = Vec::new();
    for (key, path, rule) in selected_paths(selection) {
        let PathKind::Generate(word) = &rule.kind else {
            continue;
        };
        if word != "manifest" {
            let text = format!("slice {key} has invalid 'generate' for path {path}: {word:?}");
            return Err(Error::new(ErrorClass::Definition, text));
        }
        manifests.push((
            format!("{}{MANIFEST}", path.trim_end_matches('*')),
            names.get(key),
        ));
    }
    Ok(manifests)
}
