//! Finish steps for another architecture than the host's.
//!
//! A step that is `portable` makes the same bytes everywhere (bytecode, for example). It is run by
//! the native cut of the same source versions, on the target's own files: the stage is the target's
//! tree with the native programs and libraries laid over it. Nothing of the native cut but those
//! is there, so nothing can be made from it.

use std::collections::BTreeMap;

use model::{Arch, ImageSpec};
use rootfs::read::Elf;
use rootfs::{CutRootfs, Entry, Kind, Origin, Tree, TreePath};

use super::finish::FinishError;

/// Refuses steps that cannot be run for `target` on `host`.
pub(super) fn check(spec: &ImageSpec, target: Arch, host: Arch) -> Result<(), FinishError> {
    let bound = spec.finish.iter().find(|step| !step.portable);
    match bound.filter(|_| target != host) {
        None => Ok(()),
        Some(step) => Err(FinishError::Host(format!(
            "step `{}` runs programs of {target} and this host is {host}; build it on such a host, \
             or say `portable: true` if its result is the same for every architecture",
            step.name
        ))),
    }
}

/// The tree that the steps of `target` see when they are run by programs of `native`.
pub(super) fn stage(target: &CutRootfs, native: &CutRootfs) -> Result<Tree, FinishError> {
    same_sources(target, native)?;
    let mut stage = target.tree.clone();
    let mut programs: Vec<(TreePath, Entry)> = Vec::new();
    for (path, entry) in native.tree.iter() {
        match &entry.kind {
            Kind::File(blob) if blob.bytes().is_some_and(|b| Elf::parse(b).is_some()) => {
                programs.push((path.clone(), entry.clone()));
            }
            // Links lead to programs under other names: the loader's own path is one.
            Kind::Symlink { .. } if target.tree.get(path).is_none() => {
                programs.push((path.clone(), entry.clone()));
            }
            // Another name of a program, as a file of its own: the first name may be kept.
            Kind::Hardlink { to } => {
                if let Some(blob) = native.tree.blob(to)
                    && blob.bytes().is_some_and(|b| Elf::parse(b).is_some())
                {
                    let mut copy = entry.clone();
                    copy.kind = Kind::File(blob.clone());
                    programs.push((path.clone(), copy));
                }
            }
            _ => {}
        }
    }
    for (path, mut entry) in programs {
        entry.origin = Origin::Generated("native".into());
        let fault = |error: &dyn std::fmt::Display| {
            FinishError::Host(format!(
                "{path} of the native cut cannot be placed: {error}"
            ))
        };
        let place = stage.place(&path).map_err(|error| fault(&error))?;
        stage.insert(place, entry).map_err(|error| fault(&error))?;
    }
    Ok(stage)
}

/// Both cuts must come from the same sources, else the native program may make something else.
fn same_sources(target: &CutRootfs, native: &CutRootfs) -> Result<(), FinishError> {
    let versions: BTreeMap<&str, &str> = native
        .packages
        .iter()
        .map(|package| (package.source.as_str(), package.source_version.as_str()))
        .collect();
    for package in &target.packages {
        let found = versions.get(package.source.as_str());
        if let Some(other) = found.filter(|other| **other != package.source_version) {
            return Err(FinishError::Host(format!(
                "source {} is at {} for {} and at {other} for {}; wait until the archive has both",
                package.source, package.source_version, target.arch, native.arch
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use model::Digest;
    use rootfs::{Blob, CutPackage};

    use super::*;

    fn cut(arch: Arch, version: &str, files: &[(&str, &[u8])]) -> CutRootfs {
        let mut tree = Tree::new();
        for (path, bytes) in files {
            let entry = Entry::file(
                Blob::new(bytes.to_vec()),
                0o755,
                Origin::Package("a".into()),
            );
            tree.insert(TreePath::new(*path).unwrap(), entry).unwrap();
        }
        CutRootfs {
            arch,
            tree,
            packages: vec![CutPackage {
                name: "a".to_owned(),
                version: version.to_owned(),
                arch: arch.debian().to_owned(),
                source: "a".to_owned(),
                source_version: version.to_owned(),
                digest: Digest::of(b""),
            }],
            slices: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn programs_are_the_hosts_and_everything_else_is_the_targets() {
        let elf = fs_err::read("/proc/self/exe").unwrap();
        let target = cut(
            Arch::Arm64,
            "1",
            &[("/usr/bin/a", b"theirs"), ("/lib/a.py", b"theirs")],
        );
        let own: &[(&str, &[u8])] = &[
            ("/usr/bin/a", &elf),
            ("/lib/a.py", b"ours"),
            ("/lib/amd64.py", b"ours"),
        ];
        let staged = stage(&target, &cut(Arch::Amd64, "1", own)).unwrap();
        let content = |path: &str| staged.read(path).and_then(Blob::bytes).cloned();
        assert_eq!(content("/usr/bin/a").unwrap(), elf);
        assert_eq!(content("/lib/a.py").unwrap(), b"theirs"[..]);
        assert_eq!(content("/lib/amd64.py"), None);
        let error = stage(&target, &cut(Arch::Amd64, "2", own)).unwrap_err();
        assert!(error.to_string().contains("source a is at 1"), "{error}");
    }
}
