//! One slice definition file: package, slices, essentials, contents.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::Format;
use super::names::{SliceKey, is_package_name, is_slice_name};
use super::path::{PathRule, bad};
use super::raw::{RawEssential, RawEssentials, RawPackage, RawSlice};
use super::yaml::{self, UnknownKey};
use crate::error::{Error, ErrorClass, Result};

/// The longest hint, in bytes.
const MAX_HINT_BYTES: usize = 40;

/// A package with slices.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Package {
    /// Its name.
    pub name: Arc<str>,
    /// The definition file inside the release.
    pub file: String,
    /// The archive it is pinned to.
    pub archive: Option<String>,
    /// Its slices by name.
    pub slices: BTreeMap<String, Slice>,
}

/// A slice of a package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Slice {
    /// Its full name.
    pub key: SliceKey,
    /// One line for people who look for slices; may be empty.
    pub hint: String,
    /// The slices it needs.
    pub essential: BTreeMap<SliceKey, Essential>,
    /// Its content paths as written, with their rules.
    pub contents: BTreeMap<String, PathRule>,
    /// The mutation script; may be empty.
    pub mutate: String,
}

/// The options of one essential.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Essential {
    /// The architectures on which it is needed, as written; empty: all. Unknown names match none.
    pub arch: Vec<String>,
}

impl Essential {
    /// Whether it is needed on `arch`.
    pub fn is_on(&self, arch: model::Arch) -> bool {
        self.arch.is_empty() || self.arch.iter().any(|name| name == arch.debian())
    }
}

/// Essentials in the making: those of the package come first.
type Essentials = BTreeMap<SliceKey, Essential>;

/// Reads the definition `bytes` of the release file `path`.
pub(super) fn read(path: &str, bytes: &[u8], format: Format) -> Result<(Package, Vec<UnknownKey>)> {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let stem = file_name.strip_suffix(".yaml").unwrap_or(file_name);
    if !is_package_name(stem) {
        return Err(bad(format!(
            "invalid slice definition filename: {file_name:?}"
        )));
    }
    let unreadable = |text: &dyn std::fmt::Display| {
        bad(format!(
            "cannot parse package {stem:?} slice definitions: {text}"
        ))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(&error))?;
    let (raw, unknown) =
        yaml::read::<RawPackage>(path, text).map_err(|error| unreadable(&error))?;
    let declared = raw.package.as_deref().unwrap_or_default();
    if declared != stem {
        return Err(bad(format!(
            "{path}: filename and 'package' field ({declared:?}) disagree"
        )));
    }
    let name: Arc<str> = stem.into();
    let subject = format!("package {stem:?} slice definitions");
    let shared = essentials(&subject, &name, format, raw.essential, raw.v3_essential)?;
    let mut slices = BTreeMap::new();
    for (slice_name, raw) in raw.slices.unwrap_or_default() {
        if !is_slice_name(&slice_name) {
            return Err(bad(format!(
                "invalid slice name {slice_name:?} in {path} (must start with a-z, len >= 3, only \
                 a-z / 0-9 / -)"
            )));
        }
        let key = SliceKey::new(&name, &slice_name);
        let slice = slice(path, key, format, &shared, raw.unwrap_or_default())?;
        slices.insert(slice_name, slice);
    }
    let archive = raw.archive.filter(|name| !name.is_empty());
    Ok((
        Package {
            name,
            file: path.to_owned(),
            archive,
            slices,
        },
        unknown,
    ))
}

/// Reads one slice; `shared` are the essentials of its package.
fn slice(
    path: &str,
    key: SliceKey,
    format: Format,
    shared: &Essentials,
    raw: RawSlice,
) -> Result<Slice> {
    let hint = raw.hint.unwrap_or_default();
    if hint.len() > MAX_HINT_BYTES || hint.chars().any(|c| c.is_control() || is_odd_space(c)) {
        return Err(bad(format!(
            "slice {key} has invalid hint {hint:?} (must be len <= 40, only contain letters, \
             numbers, symbols and \" \")"
        )));
    }
    let package: Arc<str> = key.package().into();
    let own = essentials(
        &format!("slice {key}"),
        &package,
        format,
        raw.essential,
        raw.v3_essential,
    )?;
    let mut essential = shared.clone();
    essential.remove(&key);
    for (needed, options) in own {
        if needed == key {
            let text = format!("cannot add slice to itself as essential {key} in {path}");
            return Err(Error::new(ErrorClass::Essential, text));
        }
        if essential.insert(needed.clone(), options).is_some() {
            let text = format!("slice {key} repeats {needed} in essential fields");
            return Err(Error::new(ErrorClass::Essential, text));
        }
    }
    let mut contents = BTreeMap::new();
    for (path, raw) in raw.contents.unwrap_or_default() {
        let rule = PathRule::read(&key, &path, raw)?;
        contents.insert(path, rule);
    }
    Ok(Slice {
        key,
        hint,
        essential,
        contents,
        mutate: raw.mutate.unwrap_or_default(),
    })
}

/// A space other than the plain one.
fn is_odd_space(c: char) -> bool {
    c.is_whitespace() && c != ' '
}

/// Joins `essential` and `v3-essential` of `subject`, checking the style of the format.
fn essentials(
    subject: &str,
    package: &Arc<str>,
    format: Format,
    plain: Option<RawEssentials>,
    v3: Option<BTreeMap<String, Option<RawEssential>>>,
) -> Result<Essentials> {
    let fail = |text: String| Error::new(ErrorClass::Essential, text);
    let mut listed: Vec<(String, Option<RawEssential>)> = Vec::new();
    match (plain, format) {
        (None, _) => {}
        (Some(RawEssentials::List(names)), Format::V1 | Format::V2) => {
            listed.extend(names.into_iter().map(|name| (name, None)));
        }
        (Some(RawEssentials::Map(map)), Format::V3) => listed.extend(map),
        (Some(RawEssentials::Map(_)), Format::V1 | Format::V2) => {
            return Err(fail(format!(
                "cannot parse {subject}: essential expects a list"
            )));
        }
        (Some(RawEssentials::List(_)), Format::V3) => {
            return Err(fail(format!(
                "cannot parse {subject}: essential expects a map"
            )));
        }
    }
    if let Some(map) = v3 {
        if format == Format::V3 {
            let text = "v3-essential is obsolete since format v3";
            return Err(fail(format!("cannot parse {subject}: {text}")));
        }
        listed.extend(map);
    }
    let mut essentials = Essentials::new();
    for (name, options) in listed {
        let key: SliceKey = name.parse().map_err(|_| {
            let text =
                format!("package {package:?} has invalid essential slice reference: {name:?}");
            fail(text)
        })?;
        let arch = options.and_then(|options| options.arch).map(|arch| arch.0);
        let options = Essential {
            arch: arch.unwrap_or_default(),
        };
        if essentials.insert(key, options).is_some() {
            let text = if subject.starts_with("slice ") {
                format!("{subject} repeats {name} in essential fields")
            } else {
                format!("cannot parse {subject}: repeats {name} in essential fields")
            };
            return Err(fail(text));
        }
    }
    Ok(essentials)
}
