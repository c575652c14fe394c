//! The paragraph form of apt sources: `Types`, `URIs`, `Suites`, `Enabled`.
//!
//! Source: sources.list(5), "DEB822-style format". `Signed-By`, inline or a path, is understood
//! and not used: the keys are the release's.

use super::{Source, apt_address};
use crate::control::{Stanza, stanzas, value_lines};

/// Reads a `.sources` file. Disabled paragraphs and those without type `deb` are left out.
pub(crate) fn read(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for stanza in stanzas(text) {
        match stanza {
            Ok(stanza) => paragraph(&stanza, &mut sources),
            Err(fault) => sources.push(Source {
                line: fault.line,
                address: Err(fault.to_string()),
            }),
        }
    }
    sources
}

fn paragraph(stanza: &Stanza<'_>, sources: &mut Vec<Source>) {
    let off = |value: &str| {
        ["no", "false", "without", "off", "disable", "0"].contains(&value.to_lowercase().as_str())
    };
    let is_binary = words(stanza, "Types").any(|kind| kind == "deb");
    if stanza.get("Enabled").is_some_and(off) || !is_binary {
        return;
    }
    if words(stanza, "Suites").next().is_none() {
        sources.push(Source {
            line: stanza.line(),
            address: Err("no suite".to_owned()),
        });
        return;
    }
    let line = stanza.line() + field_line(stanza, "URIs");
    sources.extend(words(stanza, "URIs").map(|uri| Source {
        line,
        address: apt_address(uri),
    }));
}

fn words<'a>(stanza: &Stanza<'a>, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let value = stanza.get(field).unwrap_or_default();
    value_lines(value).flat_map(str::split_ascii_whitespace)
}

/// How many lines below the start of the paragraph a field stands.
fn field_line(stanza: &Stanza<'_>, field: &str) -> usize {
    let is_it = |line: &str| {
        line.split_once(':')
            .is_some_and(|(name, _)| name.eq_ignore_ascii_case(field))
    };
    stanza.text().lines().position(is_it).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(usize, Result<String, String>)> {
        read(text)
            .into_iter()
            .map(|s| (s.line, s.address.map(|a| a.to_string())))
            .collect()
    }

    #[test]
    fn reads_paragraphs() {
        let text = "# comment\nTypes: deb deb-src\n# snapshot\nURIs: http://a.test/debian/\n  http://b.test\n\
                    Suites: x x-updates\nComponents: main\nSigned-By:\n -----BEGIN PGP\n .\n abc\n\n\
                    Types: deb\nEnabled: no\nURIs: http://no.test\nSuites: x\n\n\
                    Types: deb-src\nURIs: http://no.test\nSuites: x\n\n\
                    types: deb\nuris: file:/srv/x\nsuites: ./\nEnabled: yes\nSigned-By: /k.gpg\n\n\
                    Types: deb\nURIs: http://no.test\n";
        assert_eq!(
            shown(text),
            [
                (4, Ok("http://a.test/debian".to_owned())),
                (4, Ok("http://b.test".to_owned())),
                (23, Ok("file:///srv/x".to_owned())),
                (28, Err("no suite".to_owned())),
            ]
        );
    }

    #[test]
    fn a_fault_names_its_line() {
        let read = shown("Types: deb\nnonsense\n");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].0, 2);
    }
}
