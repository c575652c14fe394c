//! Symbolic links of the slice that lead nowhere.

use rootfs::Kind;

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "dangling-link",
    title: "every symbolic link of the slice leads somewhere",
    rationale: "A link without its target is an absent file under another name. Targets below \
                /dev, /proc, /run and /sys exist at run time only and are not looked for.",
    look,
};

/// Filled by the kernel or the runtime.
const AT_RUN_TIME: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

fn look(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, entry) in subject.own() {
        let Kind::Symlink { target } = &entry.kind else {
            continue;
        };
        let leads = subject.tree.link_target(path).map(|(to, _)| to);
        let is_made_later = leads.is_some_and(|to| {
            let mut folders = AT_RUN_TIME.iter();
            folders.any(|folder| to.as_str().starts_with(&format!("{folder}/")))
        });
        if !is_made_later && subject.tree.resolve(path.as_str()).is_err() {
            found.push(format!("{path} leads to {target}, which is not there"));
        }
    }
    found
}
