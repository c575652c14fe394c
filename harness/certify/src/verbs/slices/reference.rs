//! The same cut by the reference tool, and where the two differ.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use camino::Utf8Path;
use model::Arch;
use rootfs::{Entry, Kind, Tree, TreePath};

use crate::arguments::CutArguments;
use crate::command;

/// Cuts what `arguments` ask for with `program` into a folder of its own, and compares that with
/// `root`. A line for each difference; owners and times are not compared, for the reference has
/// neither.
pub(super) fn differences(
    program: &str,
    arguments: &CutArguments,
    arch: Arch,
    slices: &[String],
) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().context("a folder for the reference's cut")?;
    let theirs = folder.path();
    let release = arguments.source.release.choice();
    let mut call = command::of_the_user(program);
    call.args(["cut", "--release", release.sole(), "--arch", arch.debian()]);
    for status in &arguments.source.ignore {
        call.arg("--ignore").arg(status.word());
    }
    call.arg("--root");
    call.arg(theirs).args(slices);
    let done = call
        .output()
        .with_context(|| format!("starting {program}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        bail!("{program} did not cut it ({}): {last}", done.status);
    }
    let (ours, theirs) = (shape(&arguments.root)?, shape(&utf8(theirs)?)?);
    let paths: BTreeSet<&TreePath> = ours.keys().chain(theirs.keys()).collect();
    let line = |path: &&TreePath| match (ours.get(*path), theirs.get(*path)) {
        (Some(ours), Some(theirs)) if ours == theirs => None,
        (Some(ours), Some(theirs)) => Some(format!("{path}: {ours} here, {theirs} there")),
        (Some(ours), None) => Some(format!("{path}: {ours} here, absent there")),
        (None, theirs) => theirs.map(|theirs| format!("{path}: absent here, {theirs} there")),
    };
    Ok(paths.iter().filter_map(line).collect())
}

fn utf8(path: &std::path::Path) -> Result<camino::Utf8PathBuf> {
    Utf8Path::from_path(path)
        .map(Utf8Path::to_owned)
        .context("a temporary folder that is UTF-8")
}

/// What stands where below `root`, in words that can be compared.
fn shape(root: &Utf8Path) -> Result<BTreeMap<TreePath, String>> {
    let tree = image::rehash(root.as_std_path())?;
    let line =
        |(path, entry): (&TreePath, &Entry)| Ok((path.clone(), word(root, &tree, path, entry)?));
    tree.iter().map(line).collect()
}

fn word(root: &Utf8Path, tree: &Tree, path: &TreePath, entry: &Entry) -> Result<String> {
    let mode = format!("{:04o}", entry.mode);
    Ok(match &entry.kind {
        Kind::Symlink { target } => format!("link to {target}"),
        Kind::File(_) | Kind::Hardlink { .. } => {
            let names = tree.names_of(path).len();
            let content = match (path.name(), tree.blob(path)) {
                // Packed by another program the same text has other bytes.
                ("manifest.wall", _) => {
                    let packed = fs_err::File::open(root.join(path.relative()))?;
                    let text = zstd::decode_all(packed).context("a manifest that is not packed")?;
                    format!("manifest {}", model::Digest::of(&text).short())
                }
                (_, Some(blob)) => format!("{} bytes {}", blob.size(), blob.digest().short()),
                (_, None) => "no content".to_owned(),
            };
            format!("file {mode}, {names} names, {content}")
        }
        other => format!("{} {mode}", other.word()),
    })
}
