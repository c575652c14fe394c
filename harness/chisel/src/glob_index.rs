//! A trie of paths and patterns by their segments, which finds what a pattern may meet.
//!
//! Every pair that meets is found; pairs that do not meet are mostly left out. Segments without
//! `**` line up one to one, so a walk compares segment with segment and leaves a branch at the
//! first that cannot meet; below a segment with `**` every path is a candidate.

use std::collections::{BTreeMap, HashMap};

use crate::glob::{Pattern, is_glob};

/// The index; values are the caller's numbers of paths.
#[derive(Debug, Default)]
pub(crate) struct GlobIndex {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// Paths that end here.
    ends: Vec<usize>,
    /// Plain segments.
    plain: BTreeMap<String, Node>,
    /// Segments with wildcards.
    globs: HashMap<String, (Pattern, Node)>,
}

impl GlobIndex {
    /// Adds `path` under `number`.
    pub(crate) fn add(&mut self, path: &str, number: usize) {
        let mut node = &mut self.root;
        for segment in path.split('/') {
            node = if is_glob(segment) {
                let new = || (Pattern::new(segment), Node::default());
                &mut node.globs.entry(segment.to_owned()).or_insert_with(new).1
            } else {
                node.plain.entry(segment.to_owned()).or_default()
            };
        }
        node.ends.push(number);
    }

    /// The numbers of the paths that may meet `pattern`, in no order.
    pub(crate) fn candidates(&self, pattern: &str) -> Vec<usize> {
        let segments: Vec<_> = pattern
            .split('/')
            .map(|text| Segment {
                text,
                pattern: is_glob(text).then(|| Pattern::new(text)),
            })
            .collect();
        let mut found = Vec::new();
        self.root.walk(&segments, &mut found);
        found
    }
}

/// A segment of the pattern that is looked up.
struct Segment<'p> {
    text: &'p str,
    /// Set if it has wildcards.
    pattern: Option<Pattern>,
}

impl Segment<'_> {
    fn is_deep(&self) -> bool {
        self.text.contains("**")
    }

    /// The plain characters before the first wildcard.
    fn prefix(&self) -> &str {
        self.text.split(['*', '?']).next().unwrap_or_default()
    }
}

impl Node {
    fn walk(&self, segments: &[Segment<'_>], found: &mut Vec<usize>) {
        let Some((segment, rest)) = segments.split_first() else {
            found.extend(&self.ends);
            return;
        };
        if segment.is_deep() {
            // A deep segment may reach over any number of segments, also over none of them.
            return self.below_prefix(segment.prefix(), found);
        }
        match &segment.pattern {
            None => {
                if let Some(node) = self.plain.get(segment.text) {
                    node.walk(rest, found);
                }
            }
            Some(pattern) => {
                let prefix = segment.prefix();
                let from = self.plain.range(prefix.to_owned()..);
                for (text, node) in from.take_while(|(text, _)| text.starts_with(prefix)) {
                    if text.is_empty() || pattern.meets(&Pattern::new(text)) {
                        node.walk(rest, found);
                    }
                }
            }
        }
        for (text, (glob, node)) in &self.globs {
            if text.contains("**") {
                node.all(found);
            } else if match &segment.pattern {
                Some(pattern) => pattern.meets(glob),
                None => segment.text.is_empty() || Pattern::new(segment.text).meets(glob),
            } {
                node.walk(rest, found);
            }
        }
    }

    /// Everything below plain segments that start with `prefix` and below all patterns.
    fn below_prefix(&self, prefix: &str, found: &mut Vec<usize>) {
        let from = self.plain.range(prefix.to_owned()..);
        for (_, node) in from.take_while(|(text, _)| text.starts_with(prefix)) {
            node.all(found);
        }
        for (_, node) in self.globs.values() {
            node.all(found);
        }
    }

    /// Everything at and below this node.
    fn all(&self, found: &mut Vec<usize>) {
        found.extend(&self.ends);
        self.plain.values().for_each(|node| node.all(found));
        self.globs.values().for_each(|(_, node)| node.all(found));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn finds_every_pair_that_meets(
            paths in proptest::collection::vec("(/[ab]{0,1}[ab*?]{1,3}){1,3}/?", 1..8),
            pattern in "(/[ab]{0,1}[ab*?]{1,3}){1,3}/?",
        ) {
            let mut index = GlobIndex::default();
            for (number, path) in paths.iter().enumerate() {
                index.add(path, number);
            }
            let found = index.candidates(&pattern);
            let compiled = Pattern::new(&pattern);
            for (number, path) in paths.iter().enumerate() {
                if compiled.meets(&Pattern::new(path)) {
                    prop_assert!(found.contains(&number), "{} {}", pattern, path);
                }
            }
        }
    }
}
