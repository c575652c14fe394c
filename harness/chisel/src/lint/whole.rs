//! Slices that are hardly any smaller than their package.

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "whole",
    title: "a slice that takes more than half of its package's files says why",
    rationale: "A slice that takes a package as it is has probably not been thought about. The \
                reason stands in the slice's key `whole`. Files and links are counted, folders \
                are not.",
    look,
};

fn look(subject: &Subject<'_>) -> Vec<String> {
    let listing = &subject.listing.files;
    // Where the package has its files: links between folders lead elsewhere in the tree.
    let is_own = |path: &&String| match subject.tree.get(path.as_str()) {
        Some(entry) => subject.owns(entry),
        None => subject
            .tree
            .lookup(path)
            .is_some_and(|(_, entry)| subject.owns(entry)),
    };
    let taken = listing.keys().filter(is_own).count();
    let (whole, all) = (subject.slice.whole.trim(), listing.len());
    if taken * 2 > all && whole.is_empty() {
        return vec![format!(
            "takes {taken} of {all} files and has no reason in `whole`"
        )];
    }
    Vec::new()
}
