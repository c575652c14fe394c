//! Slices that leave their package's copyright file behind.

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "copyright",
    title: "the package's copyright file comes with every slice that takes files of it",
    rationale: "Most licences ask that their text goes with the program, and a licence report \
                cannot name what is not there. A package that ships none is not asked for one.",
    look,
};

fn look(subject: &Subject<'_>) -> Vec<String> {
    let package = subject.slice.key.package();
    let folder = format!("/usr/share/doc/{package}");
    let file = format!("{folder}/copyright");
    let is_shipped = subject.listing.files.contains_key(&file)
        || subject.listing.files.get(&folder) == Some(&true);
    let takes_files = subject.own().next().is_some();
    let is_missing = subject.tree.read(&file).is_none();
    match is_shipped && takes_files && is_missing {
        true => vec![format!("{file} is in the package, but not in the cut")],
        false => Vec::new(),
    }
}
