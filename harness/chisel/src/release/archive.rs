//! The archives a release takes its packages from, and the rules of `chisel.yaml` about them.

use std::collections::BTreeMap;

use super::key::PublicKey;
use super::raw::{RawArchive, RawRelease};
use crate::error::{Error, ErrorClass, Result};

/// The format of a release.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Essentials are lists; `default` and `v2-archives` exist.
    V1,
    /// As v1 without `default` and `v2-archives`.
    V2,
    /// Essentials are maps with options.
    V3,
}

/// Which of Ubuntu's subscription archives an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pro {
    /// FIPS certified packages.
    Fips,
    /// The same with updates.
    FipsUpdates,
    /// Extended security maintenance of universe.
    EsmApps,
    /// Extended security maintenance of main.
    EsmInfra,
}

/// One archive of a release.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Archive {
    /// Its name in the release.
    pub name: String,
    /// The distribution version it carries; shown only.
    pub version: String,
    /// The suites, in order; of equal versions the first suite wins.
    pub suites: Vec<String>,
    /// The components, in order.
    pub components: Vec<String>,
    /// Higher wins; below zero only for packages pinned to it; -1000 to 1000, never 0.
    pub priority: i32,
    /// Set for subscription archives.
    pub pro: Option<Pro>,
    /// Any of these keys may sign.
    pub keys: Vec<PublicKey>,
    /// The base address (extension); absent: the distribution's public archives.
    pub url: Option<String>,
    /// The `Label` InRelease must carry (extension); absent: Ubuntu's.
    pub label: Option<String>,
    /// The `Origin` InRelease must carry (extension).
    pub origin: Option<String>,
    /// Archives of one group form one version space: the highest version wins (extension).
    pub group: Option<String>,
    /// What stands before a component where InRelease lists it (extension).
    pub component_prefix: Option<String>,
}

impl Archive {
    /// The `Label` that InRelease must carry: the one given, else that of Ubuntu's archive.
    pub fn expected_label(&self) -> &str {
        self.label.as_deref().unwrap_or(self.ubuntu_label())
    }

    /// The `Label` of Ubuntu's archive of this kind.
    pub(super) const fn ubuntu_label(&self) -> &'static str {
        match self.pro {
            None => "Ubuntu",
            Some(Pro::Fips) => "UbuntuFIPS",
            Some(Pro::FipsUpdates) => "UbuntuFIPSUpdates",
            Some(Pro::EsmApps) => "UbuntuESMApps",
            Some(Pro::EsmInfra) => "UbuntuESM",
        }
    }

    /// The version space of this archive: its group, or itself.
    pub fn space(&self) -> &str {
        self.group.as_deref().unwrap_or(&self.name)
    }
}

/// An error about `chisel.yaml`.
pub(super) fn bad(text: impl std::fmt::Display) -> Error {
    Error::new(ErrorClass::Format, format!("chisel.yaml: {text}"))
}

/// Reads the format word.
pub(super) fn format(raw: &RawRelease) -> Result<Format> {
    match raw.format.as_deref().unwrap_or_default() {
        "v1" => Ok(Format::V1),
        "v2" => Ok(Format::V2),
        "v3" => Ok(Format::V3),
        other => Err(bad(format!("unknown format {other:?}"))),
    }
}

/// Reads all archives; the second part of the result names those left out, with the reason.
pub(super) fn archives(
    raw: &mut RawRelease,
    format: Format,
    keys: &BTreeMap<String, PublicKey>,
) -> Result<(BTreeMap<String, Archive>, Vec<String>)> {
    let mut raws = raw.archives.take().unwrap_or_default();
    if let Some(hidden) = raw.v2_archives.take() {
        if format != Format::V1 {
            return Err(bad("v2-archives is obsolete since format v2"));
        }
        for (name, archive) in hidden {
            if raws.contains_key(&name) {
                return Err(bad(format!("archive {name:?} defined twice")));
            }
            raws.insert(name, archive);
        }
    }
    if raws.is_empty() {
        return Err(bad("no archives defined"));
    }
    let mut archives = BTreeMap::new();
    let mut left_out = Vec::new();
    let mut default = None;
    for (name, raw) in raws {
        if raw.default.is_some() && format != Format::V1 {
            return Err(bad(format!(
                "archive {name:?} has default, obsolete since format v2"
            )));
        }
        let is_default = raw.default == Some(true);
        match archive(&name, raw, keys)? {
            Some(archive) => {
                if is_default && let Some(other) = default.replace(name.clone()) {
                    return Err(bad(format!(
                        "more than one default archive: {other}, {name}"
                    )));
                }
                archives.insert(name, archive);
            }
            None => left_out.push(format!(
                "archive {name:?} has an unknown pro value, left out"
            )),
        }
    }
    prioritise(&mut archives, default.as_deref())?;
    Ok((archives, left_out))
}

/// Reads one archive; none if its `pro` word is unknown.
fn archive(
    name: &str,
    raw: RawArchive,
    keys: &BTreeMap<String, PublicKey>,
) -> Result<Option<Archive>> {
    let missing = |field: &str| bad(format!("archive {name:?} missing {field} field"));
    let list = |list: Option<Vec<String>>, field: &str| {
        list.filter(|list| !list.is_empty())
            .ok_or_else(|| missing(field))
    };
    let version = raw
        .version
        .filter(|text| !text.is_empty())
        .ok_or_else(|| missing("version"))?;
    let suites = list(raw.suites, "suites")?;
    let components = list(raw.components, "components")?;
    let priority = match raw.priority {
        Some(value @ (-1000..=-1 | 1..=1000)) => i32::try_from(value).unwrap_or_default(),
        Some(value) => {
            return Err(bad(format!(
                "archive {name:?} has invalid priority value of {value}"
            )));
        }
        None => 0,
    };
    let mut own_keys = Vec::new();
    for key in list(raw.public_keys, "public-keys")? {
        let found = keys.get(&key).ok_or_else(|| {
            bad(format!(
                "archive {name:?} refers to undefined public key {key:?}"
            ))
        })?;
        own_keys.push(found.clone());
    }
    let pro = match raw.pro.as_deref() {
        None | Some("") => None,
        Some("fips") => Some(Pro::Fips),
        Some("fips-updates") => Some(Pro::FipsUpdates),
        Some("esm-apps") => Some(Pro::EsmApps),
        Some("esm-infra") => Some(Pro::EsmInfra),
        Some(_) => return Ok(None),
    };
    Ok(Some(Archive {
        name: name.to_owned(),
        version,
        suites,
        components,
        priority,
        pro,
        keys: own_keys,
        url: raw.url,
        label: raw.label,
        origin: raw.origin,
        group: raw.group,
        component_prefix: raw.component_prefix,
    }))
}

/// Fills in the priorities that the release leaves open, and refuses equal ones.
fn prioritise(archives: &mut BTreeMap<String, Archive>, default: Option<&str>) -> Result<()> {
    let any = archives.values().any(|archive| archive.priority != 0);
    if !any {
        if let Some(default) = default {
            let mut next = -1;
            for (name, archive) in archives.iter_mut() {
                archive.priority = if name == default { 1 } else { next };
                next -= i32::from(name != default);
            }
        } else if archives.len() == 1 {
            archives
                .values_mut()
                .for_each(|archive| archive.priority = 1);
        }
    }
    let mut seen = BTreeMap::new();
    for (name, archive) in archives.iter() {
        if archive.priority == 0 {
            return Err(bad(format!(
                "archive {name:?} is missing the priority setting"
            )));
        }
        if let Some(other) = seen.insert(archive.priority, name) {
            let value = archive.priority;
            return Err(bad(format!(
                "archives {other:?} and {name:?} have the same priority value of {value}"
            )));
        }
    }
    Ok(())
}
