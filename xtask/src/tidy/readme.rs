//! Commands shown in README exist.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::cargo;

/// Verbs of xtask itself; the others are asked of certify's own list.
const OWN: &[&str] = &["certify", "ci", "libexec", "test", "testbed", "tidy"];

pub(super) fn check() -> Result<Vec<String>> {
    let root = cargo::root();
    let readme = fs_err::read_to_string(root.join("README.md"))?;
    let verbs = fs_err::read_to_string(root.join("harness/certify/src/arguments/mod.rs"))?;
    let mut findings = Vec::new();
    for verb in shown(&readme) {
        let variant = camel(&verb);
        if !OWN.contains(&verb.as_str()) && !verbs.contains(&format!("    {variant}(")) {
            findings.push(format!(
                "README shows `cargo xtask {verb}`, which does not exist"
            ));
        }
    }
    Ok(findings)
}

fn shown(readme: &str) -> BTreeSet<String> {
    let word = |rest: &str| -> String {
        rest.chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '-')
            .collect()
    };
    readme
        .split("cargo xtask ")
        .skip(1)
        .map(word)
        .filter(|verb| !verb.is_empty())
        .collect()
}

fn camel(verb: &str) -> String {
    verb.split('-')
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_verbs_a_readme_shows() {
        let verbs = shown("run `cargo xtask certify`, then cargo xtask no-such --x");
        assert_eq!(
            verbs.into_iter().collect::<Vec<_>>(),
            ["certify", "no-such"]
        );
        assert_eq!(camel("no-such"), "NoSuch");
    }
}
