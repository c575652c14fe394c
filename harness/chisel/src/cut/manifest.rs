//! The manifest of a cut: which slices, packages and paths an image is made of.
//!
//! A jsonwall: one JSON object per line, the first with the count of lines, the others sorted by
//! bytes. Fields have a fixed order and are left out when empty.

use std::collections::BTreeMap;

use rootfs::CutPackage;
use serde::Serialize;

use super::report::{Report, What};
use crate::error::{Error, ErrorClass, Result};

/// The compression level of the packed form. Part of the bytes of an image.
const LEVEL: i32 = 3;

/// A finished manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The plain text.
    pub text: String,
}

#[derive(Serialize)]
struct Head {
    jsonwall: &'static str,
    schema: &'static str,
    count: usize,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line<'a> {
    Content {
        slice: &'a str,
        path: &'a str,
    },
    Package {
        name: &'a str,
        version: &'a str,
        sha256: String,
        arch: &'a str,
    },
    Path {
        path: &'a str,
        mode: String,
        slices: Vec<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        final_sha256: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        inode: Option<usize>,
    },
    Slice {
        name: &'a str,
    },
}

impl Manifest {
    /// Writes down `report`, the `packages` and the `slices` of a cut.
    pub(super) fn write(
        report: &Report,
        packages: &[CutPackage],
        slices: &[String],
    ) -> Result<Self> {
        let mut lines = Vec::new();
        let inodes = report.inodes();
        for (path, record) in report.iter() {
            for slice in &record.slices {
                lines.push(line(&Line::Content { slice, path })?);
            }
            lines.push(line(&path_line(path, record, &inodes))?);
        }
        for package in packages {
            lines.push(line(&Line::Package {
                name: &package.name,
                version: &package.version,
                sha256: package.digest.hex(),
                arch: &package.arch,
            })?);
        }
        for name in slices {
            lines.push(line(&Line::Slice { name })?);
        }
        lines.sort();
        let count = lines.len() + 1;
        let mut text = line(&Head {
            jsonwall: "1.0",
            schema: "1.0",
            count,
        })?;
        for line in lines {
            text.push_str(&line);
        }
        Ok(Self { text })
    }

    /// The packed form, as it lies in an image.
    pub fn packed(&self) -> Result<Vec<u8>> {
        zstd::encode_all(self.text.as_bytes(), LEVEL).map_err(|error| {
            Error::caused_by(ErrorClass::Report, "cannot pack the manifest", error)
        })
    }
}

/// The line of one path.
fn path_line<'a>(
    path: &'a str,
    record: &'a super::report::Record,
    inodes: &BTreeMap<usize, usize>,
) -> Line<'a> {
    let (mut sha256, mut size, mut link) = (None, None, None);
    match &record.what {
        What::File {
            size: bytes,
            digest,
        } => {
            sha256 = Some(digest.hex());
            size = Some(record.changed.map_or(*bytes, |(_, size)| size));
        }
        What::Link { target } => link = Some(target.as_str()),
        What::Folder | What::Generated => {}
    }
    Line::Path {
        path,
        // Setuid and setgid are not shown, as in the reference.
        mode: format!("0{:o}", record.mode & 0o1777),
        slices: record.slices.iter().map(|slice| &**slice).collect(),
        sha256,
        final_sha256: record.changed.map(|(digest, _)| digest.hex()),
        size: size.filter(|size| *size > 0),
        link,
        inode: record.group.and_then(|group| inodes.get(&group).copied()),
    }
}

/// One line, with the characters escaped that the reference escapes.
fn line(value: &impl Serialize) -> Result<String> {
    let plain = serde_json::to_string(value).map_err(|error| {
        Error::caused_by(ErrorClass::Report, "cannot write the manifest", error)
    })?;
    let mut text = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            '\u{10ff80}'..='\u{10ffff}' => text.push_str("\\ufffd"),
            c => text.push(c),
        }
    }
    text.push('\n');
    Ok(text)
}
