//! The one-line form of apt sources: `deb [options] address suite components`.
//!
//! Source: sources.list(5). Suites and components of an entry are not looked at: the address may
//! also carry ours.

use super::{Source, apt_address};

/// Reads a `.list` file. Lines for sources (`deb-src`) and comments are left out.
pub(crate) fn read(text: &str) -> Vec<Source> {
    text.lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let address = entry(line)?;
            Some(Source {
                line: at + 1,
                address,
            })
        })
        .collect()
}

fn entry(line: &str) -> Option<Result<crate::address::Address, String>> {
    let line = line.split('#').next().unwrap_or_default().trim_ascii();
    let (kind, rest) = line.split_once([' ', '\t'])?;
    if kind != "deb" {
        return None;
    }
    let mut rest = rest.trim_ascii_start();
    if let Some(options) = rest.strip_prefix('[') {
        let Some((_, after)) = options.split_once(']') else {
            return Some(Err("options without `]`".to_owned()));
        };
        rest = after.trim_ascii_start();
    }
    let mut words = rest.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some(address), Some(_suite)) => Some(apt_address(address)),
        _ => Some(Err("no suite".to_owned())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_options_comments_and_faults() {
        let text = "deb http://a.test/debian trixie main # note\n#deb http://no.test x y\n\n\
                    deb-src http://no.test x y\n\
                    deb\t[ arch=amd64 signed-by=/usr/share/keyrings/x.gpg ] file:/srv/b ./\n\
                    deb [trusted=yes http://c.test x\ndeb http://d.test\n\
                    deb mirror+file:/etc/mirrors x main\n  deb https://e.test/ x/updates main\n";
        let shown: Vec<_> = read(text)
            .into_iter()
            .map(|s| (s.line, s.address.map(|a| a.to_string())))
            .collect();
        assert_eq!(shown.len(), 6);
        assert_eq!(shown[0], (1, Ok("http://a.test/debian".to_owned())));
        assert_eq!(shown[1], (5, Ok("file:///srv/b".to_owned())));
        assert_eq!(shown[2], (6, Err("options without `]`".to_owned())));
        assert_eq!(shown[3], (7, Err("no suite".to_owned())));
        assert!(shown[4].1.as_ref().unwrap_err().contains("mirror+file"));
        assert_eq!(shown[5], (9, Ok("https://e.test".to_owned())));
    }
}
