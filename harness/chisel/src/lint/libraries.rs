//! Libraries that the slice's files need and its tree does not have.

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "libraries",
    title: "every library that a file of the slice needs is there",
    rationale: "A program whose library is absent does not start, a plug-in does not load. Looked \
                for as the loader does: run paths, ld.so.conf, default folders, beside the file.",
    look,
};

fn look(subject: &Subject<'_>) -> Vec<String> {
    let missing = rootfs::read::missing_libraries(subject.tree, subject.selection.arch);
    let missing = missing.into_iter().filter(|missing| {
        let entry = subject.tree.get(&missing.path);
        entry.is_some_and(|entry| subject.owns(entry)) && !missing.name.starts_with('/')
    });
    missing
        .map(|missing| {
            format!(
                "{} needs {}, which is not there",
                missing.path, missing.name
            )
        })
        .collect()
}
