//! Releases with keys of our own, and packages that hold what their definitions ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use camino::Utf8Path;
use chisel::{PathKind, Release, ReleaseFiles, Selection, Slice, Strictness};
use model::Arch;
use testkit::{ArchiveKey, BuiltDeb, DebBuilder};

/// Path and bytes of a release's files.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// Links of a merged `/usr`, as the package that owns them ships them.
const MERGED: [(&str, &str); 4] = [
    ("/bin", "usr/bin"),
    ("/sbin", "usr/sbin"),
    ("/lib", "usr/lib"),
    ("/lib64", "usr/lib64"),
];

/// The real release `name` of the corpus, with `key` in place of its archives' own.
pub(crate) fn real(folder: &Utf8Path, name: &str, key: &ArchiveKey) -> Files {
    let packed = std::fs::File::open(folder.join(format!("{name}.tar.zst"))).unwrap();
    let bytes = zstd::decode_all(packed).unwrap();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let name = name.trim_start_matches("./").to_owned();
        if entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if name == "chisel.yaml" {
                bytes = with_key(&String::from_utf8(bytes).unwrap()).into_bytes();
            }
            files.push((name, bytes));
        }
    }
    files.push(("keys/test.asc".to_owned(), key.armored().into_bytes()));
    files
}

/// The definition with one key for all archives.
fn with_key(text: &str) -> String {
    let mut changed = String::new();
    for line in text.lines() {
        if line.starts_with("public-keys:") {
            break;
        }
        match line.split_once("public-keys: [") {
            Some((indent, _)) => changed.push_str(&format!("{indent}public-keys: [test]\n")),
            None => changed.push_str(&format!("{line}\n")),
        }
    }
    changed + "public-keys:\n  test: {id: \"0123456789ABCDEF\", path: keys/test.asc}\n"
}

/// A small release: `more` is YAML below the archive's keys, `head` below the top.
pub(crate) fn small(head: &str, more: &str, key: &ArchiveKey) -> Files {
    let text = format!(
        "format: v1\n{head}archives:\n  ubuntu:\n    version: 24.04\n    suites: [noble]\n    \
         components: [main]\n    public-keys: [test]\n    priority: 10\n{more}\
         public-keys:\n  test: {{id: \"0123456789ABCDEF\", path: keys/test.asc}}\n"
    );
    let slice = "package: some\nslices: {bins: {contents: {/usr/bin/some: }}}\n";
    vec![
        ("chisel.yaml".to_owned(), text.into_bytes()),
        ("slices/some.yaml".to_owned(), slice.as_bytes().to_vec()),
        ("keys/test.asc".to_owned(), key.armored().into_bytes()),
    ]
}

/// The package that the small release cuts.
pub(crate) fn some(arch: &str, version: &str) -> BuiltDeb {
    DebBuilder::new("some", version)
        .architecture(arch)
        .file("/usr/bin/some", 0o755, version.as_bytes())
        .build()
}

/// Reads and validates a release.
pub(crate) fn read(files: &Files) -> Release {
    let files = ReleaseFiles::from_pairs("r", files.clone());
    Release::from_files(&files, Strictness::Foreign).unwrap()
}

/// Writes a release into a folder, as a checkout lies there.
pub(crate) fn lay(files: &Files, folder: &Utf8Path) {
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// Packs a release as its server does: below one folder, beside files that are no part of it.
pub(crate) fn packed(files: &Files, name: &str) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    let at = format!("releases-{name}/tests/some/link");
    tar.append_link(&mut link, at, "../other").unwrap();
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let path = format!("releases-{name}/{path}");
        tar.append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// One package for each that the selection takes something from, with every path it takes.
pub(crate) fn packages(selection: &Selection<'_>) -> Vec<BuiltDeb> {
    let mut paths: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for slice in &selection.slices {
        let own = paths.entry(slice.key.package()).or_default();
        let taken = taken(slice, selection.arch).into_iter();
        own.extend(taken.map(|(from, _)| from));
    }
    let each = paths.iter().map(|(name, paths)| {
        let mut deb = DebBuilder::new(name, "1.0-1").architecture(selection.arch.debian());
        for path in paths {
            let merged = MERGED.iter().find(|(link, _)| link == path);
            deb = match (merged, path.strip_suffix('/')) {
                (Some((link, target)), _) => deb.symlink(link, target),
                (None, Some(folder)) => deb.dir(folder, 0o755),
                (None, None) => deb.file(path, 0o644, format!("{name} {path}\n").as_bytes()),
            };
        }
        deb.build()
    });
    each.collect()
}

/// What a slice takes from its package: the path there, and the path it is laid down at unless it
/// goes away again.
fn taken(slice: &Slice, arch: Arch) -> Vec<(String, Option<String>)> {
    let rules = slice.contents.iter();
    let rules = rules.filter(|(_, rule)| rule.arch.is_empty() || rule.arch.contains(&arch));
    let paths = rules.filter_map(|(path, rule)| {
        let (from, to) = match &rule.kind {
            PathKind::Copy { from } => (from.clone(), path.clone()),
            PathKind::Glob => (invented(path), invented(path)),
            _ => return None,
        };
        Some((from, (!rule.until_mutate).then_some(to)))
    });
    paths.collect()
}

/// A path that a pattern matches.
pub(crate) fn invented(pattern: &str) -> String {
    pattern.replace("**", "x").replace(['*', '?'], "x")
}

/// Every path that is no folder, of all slices: what a cut must lay down. Paths that go away once
/// the scripts have run are left out.
pub(crate) fn expected(selection: &Selection<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for slice in &selection.slices {
        let taken = taken(slice, selection.arch).into_iter();
        all.extend(taken.filter_map(|(_, to)| to));
        for (path, rule) in &slice.contents {
            let here = rule.arch.is_empty() || rule.arch.contains(&selection.arch);
            match &rule.kind {
                _ if !here || rule.until_mutate => {}
                PathKind::Text(_) => drop(all.insert(path.clone())),
                PathKind::Symlink(_) => drop(all.insert(path.trim_end_matches('/').to_owned())),
                PathKind::Generate(_) => {
                    let folder = path.trim_end_matches("**");
                    all.insert(format!("{folder}manifest.wall"));
                }
                _ => {}
            }
        }
    }
    all.retain(|path| !path.ends_with('/'));
    all
}

/// Every path below `root` that is no folder.
pub(crate) fn found(root: &Utf8Path) -> BTreeSet<String> {
    let files = walk(root).into_iter();
    files
        .map(|path| path.as_str()[root.as_str().len()..].to_owned())
        .collect()
}

fn walk(folder: &Utf8Path) -> Vec<camino::Utf8PathBuf> {
    let mut all = Vec::new();
    for entry in folder.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(walk(entry.path()));
        } else {
            all.push(entry.path().to_owned());
        }
    }
    all
}
