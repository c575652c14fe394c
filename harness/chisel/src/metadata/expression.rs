//! From Debian's words for licences to SPDX expressions.
//!
//! Sources: DEP-5, "License specification"; the SPDX licence list; SPDX 2.3 annex D. Only names
//! with one meaning are translated; every other becomes a `LicenseRef` that carries its text.

use std::collections::BTreeMap;

use model::Digest;

use super::copyright::NamedLicence;

/// Short names of DEP-5, lower case, and the identifier on the SPDX licence list. Sorted.
const IDS: &[(&str, &str)] = &[
    ("0bsd", "0BSD"),
    ("afl-2.1", "AFL-2.1"),
    ("agpl-3", "AGPL-3.0-only"),
    ("agpl-3+", "AGPL-3.0-or-later"),
    ("apache-1.1", "Apache-1.1"),
    ("apache-2", "Apache-2.0"),
    ("apache-2.0", "Apache-2.0"),
    ("artistic-1.0", "Artistic-1.0"),
    ("artistic-2", "Artistic-2.0"),
    ("artistic-2.0", "Artistic-2.0"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("bsd-4-clause", "BSD-4-Clause"),
    ("bsl-1.0", "BSL-1.0"),
    ("bzip2-1.0.6", "bzip2-1.0.6"),
    ("cc-by-3.0", "CC-BY-3.0"),
    ("cc-by-4.0", "CC-BY-4.0"),
    ("cc-by-sa-3.0", "CC-BY-SA-3.0"),
    ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
    ("cc0", "CC0-1.0"),
    ("cc0-1.0", "CC0-1.0"),
    ("cddl-1.0", "CDDL-1.0"),
    ("cpl-1.0", "CPL-1.0"),
    ("curl", "curl"),
    ("epl-1.0", "EPL-1.0"),
    ("epl-2.0", "EPL-2.0"),
    ("expat", "MIT"),
    ("fsfap", "FSFAP"),
    ("fsful", "FSFUL"),
    ("fsfullr", "FSFULLR"),
    ("gfdl-1.2", "GFDL-1.2-only"),
    ("gfdl-1.2+", "GFDL-1.2-or-later"),
    ("gfdl-1.3", "GFDL-1.3-only"),
    ("gfdl-1.3+", "GFDL-1.3-or-later"),
    ("gpl-1", "GPL-1.0-only"),
    ("gpl-1+", "GPL-1.0-or-later"),
    ("gpl-2", "GPL-2.0-only"),
    ("gpl-2+", "GPL-2.0-or-later"),
    (
        "gpl-2+ with autoconf exception",
        "GPL-2.0-or-later WITH Autoconf-exception-2.0",
    ),
    (
        "gpl-2+ with libtool exception",
        "GPL-2.0-or-later WITH Libtool-exception",
    ),
    ("gpl-2.0", "GPL-2.0-only"),
    ("gpl-2.0+", "GPL-2.0-or-later"),
    ("gpl-3", "GPL-3.0-only"),
    ("gpl-3+", "GPL-3.0-or-later"),
    (
        "gpl-3+ with autoconf exception",
        "GPL-3.0-or-later WITH Autoconf-exception-3.0",
    ),
    (
        "gpl-3+ with bison exception",
        "GPL-3.0-or-later WITH Bison-exception-2.2",
    ),
    ("gpl-3.0", "GPL-3.0-only"),
    ("gpl-3.0+", "GPL-3.0-or-later"),
    ("icu", "ICU"),
    ("isc", "ISC"),
    ("lgpl-2", "LGPL-2.0-only"),
    ("lgpl-2+", "LGPL-2.0-or-later"),
    ("lgpl-2.0", "LGPL-2.0-only"),
    ("lgpl-2.0+", "LGPL-2.0-or-later"),
    ("lgpl-2.1", "LGPL-2.1-only"),
    ("lgpl-2.1+", "LGPL-2.1-or-later"),
    ("lgpl-3", "LGPL-3.0-only"),
    ("lgpl-3+", "LGPL-3.0-or-later"),
    ("libpng", "Libpng"),
    ("mit", "MIT"),
    ("mpl-1.1", "MPL-1.1"),
    ("mpl-2", "MPL-2.0"),
    ("mpl-2.0", "MPL-2.0"),
    ("ncsa", "NCSA"),
    ("ofl-1.1", "OFL-1.1"),
    ("openssl", "OpenSSL"),
    ("postgresql", "PostgreSQL"),
    ("psf-2", "PSF-2.0"),
    ("python-2.0", "Python-2.0"),
    ("qpl-1.0", "QPL-1.0"),
    ("sissl", "SISSL"),
    ("tcp-wrappers", "TCP-wrappers"),
    ("unicode-dfs-2016", "Unicode-DFS-2016"),
    ("unlicense", "Unlicense"),
    ("w3c", "W3C"),
    ("wtfpl", "WTFPL"),
    ("x11", "X11"),
    ("zlib", "Zlib"),
    ("zpl-2.1", "ZPL-2.1"),
];

/// A licence that is on no list: what an SPDX document says of it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extracted {
    /// As written in the copyright file.
    pub(crate) name: String,
    /// Its text, or where it stands.
    pub(crate) text: String,
}

/// The licences that expressions refer to and that are on no list, by `LicenseRef-...`.
pub(crate) type Extractions = BTreeMap<String, Extracted>;

/// The SPDX identifier (with its exception) of one short name, if it has one.
pub(crate) fn identifier(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let at = IDS
        .binary_search_by(|(known, _)| (*known).cmp(&name))
        .ok()?;
    IDS.get(at).map(|(_, id)| *id)
}

/// The expression of one `License` line; what is on no list goes to `extractions`. `origin` says in
/// which copyright file it stands.
pub(crate) fn expression(
    licence: &NamedLicence,
    origin: &str,
    extractions: &mut Extractions,
) -> String {
    let name = licence.name.replace(", and ", " AND ");
    let parts: Vec<&str> = split(&name, " AND ");
    let whole = parts.len() == 1;
    joined(parts, " AND ", |part| {
        let part = part.replace(", or ", " or ");
        joined(split(&part, " or "), " OR ", |part| {
            joined(split(part, " and "), " AND ", |leaf| {
                let leaf = leaf.trim_matches([',', ' ']);
                let text = if whole && leaf == licence.name {
                    licence.text.as_str()
                } else {
                    ""
                };
                match identifier(leaf) {
                    Some(id) => id.to_owned(),
                    None => extract(leaf, text, origin, extractions),
                }
            })
        })
    })
}

/// The reference to a licence that is on no list.
pub(crate) fn extract(
    name: &str,
    text: &str,
    origin: &str,
    extractions: &mut Extractions,
) -> String {
    let text = if text.is_empty() {
        format!("`{name}`, as it is called in {origin}")
    } else {
        text.to_owned()
    };
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    let stem: String = name.chars().take(60).map(plain).collect();
    let stem = stem.trim_matches('-');
    let number = Digest::of(format!("{name}\n{text}").as_bytes()).short();
    let id = format!("LicenseRef-{stem}-{number}");
    let name = name.to_owned();
    extractions.insert(id.clone(), Extracted { name, text });
    id
}

fn split<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    text.split(word)
        .filter(|part| !part.trim().is_empty())
        .collect()
}

/// The distinct parts, each made by `make`, joined; those that are joined themselves get brackets.
pub(crate) fn joined<P>(
    parts: impl IntoIterator<Item = P>,
    word: &str,
    mut make: impl FnMut(P) -> String,
) -> String {
    let mut made: Vec<String> = Vec::new();
    for part in parts {
        let part = make(part);
        if !part.is_empty() && !made.contains(&part) {
            made.push(part);
        }
    }
    if let [one] = &mut made[..] {
        return std::mem::take(one);
    }
    let bracketed = made.into_iter().map(|part| {
        let other = if word == " AND " { " OR " } else { " AND " };
        if part.contains(other) && !part.starts_with('(') {
            format!("({part})")
        } else {
            part
        }
    });
    bracketed.collect::<Vec<_>>().join(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> (String, Extractions) {
        let mut extractions = Extractions::new();
        let licence = NamedLicence {
            name: name.to_owned(),
            text: "its text".to_owned(),
        };
        let text = expression(&licence, "the copyright file of a", &mut extractions);
        (text, extractions)
    }

    #[test]
    fn the_table_is_sorted_and_every_name_is_found() {
        assert!(IDS.is_sorted_by(|a, b| a.0 < b.0));
        for (name, id) in IDS {
            assert_eq!(identifier(&name.to_uppercase()), Some(*id));
        }
        assert_eq!(identifier("public-domain"), None);
    }

    #[test]
    fn words_between_names_become_operators() {
        for (debian, spdx) in [
            ("Expat", "MIT"),
            ("GPL-2+ or Expat", "GPL-2.0-or-later OR MIT"),
            ("GPL-2+ and Expat", "GPL-2.0-or-later AND MIT"),
            ("GPL-2 or Expat and ISC", "GPL-2.0-only OR (MIT AND ISC)"),
            ("GPL-2 or Expat, and ISC", "(GPL-2.0-only OR MIT) AND ISC"),
            ("Expat or MIT", "MIT"),
            (
                "GPL-3+ with Bison exception",
                "GPL-3.0-or-later WITH Bison-exception-2.2",
            ),
        ] {
            let (text, extractions) = of(debian);
            assert_eq!(text, spdx);
            assert!(extractions.is_empty(), "{debian}");
        }
    }

    #[test]
    fn what_is_on_no_list_is_carried_with_its_text() {
        let (text, extractions) = of("public-domain");
        assert!(text.starts_with("LicenseRef-public-domain-"), "{text}");
        assert_eq!(extractions[&text].text, "its text");
        let (text, extractions) = of("GPL-2+ with OpenSSL exception or BSD/other");
        assert_eq!(extractions.len(), 2, "{text}");
        for (id, extracted) in &extractions {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            assert!(id.chars().all(plain), "{id}");
            assert!(
                extracted.text.contains("the copyright file of a"),
                "{extracted:?}"
            );
        }
    }
}
