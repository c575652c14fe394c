//! A trie of paths and patterns by their segments, which finds what a pattern may meet.
//!
//! Every pair that meets is found; pairs that do not meet are mostly left out. Segments without
//! `**` line up one to one, so a walk compares segment with segment and leaves a branch at the
//! first that cannot meet; below a segment with `**` every path is a candidate.
//!
//! The work grows with the paths and not with their pairs: segments with wildcards are filed under
//! their plain start, so that of thousands of `libNAME.so*` in one folder only those with a fitting
//! start are looked at, and which folders a segment like `*-linux-*` meets is found out once.

use std::collections::{BTreeMap, HashMap};

use crate::glob::{Pattern, is_glob};

/// The index; values are the caller's numbers of paths.
#[derive(Debug)]
pub(crate) struct GlobIndex {
    /// All nodes; the first is the root.
    nodes: Vec<Node>,
    /// Plain children that a segment with wildcards meets, by node and segment.
    met: HashMap<(usize, String), Vec<usize>>,
}

#[derive(Debug, Default)]
struct Node {
    /// Paths that end here.
    ends: Vec<usize>,
    /// Plain segments and the nodes below them.
    plain: BTreeMap<String, usize>,
    /// Segments with wildcards, by what stands before the first one.
    globs: BTreeMap<String, BTreeMap<String, (Pattern, usize)>>,
}

impl Default for GlobIndex {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            met: HashMap::new(),
        }
    }
}

impl GlobIndex {
    /// Adds `path` under `number`.
    pub(crate) fn add(&mut self, path: &str, number: usize) {
        self.met.clear();
        let mut at = 0;
        for segment in path.split('/') {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = if is_glob(segment) {
                let new = || (Pattern::new(segment), next);
                let filed = node.globs.entry(start(segment).to_owned()).or_default();
                filed.entry(segment.to_owned()).or_insert_with(new).1
            } else {
                *node.plain.entry(segment.to_owned()).or_insert(next)
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        self.nodes[at].ends.push(number);
    }

    /// The numbers of the paths that may meet `pattern`, in no order.
    pub(crate) fn candidates(&mut self, pattern: &str) -> Vec<usize> {
        let segments: Vec<_> = pattern
            .split('/')
            .map(|text| Segment {
                text,
                pattern: is_glob(text).then(|| Pattern::new(text)),
            })
            .collect();
        let mut found = Vec::new();
        self.walk(0, &segments, &mut found);
        found
    }

    fn walk(&mut self, at: usize, segments: &[Segment<'_>], found: &mut Vec<usize>) {
        let Some((segment, rest)) = segments.split_first() else {
            found.extend(&self.nodes[at].ends);
            return;
        };
        if segment.is_deep() {
            // A deep segment may reach over any number of segments, also over none of them.
            return self.below_prefix(at, segment, found);
        }
        let mut onward = match &segment.pattern {
            None => self.nodes[at]
                .plain
                .get(segment.text)
                .copied()
                .into_iter()
                .collect(),
            Some(pattern) => self.met(at, segment, pattern),
        };
        for (text, (glob, below)) in self.nodes[at].fitting(segment) {
            if text.contains("**") {
                self.all(*below, found);
            } else if match &segment.pattern {
                Some(pattern) => pattern.meets(glob),
                None => Pattern::new(segment.text).meets(glob),
            } {
                onward.push(*below);
            }
        }
        for below in onward {
            self.walk(below, rest, found);
        }
    }

    /// The plain children of a node that a segment with wildcards meets.
    fn met(&mut self, at: usize, segment: &Segment<'_>, pattern: &Pattern) -> Vec<usize> {
        let key = (at, segment.text.to_owned());
        if let Some(known) = self.met.get(&key) {
            return known.clone();
        }
        let prefix = segment.prefix();
        let from = self.nodes[at].plain.range(prefix.to_owned()..);
        let fits = |text: &str| text.is_empty() || pattern.meets(&Pattern::new(text));
        let met: Vec<usize> = from
            .take_while(|(text, _)| text.starts_with(prefix))
            .filter(|(text, _)| fits(text))
            .map(|(_, below)| *below)
            .collect();
        self.met.insert(key, met.clone());
        met
    }

    /// Everything below plain segments that start as the deep `segment` does, and below patterns
    /// that may.
    fn below_prefix(&self, at: usize, segment: &Segment<'_>, found: &mut Vec<usize>) {
        let prefix = segment.prefix();
        let from = self.nodes[at].plain.range(prefix.to_owned()..);
        for (_, below) in from.take_while(|(text, _)| text.starts_with(prefix)) {
            self.all(*below, found);
        }
        for (_, (_, below)) in self.nodes[at].fitting(segment) {
            self.all(*below, found);
        }
    }

    /// Everything at and below a node.
    fn all(&self, at: usize, found: &mut Vec<usize>) {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            let node = &self.nodes[at];
            found.extend(&node.ends);
            open.extend(node.plain.values());
            let globs = node.globs.values().flat_map(BTreeMap::values);
            open.extend(globs.map(|(_, below)| below));
        }
    }
}

impl Node {
    /// Segments with wildcards whose plain start fits that of `segment`: one goes on where the
    /// other ends. The start of a plain segment is all of it.
    fn fitting<'n>(
        &'n self,
        segment: &'n Segment<'_>,
    ) -> impl Iterator<Item = (&'n String, &'n (Pattern, usize))> {
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
