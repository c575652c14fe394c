//! The bill of an image: what it is made of, package by package and path by path. Every document is
//! a function of this value.

use std::collections::BTreeSet;

use model::{Arch, Digest};
use serde::Serialize;

use super::copyright::NamedLicence;
use super::purl::purl;
use crate::source::PackageRecord;

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// What it is the bill of.
    pub subject: Subject,
    /// The distribution that its packages are of.
    pub distribution: Distribution,
    /// The one time in all documents, seconds since 1970.
    pub created_s: i64,
    /// Name and version of the program that says it.
    pub tool: (String, String),
    /// Its packages, by name.
    pub packages: Vec<BillPackage>,
    /// Everything in its tree, by path.
    pub files: Vec<BillFile>,
}

/// What a bill is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its name: the image's, or what the tree is called.
    pub name: String,
    /// Its architecture.
    pub arch: Arch,
    /// What it is, by digest.
    pub identity: Identity,
}

/// What identifies the subject of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// An image, by the digest of its manifest.
    Image(Digest),
    /// A file tree, by the digest of its listing.
    Tree(Digest),
}

/// A distribution, as package URLs and advisories name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// `debian`, `ubuntu`: the `ID` of os-release.
    pub vendor: String,
    /// `13`: the `VERSION_ID` of os-release; empty where there is none.
    pub version: String,
}

/// A package and what of it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillPackage {
    /// As its archive announces it.
    pub record: PackageRecord,
    /// Its control paragraph.
    pub control: String,
    /// `Homepage`.
    pub homepage: Option<String>,
    /// `Maintainer`.
    pub maintainer: Option<String>,
    /// What its copyright file says.
    pub licensing: Licensing,
    /// Slices of it that were cut.
    pub slices: Vec<String>,
    /// How many paths it has that are no folders.
    pub all: usize,
    /// Those of them that are not in the tree.
    pub absent: Vec<String>,
    /// Packages of this bill that satisfy its `Depends` and `Pre-Depends`.
    pub depends: BTreeSet<String>,
}

/// What is known of a package's licences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licensing {
    /// It has a copyright file.
    Known(CopyrightFile),
    /// It has none, and why.
    Missing(String),
}

/// A copyright file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopyrightFile {
    /// The package that carries it.
    pub package: String,
    /// The digest of the file.
    pub digest: Digest,
    /// Its text.
    pub text: String,
    /// Whether it is in the tree.
    pub is_there: bool,
    /// The licences it names; empty when it is not machine-readable.
    pub named: Vec<NamedLicence>,
}

/// One path of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BillFile {
    /// Where it is.
    pub path: String,
    /// `file`, `hardlink`, `directory`, `symlink`, ...
    pub kind: &'static str,
    /// Permission bits.
    pub mode: u32,
    /// The package whose archive it is from.
    pub package: Option<String>,
    /// Where it is from, in a word: `package`, `slice`, `user`, `generated`, `parent`, `other`.
    pub origin: &'static str,
    /// Slices that keep it.
    pub slices: Vec<String>,
    /// The content of a file.
    pub content: Option<Content>,
    /// The target of a symbolic link.
    pub target: Option<String>,
    /// The digest its package carries, where a script changed it since.
    pub original: Option<Digest>,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub digest: Digest,
    /// SHA-1, 40 hexadecimal digits: SPDX asks for it.
    pub sha1: String,
    /// MD5, 32 hexadecimal digits: dpkg's lists have it.
    pub md5: String,
}

impl Bill {
    /// A UUID (version 8) of everything in the bill: the same bill has the same.
    pub fn uuid(&self) -> String {
        let digest = model::canonical::digest(self);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex::encode(bytes);
        let (a, rest) = hex.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        format!("{a}-{b}-{c}-{d}-{e}")
    }

    /// The time in all documents, RFC 3339.
    pub fn created(&self) -> String {
        jiff::Timestamp::from_second(self.created_s)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_string()
    }

    /// The files of `package` (or of no package), with content.
    pub fn contents<'b>(
        &'b self,
        package: Option<&'b str>,
    ) -> impl Iterator<Item = (&'b BillFile, &'b Content)> {
        self.files
            .iter()
            .filter(move |file| file.package.as_deref() == package)
            .filter_map(|file| Some((file, file.content.as_ref()?)))
    }

    /// The package URL of `package`.
    pub fn purl(&self, package: &BillPackage) -> String {
        let record = &package.record;
        let upstream = match (
            record.source == record.name,
            record.source_version == record.version,
        ) {
            (true, true) => String::new(),
            (_, true) => record.source.clone(),
            (_, false) => format!("{}@{}", record.source, record.source_version),
        };
        let distro = self.distribution.name();
        let qualifiers = [
            ("arch", record.arch.as_str()),
            ("distro", distro.as_str()),
            ("upstream", upstream.as_str()),
        ];
        let vendor = Some(self.distribution.vendor.as_str());
        purl("deb", vendor, (&record.name, &record.version), &qualifiers)
    }

    /// The package URL of the source package that `package` was built from.
    pub fn source_purl(&self, package: &BillPackage) -> String {
        let record = &package.record;
        let distro = self.distribution.name();
        let qualifiers = [("arch", "source"), ("distro", distro.as_str())];
        let vendor = Some(self.distribution.vendor.as_str());
        purl(
            "deb",
            vendor,
            (&record.source, &record.source_version),
            &qualifiers,
        )
    }

    /// The package URL of the subject: of type `oci` for an image, `generic` for a tree.
    pub fn subject_purl(&self) -> String {
        let (kind, digest) = match self.subject.identity {
            Identity::Image(digest) => ("oci", digest),
            Identity::Tree(digest) => ("generic", digest),
        };
        let (arch, _) = self.subject.arch.oci();
        let named = (self.subject.name.as_str(), digest.to_string());
        purl(kind, None, (named.0, &named.1), &[("arch", arch)])
    }
}

impl BillPackage {
    /// Whether something of it is absent.
    pub fn is_partial(&self) -> bool {
        !self.absent.is_empty()
    }

    /// How many of its paths are in the tree.
    pub fn present(&self) -> usize {
        self.all.saturating_sub(self.absent.len())
    }

    /// How much of it is there, for people: `12 of 45`.
    pub fn share(&self) -> String {
        format!("{} of {}", self.present(), self.all)
    }
}

impl Distribution {
    /// `debian-13`; the vendor alone where there is no version.
    pub fn name(&self) -> String {
        match self.version.as_str() {
            "" => self.vendor.clone(),
            version => format!("{}-{version}", self.vendor),
        }
    }
}
