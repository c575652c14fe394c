//! The record of one package in an index, and which version of a name it is.

use model::{Arch, Digest};

use crate::control::Stanza;
use crate::relation::{AnyOf, BadRelation, Relation, relations};
use crate::version::{BadVersion, Version};

/// One binary package as an index describes it. Relation fields are kept as text and read on
/// demand: most records of an index are never looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `Package`.
    pub name: String,
    /// `Version`.
    pub version: Version,
    /// `Architecture`: the archive's architecture or `all`.
    pub architecture: String,
    /// Name of the source package.
    pub source: String,
    /// Version of the source package.
    pub source_version: Version,
    /// `Depends`.
    pub depends: String,
    /// `Pre-Depends`.
    pub pre_depends: String,
    /// `Provides`.
    pub provides: String,
    /// `Essential: yes`.
    pub essential: bool,
    /// `Priority`; `optional` when absent.
    pub priority: Priority,
    /// `Section`.
    pub section: String,
    /// `Multi-Arch`; `no` when absent.
    pub multi_arch: MultiArch,
    /// Path below the archive's base address.
    pub filename: String,
    /// Size of the `.deb` in bytes.
    pub size: u64,
    /// Digest of the `.deb`.
    pub sha256: Digest,
    /// `Installed-Size` in KiB.
    pub installed_kib: u64,
    /// First line of the description.
    pub summary: String,
}

/// `Priority` (Debian Policy 2.5), most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Priority {
    Required,
    Important,
    Standard,
    Optional,
    Extra,
}

/// `Multi-Arch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum MultiArch {
    No,
    Same,
    Foreign,
    Allowed,
}

/// A record that lacks or misspells a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("package `{package}` (line {line}): field `{field}`: {why}")]
pub struct BadRecord {
    package: String,
    line: usize,
    field: &'static str,
    why: String,
}

impl BadRecord {
    /// Whether it only lacks what a package is fetched or verified by: such a record spoils no
    /// other one.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.why == ABSENT && ["Filename", "Size", "SHA256"].contains(&self.field)
    }
}

/// Why a field that has no text is bad.
const ABSENT: &str = "absent";

/// The fields a [`Package`] is made of, in the order in which the index cache keeps them.
pub(crate) const FIELDS: [&str; 16] = [
    "Package",
    "Version",
    "Architecture",
    "Source",
    "Depends",
    "Pre-Depends",
    "Provides",
    "Essential",
    "Priority",
    "Section",
    "Multi-Arch",
    "Filename",
    "Size",
    "SHA256",
    "Installed-Size",
    "Description",
];

impl Package {
    /// Reads a paragraph of a `Packages` file. A record without `Filename`, `Size` or `SHA256`
    /// is refused: it could not be verified.
    pub fn from_stanza(stanza: &Stanza<'_>) -> Result<Self, BadRecord> {
        let mut values = [""; FIELDS.len()];
        for (name, value) in stanza.fields() {
            let known = FIELDS.iter().position(|f| f.eq_ignore_ascii_case(name));
            if let Some(slot) = known.and_then(|at| values.get_mut(at)) {
                *slot = value;
            }
        }
        let [
            name,
            version,
            architecture,
            source,
            depends,
            pre_depends,
            provides,
            essential,
            priority,
            section,
            multi_arch,
            filename,
            size,
            sha256,
            installed,
            description,
        ] = values;
        let bad = |field, why: String| BadRecord {
            package: name.to_owned(),
            line: stanza.line(),
            field,
            why,
        };
        if let Some(field) = absent([name, architecture, filename, size, sha256]) {
            return Err(bad(field, ABSENT.to_owned()));
        }
        check_filename(filename).map_err(|why| bad("Filename", why.to_owned()))?;
        let number = |field, text: &str| {
            text.parse::<u64>()
                .map_err(|e| bad(field, format!("`{text}`: {e}")))
        };
        let version: Version = version
            .parse()
            .map_err(|e| bad("Version", format!("{e}")))?;
        let (source, source_version) =
            source_of(source, name, &version).map_err(|why| bad("Source", why))?;
        Ok(Self {
            name: name.to_owned(),
            source,
            source_version,
            version,
            architecture: architecture.to_owned(),
            depends: depends.to_owned(),
            pre_depends: pre_depends.to_owned(),
            provides: provides.to_owned(),
            essential: essential.eq_ignore_ascii_case("yes"),
            priority: Priority::read(priority),
            section: section.to_owned(),
            multi_arch: MultiArch::read(multi_arch),
            filename: filename.to_owned(),
            size: number("Size", size)?,
            sha256: Digest::from_hex(sha256).map_err(|e| bad("SHA256", e.to_string()))?,
            installed_kib: match installed {
                "" => 0,
                text => number("Installed-Size", text)?,
            },
            summary: description.lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// `Pre-Depends` and then `Depends`, as groups of alternatives. Alternatives that do not
    /// apply to `arch` are left out, and so are groups without any.
    pub fn dependencies(&self, arch: Arch) -> Result<Vec<AnyOf>, BadRelation> {
        let mut groups = relations(&self.pre_depends)?;
        groups.extend(relations(&self.depends)?);
        for group in &mut groups {
            group.retain(|relation| relation.applies_to(arch));
        }
        groups.retain(|group| !group.is_empty());
        Ok(groups)
    }

    /// What the package provides besides its own name.
    pub fn provided(&self) -> Result<Vec<Relation>, BadRelation> {
        Ok(relations(&self.provides)?.into_iter().flatten().collect())
    }
}

/// The first of the fields that every record must have whose value is empty.
fn absent(values: [&str; 5]) -> Option<&'static str> {
    const FIELDS: [&str; 5] = ["Package", "Architecture", "Filename", "Size", "SHA256"];
    FIELDS
        .into_iter()
        .zip(values)
        .find_map(|(field, value)| value.is_empty().then_some(field))
}

/// Name and version of the source package: those of the binary where the field leaves them out.
fn source_of(field: &str, name: &str, version: &Version) -> Result<(String, Version), String> {
    match field.split_once('(') {
        None if field.is_empty() => Ok((name.to_owned(), version.clone())),
        None => Ok((field.to_owned(), version.clone())),
        Some((source, rest)) => {
            let text = rest.trim_end_matches(')');
            let version = text.parse().map_err(|e: BadVersion| e.to_string())?;
            Ok((source.trim_ascii().to_owned(), version))
        }
    }
}

/// The path is joined to a base address and must stay below it.
fn check_filename(path: &str) -> Result<(), &'static str> {
    match path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        true => Err("not a plain relative path"),
        false => Ok(()),
    }
}

impl Priority {
    fn read(text: &str) -> Self {
        match text {
            "required" => Self::Required,
            "important" => Self::Important,
            "standard" => Self::Standard,
            "extra" => Self::Extra,
            _ => Self::Optional,
        }
    }
}

impl MultiArch {
    fn read(text: &str) -> Self {
        match text {
            "same" => Self::Same,
            "foreign" => Self::Foreign,
            "allowed" => Self::Allowed,
            _ => Self::No,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::control::stanzas;

    const RECORD: &str = "Package: python3.13\nSource: python (3.13.5-2)\nVersion: 3.13.5-2+b1\n\
        Architecture: amd64\nPriority: required\nEssential: yes\nMulti-Arch: allowed\n\
        Pre-Depends: libc6 (>= 2.38)\nDepends: media-types | mime-support,\n z [arm64]\n\
        Provides: python3.13-x (= 1)\nFilename: pool/main/p/python3.13_3.13.5-2_amd64.deb\n\
        Size: 12\nSHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
        Installed-Size: 7\nDescription: interpreter\n long text\n";

    fn read(text: &str) -> Result<Package, BadRecord> {
        Package::from_stanza(&stanzas(text).next().unwrap().unwrap())
    }

    #[test]
    fn reads_a_record() {
        let package = read(RECORD).unwrap();
        assert_eq!(package.version.as_str(), "3.13.5-2+b1");
        assert_eq!(
            (package.source.as_str(), package.source_version.as_str()),
            ("python", "3.13.5-2")
        );
        assert_eq!((package.size, package.installed_kib), (12, 7));
        assert_eq!(package.summary, "interpreter");
        assert!(package.essential && package.priority == Priority::Required);
        let groups = package.dependencies(Arch::Amd64).unwrap();
        assert_eq!(groups.len(), 2, "the group for arm64 is left out");
        assert_eq!(groups[0][0].name, "libc6");
        assert_eq!(package.provided().unwrap()[0].name, "python3.13-x");
    }

    #[test]
    fn refuses_a_record_that_cannot_be_fetched_or_verified() {
        for (from, to, field) in [
            ("Package: python3.13", "X: y", "Package"),
            ("Version: 3.13.5-2+b1", "Version: -", "Version"),
            ("Size: 12", "Size: x", "Size"),
            ("SHA256: e3", "SHA256: zz", "SHA256"),
            ("Filename: pool", "Filename: ../pool", "Filename"),
            ("Filename: pool", "Filename: /pool", "Filename"),
            ("Installed-Size: 7", "Installed-Size: -7", "Installed-Size"),
            ("python (3.13.5-2)", "python (?)", "Source"),
        ] {
            let fault = read(&RECORD.replace(from, to)).unwrap_err();
            assert_eq!(fault.field, field);
        }
    }
}
