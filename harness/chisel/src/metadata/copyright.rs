//! Copyright files: the licences that a machine-readable one names.
//!
//! Source: "Machine-readable debian/copyright file" 1.0 (DEP-5). A file of another shape is carried
//! by its digest and text; nothing is guessed from its words.

use std::collections::BTreeMap;

use deb::control::stanzas;
use serde::Serialize;

/// A licence that a copyright file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NamedLicence {
    /// The first line of a `License` field, as written: `GPL-2+ with OpenSSL exception`.
    pub name: String,
    /// Its text, where some field of that name has one; else empty.
    pub text: String,
}

/// The licences of a machine-readable copyright file, by name; none when it has another shape.
pub(crate) fn named(text: &str) -> Option<Vec<NamedLicence>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (at, stanza) in stanzas(text).enumerate() {
        let stanza = stanza.ok()?;
        if at == 0 && !is_machine_readable(stanza.get("Format")?) {
            return None;
        }
        let Some(value) = stanza.get("License") else {
            continue;
        };
        let (name, body) = value.split_once('\n').unwrap_or((value, ""));
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            continue;
        }
        let body = unfolded(body);
        let known = found.entry(name).or_default();
        if body.len() > known.len() {
            *known = body;
        }
    }
    let named: Vec<NamedLicence> = found
        .into_iter()
        .map(|(name, text)| NamedLicence { name, text })
        .collect();
    (!named.is_empty()).then_some(named)
}

/// Whether the value of `Format` is an address of the specification, old ones included.
fn is_machine_readable(format: &str) -> bool {
    let format = format.to_ascii_lowercase();
    ["copyright-format", "dep5", "dep-5"]
        .iter()
        .any(|word| format.contains(word))
}

/// A folded text without its indentation; a line with only a dot is an empty one.
fn unfolded(body: &str) -> String {
    let lines = body.lines().map(|line| {
        let line = line.strip_prefix([' ', '\t']).unwrap_or(line).trim_end();
        if line == "." { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: a

Files: *
Copyright: somebody
License: GPL-2+  or Expat

Files: debian/*
Copyright: somebody else
License: Expat

License: Expat
 Permission is granted
 .
   to you.
";

    #[test]
    fn names_and_texts_are_read() {
        let named = named(GOOD).unwrap();
        let names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Expat", "GPL-2+ or Expat"]);
        assert_eq!(named[0].text, "Permission is granted\n\n  to you.");
        assert_eq!(named[1].text, "");
    }

    #[test]
    fn other_shapes_name_nothing() {
        for text in [
            "",
            "This package was made by somebody.\n\nIt is free.\n",
            "License: GPL-2\n",
            "Format: something\n\nLicense: GPL-2\n",
            &GOOD.replace("License: ", "Licence: "),
            &format!("{GOOD}\nand then prose\n"),
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
