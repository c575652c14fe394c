//! Making the bill: from a finished tree and what was taken down while its packages were read.

use std::collections::{BTreeMap, BTreeSet};

use deb::control::{Stanza, stanzas};
use md5::{Digest as _, Md5};
use model::Digest;
use rayon::prelude::*;
use rootfs::{Blob, CutRootfs, Entry, Kind, Origin, Tree, TreePath};
use sha1::Sha1;

use super::bill::{
    Bill, BillFile, BillPackage, Content, CopyrightFile, Distribution, Licensing, Subject,
};
use super::contents::{Copyright, PackageContents};
use super::copyright;
use crate::error::{Error, ErrorClass, Result};
use crate::release::Release;
use crate::source::PackageRecord;

/// What a bill is made from.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'i> {
    /// The finished tree.
    pub rootfs: &'i CutRootfs,
    /// Its packages.
    pub records: &'i [PackageRecord],
    /// What each of them says of itself, in the same order.
    pub contents: &'i [PackageContents],
    /// The release they were cut by.
    pub release: &'i Release,
}

impl Bill {
    /// The bill of `subject`, made from `ingredients`; `created_s` (seconds since 1970) and `tool`
    /// (name, version) are what documents say of when and by what. Fails when the content of a file
    /// is not at hand.
    pub fn of(
        ingredients: Ingredients<'_>,
        subject: Subject,
        created_s: i64,
        tool: (&str, &str),
    ) -> Result<Self> {
        let Ingredients {
            rootfs,
            records,
            contents,
            ..
        } = ingredients;
        let tree = &rootfs.tree;
        let controls: Vec<Option<Stanza<'_>>> = contents
            .iter()
            .map(|one| {
                stanzas(&one.control)
                    .next()
                    .and_then(std::result::Result::ok)
            })
            .collect();
        let providers = providers(records, &controls);
        let mut packages = Vec::new();
        for ((record, read), control) in records.iter().zip(contents).zip(&controls) {
            let field = |name: &str| {
                let value = control.as_ref().and_then(|stanza| stanza.get(name))?;
                Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
            };
            packages.push(BillPackage {
                control: read.control.clone(),
                homepage: field("Homepage"),
                maintainer: field("Maintainer"),
                licensing: licensing(tree, &record.name, ingredients),
                slices: slices_of(rootfs, &record.name),
                all: read.files.len(),
                absent: absent(tree, &record.name, read),
                depends: depends(record, control.as_ref(), &providers),
                record: record.clone(),
            });
        }
        packages.sort_by(|a, b| a.record.name.cmp(&b.record.name));
        // What lay in the folder before is no part of what was cut into it.
        let cut = tree
            .iter()
            .filter(|(_, entry)| entry.origin != Origin::Disk);
        let entries: Vec<(&TreePath, &Entry)> = cut.collect();
        let files = entries
            .into_par_iter()
            .map(|(path, entry)| file(tree, path, entry, &rootfs.slices))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            subject,
            distribution: distribution(tree, ingredients.release),
            created_s,
            tool: (tool.0.to_owned(), tool.1.to_owned()),
            packages,
            files,
        })
    }
}

/// What the tree says it is; else what the release says its best archive is.
fn distribution(tree: &Tree, release: &Release) -> Distribution {
    let text = tree.read("/etc/os-release").and_then(Blob::bytes);
    let text = String::from_utf8_lossy(text.map(|bytes| &bytes[..]).unwrap_or_default());
    let said = |key: &str| {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(value.trim().trim_matches(['"', '\'']).to_owned())
    };
    if let Some(vendor) = said("ID").filter(|vendor| !vendor.is_empty()) {
        let version = said("VERSION_ID").unwrap_or_default();
        return Distribution { vendor, version };
    }
    let archives = release
        .archives
        .values()
        .filter(|archive| archive.pro.is_none());
    let best = archives.max_by_key(|archive| archive.priority);
    Distribution {
        vendor: best
            .map_or("unknown", |one| one.expected_label())
            .to_ascii_lowercase(),
        version: best.map_or_else(String::new, |archive| archive.version.clone()),
    }
}

/// The slices of `package` that were cut. Names of packages have no underscore.
fn slices_of(rootfs: &CutRootfs, package: &str) -> Vec<String> {
    let of_it = |slice: &&String| {
        slice
            .split_once('_')
            .is_some_and(|(name, _)| name == package)
    };
    rootfs.slices.iter().filter(of_it).cloned().collect()
}

/// The paths of a package at which nothing of it stands, wherever a slice may have put them.
fn absent(tree: &Tree, package: &str, read: &PackageContents) -> Vec<String> {
    let is_its = |path: &str| {
        let place = TreePath::new(path)
            .ok()
            .and_then(|path| tree.place(&path).ok());
        let entry = place.and_then(|place| tree.get(place.as_str()));
        entry.is_some_and(|entry| matches!(&entry.origin, Origin::Package(of) if **of == *package))
    };
    let mut absent: Vec<String> = read
        .files
        .iter()
        .filter(|file| !is_its(&file.path) && !file.elsewhere.iter().any(|path| is_its(path)))
        .map(|file| file.path.clone())
        .collect();
    absent.sort();
    absent
}

fn licensing(tree: &Tree, package: &str, ingredients: Ingredients<'_>) -> Licensing {
    let read = |name: &str| {
        let named = ingredients
            .records
            .iter()
            .position(|record| record.name == name);
        named.and_then(|at| ingredients.contents.get(at))
    };
    let mut of = package;
    // A link may lead to a package that has a link itself; never further than there are packages.
    for _ in 0..ingredients.records.len() {
        let Some(contents) = read(of) else {
            return Licensing::Missing(format!("it is that of {of}, which is not part of this"));
        };
        match &contents.copyright {
            Copyright::Missing => break,
            Copyright::Text(text) => {
                let path = format!("/usr/share/doc/{of}/copyright");
                return Licensing::Known(CopyrightFile {
                    package: of.to_owned(),
                    digest: Digest::of(text.as_bytes()),
                    is_there: tree.read(&path).is_some(),
                    named: copyright::named(text).unwrap_or_default(),
                    text: text.clone(),
                });
            }
            link @ Copyright::Link(to) => match link.linked() {
                Some(next) if next != of => of = next,
                _ => return Licensing::Missing(format!("its link leads to {to}")),
            },
        }
    }
    Licensing::Missing(format!("package {of} has no copyright file"))
}

/// For each real or virtual package name: the packages that stand for it.
fn providers<'r>(
    records: &'r [PackageRecord],
    controls: &[Option<Stanza<'_>>],
) -> BTreeMap<String, BTreeSet<&'r str>> {
    let mut providers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (record, control) in records.iter().zip(controls) {
        let mut names = vec![record.name.clone()];
        let provides = control.as_ref().and_then(|stanza| stanza.get("Provides"));
        let groups = deb::relations(&unfolded(provides)).unwrap_or_default();
        names.extend(groups.into_iter().flatten().map(|relation| relation.name));
        for name in names {
            providers.entry(name).or_default().insert(&record.name);
        }
    }
    providers
}

/// The packages at hand that `record` says it needs. A relation nobody can read needs nobody.
fn depends(
    record: &PackageRecord,
    control: Option<&Stanza<'_>>,
    providers: &BTreeMap<String, BTreeSet<&str>>,
) -> BTreeSet<String> {
    let fields = ["Pre-Depends", "Depends"];
    let values = fields.map(|field| unfolded(control.and_then(|stanza| stanza.get(field))));
    values
        .iter()
        .flat_map(|value| deb::relations(value).unwrap_or_default())
        .flatten()
        .filter_map(|relation| providers.get(&relation.name))
        .flatten()
        .filter(|name| **name != record.name)
        .map(|name| (*name).to_owned())
        .collect()
}

fn unfolded(value: Option<&str>) -> String {
    value
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// One path, its content hashed.
fn file(tree: &Tree, path: &TreePath, entry: &Entry, slices: &[String]) -> Result<BillFile> {
    let content = match &entry.kind {
        Kind::File(_) | Kind::Hardlink { .. } => {
            let blob = tree.blob(path.as_str());
            let at_hand = blob.and_then(|blob| Some((blob, blob.bytes()?)));
            let (blob, bytes) = at_hand.ok_or_else(|| {
                let text = format!("cannot describe {path}: its content is not at hand");
                Error::new(ErrorClass::Content, text)
            })?;
            Some(Content {
                size: blob.size(),
                digest: blob.digest(),
                sha1: hex::encode(Sha1::digest(bytes)),
                md5: hex::encode(Md5::digest(bytes)),
            })
        }
        _ => None,
    };
    let (origin, package) = match &entry.origin {
        Origin::Package(name) => ("package", Some(name.to_string())),
        Origin::Slice(_) => ("slice", None),
        Origin::User => ("user", None),
        Origin::Generated(_) => ("generated", None),
        Origin::Implicit => ("parent", None),
        Origin::Layer(_) | Origin::Disk => ("other", None),
    };
    let owners = entry.owners.iter().map(ToString::to_string);
    Ok(BillFile {
        path: path.to_string(),
        kind: entry.kind.word(),
        mode: entry.mode,
        package,
        origin,
        slices: owners
            .filter(|owner| slices.binary_search(owner).is_ok())
            .collect(),
        content,
        target: match &entry.kind {
            Kind::Symlink { target } => Some(target.clone()),
            _ => None,
        },
        original: entry.original,
    })
}
