//! The record of one package in an index, and which version of a name it is.

use std::borrow::Cow;

use model::{Arch, Digest};

use crate::control::Stanza;
use crate::relation::{AnyOf, BadRelation, Relation, relations};
use crate::version::{BadVersion, Version, is_version};

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
    /// `Multi-Arch`; `no` when absent.
    pub multi_arch: MultiArch,
    /// Path below the archive's base address.
    pub filename: String,
    /// Size of the `.deb` in bytes.
    pub size: u64,
    /// Digest of the `.deb`.
    pub sha256: Digest,
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
    /// The record lacks `field`.
    pub(crate) fn absent(package: &str, line: usize, field: &'static str) -> Self {
        Self {
            package: package.to_owned(),
            line,
            field,
            why: ABSENT.to_owned(),
        }
    }

    /// Whether it only lacks what a package is fetched or verified by: such a record spoils no
    /// other one.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.why == ABSENT && SPARED.contains(&self.field)
    }
}

/// What a package is fetched and verified by.
pub(crate) const SPARED: [&str; 3] = ["Filename", "Size", "SHA256"];

/// Why a field that has no text is bad.
const ABSENT: &str = "absent";

/// The fields of a paragraph that a [`Package`] is made of, as they were written; empty where they
/// are absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    /// The line of the paragraph's first field, counted from 1.
    pub(crate) line: usize,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) architecture: &'a str,
    pub(crate) source: &'a str,
    pub(crate) depends: &'a str,
    pub(crate) pre_depends: &'a str,
    pub(crate) provides: &'a str,
    pub(crate) essential: &'a str,
    pub(crate) priority: &'a str,
    pub(crate) multi_arch: &'a str,
    pub(crate) filename: &'a str,
    pub(crate) size: &'a str,
    pub(crate) sha256: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) const NONE: Self = Self {
        line: 0,
        name: "",
        version: "",
        architecture: "",
        source: "",
        depends: "",
        pre_depends: "",
        provides: "",
        essential: "",
        priority: "",
        multi_arch: "",
        filename: "",
        size: "",
        sha256: "",
    };

    /// Those of `stanza`; of a field that stands twice the last.
    pub(crate) fn of(stanza: &Stanza<'a>) -> Self {
        let mut fields = Self {
            line: stanza.line(),
            ..Self::NONE
        };
        for (name, value) in stanza.fields() {
            if let Some(slot) = fields.slot(name) {
                *slot = value;
            }
        }
        fields
    }

    /// Where the value of the field `name` goes. A big index has a million of them: the length
    /// leaves one to three words to compare.
    fn slot(&mut self, name: &str) -> Option<&mut &'a str> {
        let is = |word: &str| word.eq_ignore_ascii_case(name);
        match name.len() {
            4 if is("Size") => Some(&mut self.size),
            6 if is("SHA256") => Some(&mut self.sha256),
            6 if is("Source") => Some(&mut self.source),
            7 if is("Package") => Some(&mut self.name),
            7 if is("Version") => Some(&mut self.version),
            7 if is("Depends") => Some(&mut self.depends),
            8 if is("Filename") => Some(&mut self.filename),
            8 if is("Priority") => Some(&mut self.priority),
            8 if is("Provides") => Some(&mut self.provides),
            9 if is("Essential") => Some(&mut self.essential),
            10 if is("Multi-Arch") => Some(&mut self.multi_arch),
            11 if is("Pre-Depends") => Some(&mut self.pre_depends),
            12 if is("Architecture") => Some(&mut self.architecture),
            _ => None,
        }
    }

    /// The first field that is absent although every record must have it.
    pub(crate) fn absent(&self) -> Option<&'static str> {
        let all = [
            ("Package", self.name),
            ("Architecture", self.architecture),
            ("Filename", self.filename),
            ("Size", self.size),
            ("SHA256", self.sha256),
        ];
        all.into_iter()
            .find_map(|(field, value)| value.is_empty().then_some(field))
    }

    /// The numbers among the fields, where nothing is wrong with the record.
    pub(crate) fn numbers(&self) -> Result<Numbers, BadRecord> {
        if let Some(field) = self.absent() {
            return Err(BadRecord::absent(self.name, self.line, field));
        }
        check_filename(self.filename).map_err(|why| self.bad("Filename", why.to_owned()))?;
        if !is_version(self.version) {
            self.own_version()?;
        }
        self.stated_source()?;
        Ok(Numbers {
            size: self
                .size
                .parse()
                .map_err(|e| self.bad("Size", format!("`{}`: {e}", self.size)))?,
            sha256: Digest::from_hex(self.sha256).map_err(|e| self.bad("SHA256", e.to_string()))?,
            essential: self.essential.eq_ignore_ascii_case("yes"),
            priority: Priority::read(self.priority),
            multi_arch: MultiArch::read(self.multi_arch),
        })
    }

    /// The package.
    pub(crate) fn package(&self, numbers: Numbers) -> Result<Package, BadRecord> {
        let version = self.own_version()?;
        let (source, source_version) = match self.stated_source()? {
            Some((source, version)) => (source, version),
            None if self.source.is_empty() => (self.name, version.clone()),
            None => (self.source, version.clone()),
        };
        Ok(Package {
            name: self.name.to_owned(),
            source: source.to_owned(),
            source_version,
            version,
            architecture: self.architecture.to_owned(),
            depends: unfolded(self.depends).into_owned(),
            pre_depends: unfolded(self.pre_depends).into_owned(),
            provides: unfolded(self.provides).into_owned(),
            essential: numbers.essential,
            priority: numbers.priority,
            multi_arch: numbers.multi_arch,
            filename: self.filename.to_owned(),
            size: numbers.size,
            sha256: numbers.sha256,
        })
    }

    fn own_version(&self) -> Result<Version, BadRecord> {
        let bad = |e: BadVersion| self.bad("Version", e.to_string());
        self.version.parse().map_err(bad)
    }

    /// Name and version of the source package where `Source` states a version of its own.
    fn stated_source(&self) -> Result<Option<(&'a str, Version)>, BadRecord> {
        let Some((source, rest)) = self.source.split_once('(') else {
            return Ok(None);
        };
        let bad = |e: BadVersion| self.bad("Source", e.to_string());
        let version = rest.trim_end_matches(')').parse().map_err(bad)?;
        Ok(Some((source.trim_ascii(), version)))
    }

    fn bad(&self, field: &'static str, why: String) -> BadRecord {
        BadRecord {
            package: self.name.to_owned(),
            line: self.line,
            field,
            why,
        }
    }
}

/// What a record says in numbers and words of a closed set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) size: u64,
    pub(crate) sha256: Digest,
    pub(crate) essential: bool,
    pub(crate) priority: Priority,
    pub(crate) multi_arch: MultiArch,
}

impl Package {
    /// Reads a paragraph of a `Packages` file. A record without `Filename`, `Size` or `SHA256`
    /// is refused: it could not be verified.
    pub fn from_stanza(stanza: &Stanza<'_>) -> Result<Self, BadRecord> {
        let fields = Fields::of(stanza);
        fields.package(fields.numbers()?)
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

/// The value on one line, as a relation may be folded; without comments.
pub(crate) fn unfolded(value: &str) -> Cow<'_, str> {
    match value.contains('\n') {
        false => Cow::Borrowed(value),
        true => {
            let lines = value.lines().filter(|line| !line.starts_with('#'));
            let lines: Vec<&str> = lines.map(str::trim_ascii).collect();
            Cow::Owned(lines.join(" "))
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
        assert_eq!(package.size, 12);
        assert_eq!(package.depends, "media-types | mime-support, z [arm64]");
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
            ("python (3.13.5-2)", "python (?)", "Source"),
        ] {
            let fault = read(&RECORD.replace(from, to)).unwrap_err();
            assert_eq!(fault.field, field);
        }
    }
}
