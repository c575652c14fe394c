//! The paths a slim system leaves out, with dpkg's rules for `path-exclude` and `path-include`.

use crate::glob::Pattern;

/// An ordered list of rules; the last that fits a path decides.
#[derive(Debug, Clone)]
pub struct PathExcludes {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    kind: RuleKind,
    /// As dpkg would read it.
    text: String,
    pattern: Pattern,
    /// The folder before the first wildcard, without trailing slash.
    plain: String,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// `path-exclude`
    Exclude,
    /// `path-include`
    Include,
}

/// The rules of slim base images: no manuals, documents (but copyright files), info pages,
/// translations, groff and lintian data.
const SLIM: [(RuleKind, &str); 8] = [
    (RuleKind::Exclude, "/usr/share/doc/*"),
    (RuleKind::Include, "/usr/share/doc/*/copyright"),
    (RuleKind::Exclude, "/usr/share/groff/*"),
    (RuleKind::Exclude, "/usr/share/info/*"),
    (RuleKind::Exclude, "/usr/share/lintian/*"),
    (RuleKind::Exclude, "/usr/share/linda/*"),
    (RuleKind::Exclude, "/usr/share/locale/*"),
    (RuleKind::Exclude, "/usr/share/man/*"),
];

impl PathExcludes {
    /// Nothing is left out.
    pub const fn none() -> Self {
        Self { rules: Vec::new() }
    }

    /// The rules of slim base images.
    pub fn slim() -> Self {
        Self::new(SLIM)
    }

    /// Rules in order. A `*` stands for any run of characters, slashes included.
    pub fn new<'p>(rules: impl IntoIterator<Item = (RuleKind, &'p str)>) -> Self {
        let rules = rules
            .into_iter()
            .map(|(kind, text)| Rule {
                kind,
                text: text.to_owned(),
                pattern: Pattern::new(&text.replace('*', "**")),
                plain: text
                    .split(['*', '?'])
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches('/')
                    .into(),
            })
            .collect();
        Self { rules }
    }

    /// The rules as dpkg's own options: `path-exclude=/usr/share/man/*`.
    pub fn dpkg_options(&self) -> Vec<String> {
        let option = |rule: &Rule| {
            let name = match rule.kind {
                RuleKind::Exclude => "path-exclude",
                RuleKind::Include => "path-include",
            };
            format!("{name}={}", rule.text)
        };
        self.rules.iter().map(option).collect()
    }

    /// Whether the file at `path` is left out.
    pub fn leaves_out_file(&self, path: &str) -> bool {
        let literal = Pattern::literal(path);
        let last = self
            .rules
            .iter()
            .rev()
            .find(|rule| rule.pattern.meets(&literal));
        last.is_some_and(|rule| rule.kind == RuleKind::Exclude)
    }

    /// Whether the folder or symbolic link (it may lead to a folder) at `path` is left out: not if
    /// something below may be included again.
    pub fn leaves_out_folder(&self, path: &str) -> bool {
        let may_hold = |rule: &Rule| {
            rule.kind == RuleKind::Include
                && (path.starts_with(&rule.plain) || rule.plain.starts_with(path))
        };
        self.leaves_out_file(path) && !self.rules.iter().any(may_hold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slim_rules() {
        let slim = PathExcludes::slim();
        for path in [
            "/usr/share/man/man1/x.1.gz",
            "/usr/share/doc/a/README",
            "/usr/share/locale/de",
        ] {
            assert!(slim.leaves_out_file(path), "{path}");
        }
        for path in [
            "/usr/share/doc/a/copyright",
            "/usr/share/zoneinfo/UTC",
            "/usr/share/man",
        ] {
            assert!(!slim.leaves_out_file(path), "{path}");
        }
        let options = slim.dpkg_options();
        assert_eq!(options[1], "path-include=/usr/share/doc/*/copyright");
        assert!(options.contains(&"path-exclude=/usr/share/man/*".to_owned()));
        assert!(slim.leaves_out_folder("/usr/share/man/man1"));
        assert!(!slim.leaves_out_folder("/usr/share/doc/a"));
        assert!(!PathExcludes::none().leaves_out_file("/usr/share/man/man1/x.1.gz"));
    }
}
