//! One content path of a slice: its kind and options, and the rules about their combination.

use model::Arch;

use super::names::SliceKey;
use super::raw::RawPath;
use crate::error::{Error, ErrorClass, Result};

/// Where the content of a path comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PathKind {
    /// The package's file of this name.
    Copy {
        /// The path in the package.
        from: String,
    },
    /// All files of the package that match.
    Glob,
    /// A new folder.
    Make,
    /// A new file with this text.
    Text(String),
    /// A new symbolic link with this target.
    Symlink(String),
    /// Written by the tool itself: the word after `generate:`.
    Generate(String),
}

/// A content path with its options.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PathRule {
    /// What the path is.
    pub kind: PathKind,
    /// The mode as written; 0 if none was.
    pub mode: u32,
    /// Whether mutation scripts may write it.
    pub mutable: bool,
    /// Whether it goes away once the mutation scripts have run.
    pub until_mutate: bool,
    /// The architectures it exists on; empty: all.
    pub arch: Vec<Arch>,
    /// The package whose content wins for this path.
    pub prefer: Option<String>,
    /// Whether it is a link that is made before the first package: what packages have below it then
    /// lies where it leads (extension).
    pub first: bool,
}

/// Architectures a definition may name on paths.
fn known_arch(text: &str) -> Option<Arch> {
    text.parse().ok()
}

impl PathRule {
    /// Reads the options `raw` of `path` in `slice`.
    pub(super) fn read(slice: &SliceKey, path: &str, raw: Option<RawPath>) -> Result<Self> {
        if !is_clean(path) {
            return Err(bad(format!(
                "slice {slice} has invalid content path: {path}"
            )));
        }
        let raw = raw.unwrap_or_default();
        let mut rule = Self {
            kind: kind(slice, path, &raw)?,
            mode: u32::try_from(raw.mode.map_or(0, |mode| mode.0) & 0xffff_ffff)
                .unwrap_or_default(),
            mutable: raw.mutable.unwrap_or_default(),
            until_mutate: false,
            arch: Vec::new(),
            prefer: raw.prefer.filter(|text| !text.is_empty()),
            first: raw.first.unwrap_or_default(),
        };
        match raw.until.as_deref() {
            None | Some("") => {}
            Some("mutate") => rule.until_mutate = true,
            Some(other) => {
                return Err(bad(format!(
                    "slice {slice} has invalid 'until' for path {path}: {other:?}"
                )));
            }
        }
        for arch in raw.arch.map(|arch| arch.0).unwrap_or_default() {
            rule.arch.push(known_arch(&arch).ok_or_else(|| {
                bad(format!(
                    "slice {slice} has invalid 'arch' for path {path}: {arch:?}"
                ))
            })?);
        }
        rule.check(slice, path)?;
        Ok(rule)
    }

    /// The rules about options beside a kind.
    fn check(&self, slice: &SliceKey, path: &str) -> Result<()> {
        if self.prefer.as_deref() == Some(slice.package()) {
            let text = format!("slice {slice} cannot 'prefer' its own package for path {path}");
            return Err(Error::new(ErrorClass::Prefer, text));
        }
        if self.first && !matches!(self.kind, PathKind::Symlink(_)) {
            return Err(bad(format!(
                "slice {slice} has 'first' for path {path}, which is no symlink"
            )));
        }
        let plain = self.mode == 0 && !self.mutable && self.prefer.is_none();
        match &self.kind {
            PathKind::Glob if !plain => Err(bad(format!(
                "slice {slice} path {path} has invalid wildcard options"
            ))),
            PathKind::Generate(_) if !plain || self.until_mutate => Err(bad(format!(
                "slice {slice} path {path} has invalid generate options"
            ))),
            PathKind::Make if !path.ends_with('/') => Err(bad(format!(
                "slice {slice} path {path} must end in / for 'make' to be valid"
            ))),
            PathKind::Copy { .. } | PathKind::Text(_) if self.mutable && path.ends_with('/') => {
                Err(bad(format!(
                    "slice {slice} mutable is not a regular file: {path}"
                )))
            }
            PathKind::Make | PathKind::Symlink(_) if self.mutable => Err(bad(format!(
                "slice {slice} mutable is not a regular file: {path}"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the path exists on `arch`.
    pub fn is_on(&self, arch: Arch) -> bool {
        self.arch.is_empty() || self.arch.contains(&arch)
    }

    /// Whether content and options agree with `other`; `until` and `arch` are not compared.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.kind == other.kind && self.mode == other.mode && self.mutable == other.mutable
    }

    /// Whether the content comes out of a package.
    pub(crate) const fn is_packaged(&self) -> bool {
        matches!(self.kind, PathKind::Copy { .. } | PathKind::Glob)
    }

    /// The mode for a path that is made here, or `default`.
    pub(crate) const fn mode_or(&self, default: u32) -> u32 {
        if self.mode == 0 {
            default
        } else {
            self.mode & 0o7777
        }
    }
}

/// Decides the kind from the options and the wildcards in `path`.
fn kind(slice: &SliceKey, path: &str, raw: &RawPath) -> Result<PathKind> {
    let make = raw.make == Some(true);
    let symlink = raw.symlink.clone().filter(|target| !target.is_empty());
    let copy = raw.copy.clone().filter(|from| !from.is_empty());
    if let Some(generate) = raw.generate.clone().filter(|word| !word.is_empty()) {
        let Some(prefix) = path.strip_suffix("/**") else {
            let text =
                format!("slice {slice} has invalid generate path: {path} does not end with /**");
            return Err(bad(text));
        };
        if prefix.contains(['*', '?']) {
            return Err(bad(format!(
                "slice {slice} has invalid generate path: {path} contains wildcard characters in \
                 addition to trailing **"
            )));
        }
        if make || symlink.is_some() || copy.is_some() || raw.text.is_some() {
            return Err(bad(format!(
                "slice {slice} path {path} has invalid generate options"
            )));
        }
        return Ok(PathKind::Generate(generate));
    }
    let glob = path.contains(['*', '?']);
    if glob && (make || symlink.is_some() || copy.is_some() || raw.text.is_some()) {
        return Err(bad(format!(
            "slice {slice} path {path} has invalid wildcard options"
        )));
    }
    let mut kinds = Vec::new();
    if make {
        kinds.push(("dir", PathKind::Make));
    }
    if let Some(text) = &raw.text {
        kinds.push(("text", PathKind::Text(text.clone())));
    }
    if let Some(target) = symlink {
        kinds.push(("symlink", PathKind::Symlink(target)));
    }
    if let Some(from) = copy {
        kinds.push(("copy", PathKind::Copy { from }));
    }
    if kinds.len() > 1 {
        let names: Vec<_> = kinds.iter().map(|kind| kind.0).collect();
        let names = names.join(", ");
        return Err(bad(format!(
            "conflict in slice {slice} definition for path {path}: {names}"
        )));
    }
    Ok(match kinds.pop() {
        Some((_, kind)) => kind,
        None if glob => PathKind::Glob,
        None => PathKind::Copy {
            from: path.to_owned(),
        },
    })
}

/// Whether `path` is absolute, without empty, `.` or `..` parts; one slash may end it.
fn is_clean(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    !rest.is_empty() && rest.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// An error about a slice definition.
pub(super) fn bad(text: String) -> Error {
    Error::new(ErrorClass::Definition, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_paths() {
        for path in ["/a", "/a/", "/a/b.c/", "/*", "/a/..b", "/a/**"] {
            assert!(is_clean(path), "{path}");
        }
        for path in [
            "", "/", "a", "//", "/a//", "/a//b", "/a/./b", "/a/..", "/../a", "/.",
        ] {
            assert!(!is_clean(path), "{path}");
        }
    }
}
