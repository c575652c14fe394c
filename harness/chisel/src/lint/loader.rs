//! Loaders that the slice's programs ask for and its tree does not have.

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "loader",
    title: "the dynamic loader that a program of the slice asks for is there",
    rationale: "The kernel reports an absent loader as an absent program, which misleads whoever \
                reads the error.",
    look,
};

fn look(subject: &Subject<'_>) -> Vec<String> {
    let missing = rootfs::read::missing_libraries(subject.tree, subject.selection.arch);
    let missing = missing.into_iter().filter(|missing| {
        let entry = subject.tree.get(&missing.path);
        entry.is_some_and(|entry| subject.owns(entry)) && missing.name.starts_with('/')
    });
    missing
        .map(|missing| {
            format!(
                "{} asks for {}, which is not there",
                missing.path, missing.name
            )
        })
        .collect()
}
