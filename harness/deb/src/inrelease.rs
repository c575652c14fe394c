//! `InRelease`: what a suite of an archive holds, under signature.
//!
//! Source: the Debian repository format (DebianRepository/Format). Only the verified text is read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Digest;

use crate::control::{BadControl, Stanza, stanzas, value_lines};

/// The fields of an `InRelease` that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InRelease {
    /// `Origin`.
    pub origin: Option<String>,
    /// `Label`.
    pub label: Option<String>,
    /// `Suite`, such as `stable`.
    pub suite: Option<String>,
    /// `Codename`, such as `trixie`.
    pub codename: Option<String>,
    /// `Version` of the release.
    pub version: Option<String>,
    /// `Date`: when it was made.
    pub date: Timestamp,
    /// `Valid-Until`: when it must no longer be used.
    pub valid_until: Option<Timestamp>,
    /// `Architectures`.
    pub architectures: Vec<String>,
    /// `Components`.
    pub components: Vec<String>,
    /// `Acquire-By-Hash: yes`.
    pub by_hash: ByHash,
    /// Where records of packages for all architectures stand.
    pub all_packages: AllPackages,
    /// `SHA256`: files below the suite's folder.
    pub files: BTreeMap<String, ListedFile>,
}

/// Whether files can be fetched under the name of their digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum ByHash {
    Offered,
    Absent,
}

/// Where the records with `Architecture: all` stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllPackages {
    /// In the index of each architecture.
    InEach,
    /// In an index of their own, `binary-all`.
    Apart,
}

/// Size and digest of a listed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedFile {
    /// Size in bytes.
    pub size: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// An `InRelease` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRelease {
    /// The control format.
    #[error(transparent)]
    Control(#[from] BadControl),
    /// A field that is absent or misspelt.
    #[error("field `{field}`: {why}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl InRelease {
    /// Reads the verified text.
    pub fn read(text: &str) -> Result<Self, BadRelease> {
        let absent = |field| BadRelease::Field {
            field,
            why: "absent".to_owned(),
        };
        let stanza = stanzas(text).next().ok_or_else(|| absent("SHA256"))??;
        let own = |name| stanza.get(name).map(str::to_owned);
        let yes = |name| {
            stanza
                .get(name)
                .is_some_and(|v| v.eq_ignore_ascii_case("yes"))
        };
        let architectures = words(&stanza, "Architectures");
        let all_in_each = words(&stanza, "No-Support-for-Architecture-all");
        let apart = architectures.iter().any(|a| a == "all")
            && !all_in_each.iter().any(|w| w == "Packages");
        Ok(Self {
            origin: own("Origin"),
            label: own("Label"),
            suite: own("Suite"),
            codename: own("Codename"),
            version: own("Version"),
            date: time(&stanza, "Date")?.ok_or_else(|| absent("Date"))?,
            valid_until: time(&stanza, "Valid-Until")?,
            components: words(&stanza, "Components"),
            by_hash: match yes("Acquire-By-Hash") {
                true => ByHash::Offered,
                false => ByHash::Absent,
            },
            all_packages: match apart {
                true => AllPackages::Apart,
                false => AllPackages::InEach,
            },
            architectures,
            files: files(stanza.get("SHA256").ok_or_else(|| absent("SHA256"))?)?,
        })
    }
}

fn words(stanza: &Stanza<'_>, field: &str) -> Vec<String> {
    let value = stanza.get(field).unwrap_or_default();
    value.split_ascii_whitespace().map(str::to_owned).collect()
}

/// A date such as `Sat, 21 Nov 2026 09:15:44 UTC`; always UTC.
fn time(stanza: &Stanza<'_>, field: &'static str) -> Result<Option<Timestamp>, BadRelease> {
    let Some(text) = stanza.get(field) else {
        return Ok(None);
    };
    let bad = |why: String| BadRelease::Field {
        field,
        why: format!("`{text}`: {why}"),
    };
    let (date, zone) = text
        .rsplit_once(' ')
        .ok_or_else(|| bad("no time zone".to_owned()))?;
    if !matches!(zone, "UTC" | "GMT" | "Z" | "+0000") {
        return Err(bad("not in UTC".to_owned()));
    }
    // The name of the day is left out: it can only repeat or contradict the date.
    let date = date.split_once(", ").map_or(date, |(_, date)| date);
    DateTime::strptime("%d %b %Y %H:%M:%S", date)
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map(|zoned| Some(zoned.timestamp()))
        .map_err(|e| bad(e.to_string()))
}

fn files(value: &str) -> Result<BTreeMap<String, ListedFile>, BadRelease> {
    let mut files = BTreeMap::new();
    for line in value_lines(value) {
        let bad = |why: &str| BadRelease::Field {
            field: "SHA256",
            why: format!("`{line}`: {why}"),
        };
        let mut parts = line.split_ascii_whitespace();
        let (Some(digest), Some(size), Some(path), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad("not digest, size and path"));
        };
        let listed = ListedFile {
            size: size.parse().map_err(|_| bad("bad size"))?,
            sha256: Digest::from_hex(digest).map_err(|_| bad("bad digest"))?,
        };
        // Two entries that differ would let one archive show two faces.
        match files.insert(path.to_owned(), listed) {
            Some(earlier) if earlier != listed => return Err(bad("listed twice, differently")),
            _ => {}
        }
    }
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn text(extra: &str) -> String {
        format!(
            "Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: trixie\n\
             Date: Sat, 21 Nov 2026 09:15:44 UTC\nAcquire-By-Hash: yes\n\
             Architectures: all amd64\nComponents: updates/main contrib\n{extra}\
             SHA256:\n {EMPTY}        0 main/binary-amd64/Packages\n {EMPTY} 0 main/x\n"
        )
    }

    #[test]
    fn reads_the_fields() {
        let read = InRelease::read(&text(
            "Valid-Until: Sat, 28 Nov 2026 09:15:44 UTC\nNo-Support-for-Architecture-all: Packages\n",
        ))
        .unwrap();
        assert_eq!(read.label.as_deref(), Some("Debian"));
        assert_eq!(read.date.to_string(), "2026-11-21T09:15:44Z");
        assert_eq!(
            read.valid_until.unwrap().to_string(),
            "2026-11-28T09:15:44Z"
        );
        assert_eq!(read.components, ["updates/main", "contrib"]);
        assert_eq!(
            (read.by_hash, read.all_packages),
            (ByHash::Offered, AllPackages::InEach)
        );
        assert_eq!(read.files.len(), 2);
        assert_eq!(
            InRelease::read(&text("")).unwrap().all_packages,
            AllPackages::Apart
        );
    }

    #[test]
    fn refuses_what_it_cannot_trust() {
        let good = text("");
        for (from, to, field) in [
            ("Date: Sat", "Dat: Sat", "field `Date`"),
            ("09:15:44 UTC", "09:15:44 CET", "not in UTC"),
            ("21 Nov", "31 Nov", "field `Date`"),
            ("SHA256:", "SHA1:", "field `SHA256`"),
            ("        0 main", " x main", "bad size"),
            ("        0 main", " 0", "not digest, size and path"),
            ("0 main/x", "1 main/binary-amd64/Packages", "listed twice"),
        ] {
            let fault = InRelease::read(&good.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(fault.contains(field), "{from}: {fault}");
        }
        assert!(InRelease::read("").is_err());
    }
}
