//! A trie of paths and patterns by their segments, which finds what a pattern may meet.
//!
//! Every pair that meets is found; pairs that do not meet are mostly left out. Segments without
//! `**` line up one to one, so a walk compares segment with segment and leaves a branch at the
//! first that cannot meet; below a segment with `**` every path is a candidate. Segments with
//! wildcards are filed under their plain start, so that of thousands of `libNAME.so*` in one folder
//! only those with a fitting start are looked at.

use std::collections::BTreeMap;

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
    /// Segments with wildcards, by what stands before the first one.
    globs: BTreeMap<String, BTreeMap<String, (Pattern, Node)>>,
}

impl GlobIndex {
    /// Adds `path` under `number`.
    pub(crate) fn add(&mut self, path: &str, number: usize) {
        let mut node = &mut self.root;
        for segment in path.split('/') {
            node = if is_glob(segment) {
                let new = || (Pattern::new(segment), Node::default());
                let filed = node.globs.entry(start(segment).to_owned()).or_default();
                &mut filed.entry(segment.to_owned()).or_insert_with(new).1
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
        start(self.text)
    }
}

/// The plain characters of `text` before the first wildcard.
fn start(text: &str) -> &str {
    text.split(['*', '?']).next().unwrap_or_default()
}

impl Node {
    fn walk(&self, segments: &[Segment<'_>], found: &mut Vec<usize>) {
        let Some((segment, rest)) = segments.split_first() else {
            found.extend(&self.ends);
            return;
        };
        if segment.is_deep() {
            // A deep segment may reach over any number of segments, also over none of them.
            return self.below_prefix(segment, found);
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
        for (text, (glob, node)) in self.fitting(segment) {
            if text.contains("**") {
                node.all(found);
            } else if match &segment.pattern {
                Some(pattern) => pattern.meets(glob),
                None => Pattern::new(segment.text).meets(glob),
            } {
                node.walk(rest, found);
            }
        }
    }

    /// Segments with wildcards whose plain start fits that of `segment`: one goes on where the
    /// other ends. The start of a plain segment is all of it.
    fn fitting<'n>(
        &'n self,
        segment: &Segment<'n>,
    ) -> impl Iterator<Item = (&'n String, &'n (Pattern, Self))> {
        let whole = segment.prefix();
        let shorter = whole.char_indices().map(move |(at, _)| &whole[..at]);
        let shorter = shorter.filter_map(|start| self.globs.get(start));
        let is_glob = segment.pattern.is_some();
        let from = self.globs.range(whole.to_owned()..);
        let longer = from
            .take_while(move |(start, _)| start.starts_with(whole))
            .filter(move |(start, _)| is_glob || start.len() == whole.len())
            .map(|(_, filed)| filed);
        shorter.chain(longer).flatten()
    }

    /// Everything below plain segments that start as the deep `segment` does, and below patterns
    /// that may.
    fn below_prefix<'n>(&'n self, segment: &Segment<'n>, found: &mut Vec<usize>) {
        let prefix = segment.prefix();
        let from = self.plain.range(prefix.to_owned()..);
        for (_, node) in from.take_while(|(text, _)| text.starts_with(prefix)) {
            node.all(found);
        }
        for (_, (_, node)) in self.fitting(segment) {
            node.all(found);
        }
    }

    /// Everything at and below this node.
    fn all(&self, found: &mut Vec<usize>) {
        found.extend(&self.ends);
        self.plain.values().for_each(|node| node.all(found));
        let globs = self.globs.values().flat_map(BTreeMap::values);
        globs.for_each(|(_, node)| node.all(found));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thousands_of_patterns_in_one_folder_are_not_all_looked_at() {
        let names: Vec<String> = (0..2000)
            .map(|at| format!("lib{}x{at}-", at % 26))
            .collect();
        let paths: Vec<String> = names
            .iter()
            .flat_map(|name| {
                let ends = ["*.so", "?/**", "plain"];
                ends.map(|end| format!("/usr/lib/*-linux-*/{name}{end}"))
            })
            .collect();
        let mut index = GlobIndex::default();
        for (number, path) in paths.iter().enumerate() {
            index.add(path, number);
        }
        let found: usize = paths.iter().map(|path| index.candidates(path).len()).sum();
        assert!(
            found <= 4 * paths.len(),
            "{found} candidates of {} paths",
            paths.len()
        );
    }

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
