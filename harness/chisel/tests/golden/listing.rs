//! Compares the tree and the manifests of a cut with the recorded ones.

use std::collections::BTreeMap;

use chisel::Cut;
use rootfs::{Entry, Kind, TreePath};

use crate::case::{Outcome, TreeLine};

/// What differs, if anything.
pub(crate) fn compare(
    cut: &Cut,
    ids: &BTreeMap<String, String>,
    outcome: &Outcome,
) -> Result<(), String> {
    let walls: Vec<&str> = outcome
        .manifests
        .iter()
        .map(|wall| wall.path.as_str())
        .collect();
    let ours = tree(cut, &walls);
    let mut theirs = outcome.tree.clone();
    for line in &mut theirs {
        if walls.contains(&format!("/{}", line.path).as_str()) {
            (line.size, line.sha256) = (None, None);
        }
        if line.kind == "symlink" {
            line.mode = None;
        }
    }
    renumber(&mut theirs);
    for line in &theirs {
        if !ours.contains(line) {
            let path = ours.iter().find(|other| other.path == line.path);
            return Err(format!("expected {line:?}, found {path:?}"));
        }
    }
    if let Some(line) = ours.iter().find(|line| !theirs.contains(line)) {
        return Err(format!("unexpected {line:?}"));
    }
    for wall in &outcome.manifests {
        let mut text = cut.manifest.text.clone();
        for (digest, id) in ids {
            text = text.replace(digest.as_str(), &format!("{{sha256:{id}}}"));
        }
        let mut lines: Vec<&str> = text.lines().collect();
        // Recorded lines are sorted by their real digests.
        lines.sort_unstable();
        let mut expected: Vec<&str> = wall.lines.iter().map(String::as_str).collect();
        expected.sort_unstable();
        if let Some(line) = expected.iter().find(|line| !lines.contains(line)) {
            return Err(format!("manifest lacks {line}\n{text}"));
        }
        if let Some(line) = lines.iter().find(|line| !expected.contains(line)) {
            return Err(format!("manifest has unexpected {line}"));
        }
    }
    Ok(())
}

/// The tree in the form of the recordings.
fn tree(cut: &Cut, walls: &[&str]) -> Vec<TreeLine> {
    let tree = &cut.rootfs.tree;
    let mut groups: BTreeMap<TreePath, u32> = BTreeMap::new();
    let mut lines = Vec::new();
    for (path, entry) in tree.iter() {
        let mut line = line(path, entry);
        if let Some(blob) = tree.blob(path) {
            if !walls.contains(&path.as_str()) {
                line.size = Some(blob.size());
                line.sha256 = Some(blob.digest().hex());
            }
            let names = tree.names_of(path);
            if names.len() > 1 {
                let next = u32::try_from(groups.len()).unwrap() + 1;
                line.hardlink = Some(*groups.entry(names[0].clone()).or_insert(next));
            }
        }
        lines.push(line);
    }
    renumber(&mut lines);
    lines
}

fn line(path: &TreePath, entry: &Entry) -> TreeLine {
    let (kind, slash, link) = match &entry.kind {
        Kind::Directory => ("dir", "/", None),
        Kind::File(_) | Kind::Hardlink { .. } => ("file", "", None),
        Kind::Symlink { target } => ("symlink", "", Some(target.clone())),
        _ => ("other", "", None),
    };
    TreeLine {
        path: format!("{}{slash}", path.relative()),
        kind: kind.to_owned(),
        mode: (kind != "symlink").then(|| format!("0{:o}", entry.mode)),
        link,
        size: None,
        sha256: None,
        hardlink: None,
    }
}

/// Numbers hard link groups by their first path.
fn renumber(lines: &mut [TreeLine]) {
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    // The recordings number links to links too; a tree holds copies of those.
    for line in lines.iter_mut().filter(|line| line.kind == "symlink") {
        line.hardlink = None;
    }
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for line in lines {
        if let Some(group) = &mut line.hardlink {
            let next = u32::try_from(numbers.len()).unwrap() + 1;
            *group = *numbers.entry(*group).or_insert(next);
        }
    }
}
