//! The outer format of a package: an `ar` file with its three members.
//!
//! Source: deb(5) and ar(5). Strict: the members stand in their order, members whose name begins
//! with `_` are skipped as deb(5) asks, anything else is refused. Names may carry the trailing
//! slash of GNU ar or be written after the header as BSD ar does (`#1/LENGTH`).

/// The members of a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    pub(crate) control: Member<'a>,
    pub(crate) data: Member<'a>,
}

/// One member: its name without padding, its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// What is wrong with the outer format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArFault {
    /// The file does not start with `!<arch>`.
    #[error("not an ar archive")]
    Magic,
    /// The file ends inside a header or member.
    #[error("truncated in member `{0}`")]
    Truncated(String),
    /// A header that breaks the format.
    #[error("bad ar header at byte {0}")]
    Header(usize),
    /// A member that a package does not have there.
    #[error("member `{found}` where `{expected}` should be")]
    Unexpected {
        /// The name found.
        found: String,
        /// The name a package has there.
        expected: &'static str,
    },
    /// A member that is absent.
    #[error("no member `{0}`")]
    Absent(&'static str),
    /// A package format other than 2.
    #[error("package format `{0}` is not 2.x")]
    Format(String),
}

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
const EXPECTED: [&str; 3] = ["debian-binary", "control.tar", "data.tar"];

/// Finds the members of a package.
pub(crate) fn members(package: &[u8]) -> Result<Members<'_>, ArFault> {
    let mut rest = package.strip_prefix(MAGIC).ok_or(ArFault::Magic)?;
    let mut found: Vec<Member<'_>> = Vec::with_capacity(3);
    while !rest.is_empty() {
        let (member, after) = member(rest, package.len() - rest.len())?;
        rest = after;
        if member.name.starts_with('_') {
            continue;
        }
        let expected = EXPECTED.get(found.len()).copied();
        let fits = expected.is_some_and(|e| match e {
            "debian-binary" => member.name == e,
            _ => member.name.starts_with(e),
        });
        if !fits {
            return Err(ArFault::Unexpected {
                found: member.name.to_owned(),
                expected: expected.unwrap_or("the end"),
            });
        }
        found.push(member);
    }
    let absent = |at: usize| ArFault::Absent(EXPECTED.get(at).copied().unwrap_or_default());
    let [format, control, data] = found
        .try_into()
        .map_err(|found: Vec<_>| absent(found.len()))?;
    let text = String::from_utf8_lossy(format.bytes);
    match text.starts_with("2.") {
        true => Ok(Members { control, data }),
        false => Err(ArFault::Format(text.trim_end().chars().take(20).collect())),
    }
}

/// Reads the member at the start of `rest`; `at` is its place in the file.
fn member(rest: &[u8], at: usize) -> Result<(Member<'_>, &[u8]), ArFault> {
    let bad = || ArFault::Header(at);
    let (header, mut body) = rest
        .split_at_checked(HEADER)
        .ok_or_else(|| ArFault::Truncated("header".to_owned()))?;
    if header.get(58..) != Some(b"`\n".as_slice()) {
        return Err(bad());
    }
    let field = |from: usize, to: usize| {
        let bytes = header.get(from..to).unwrap_or_default();
        std::str::from_utf8(bytes).map(str::trim_end).ok()
    };
    let mut name = field(0, 16).ok_or_else(bad)?;
    let size = field(48, 58).ok_or_else(bad)?;
    if size.is_empty() || !size.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let size: usize = size.parse().map_err(|_| bad())?;
    let truncated = |name: &str| ArFault::Truncated(name.to_owned());
    let (mut bytes, after) = body.split_at_checked(size).ok_or_else(|| truncated(name))?;
    if let Some(length) = name.strip_prefix("#1/") {
        let length: usize = length.parse().map_err(|_| bad())?;
        let (long, content) = bytes.split_at_checked(length).ok_or_else(bad)?;
        let long = std::str::from_utf8(long).map_err(|_| bad())?;
        (name, bytes) = (long.trim_end_matches('\0'), content);
    }
    name = name.strip_suffix('/').unwrap_or(name);
    if name.is_empty() {
        return Err(bad());
    }
    // Members start at even bytes; the filler after the last one may be missing.
    body = match (size % 2, after) {
        (1, [b'\n', after @ ..]) => after,
        (1, [_, ..]) => return Err(bad()),
        _ => after,
    };
    Ok((Member { name, bytes }, body))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for (name, bytes) in members {
            let size = bytes.len();
            out.extend(
                format!(
                    "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
                    0, 0, 0, 100644
                )
                .bytes(),
            );
            out.extend(*bytes);
            if size % 2 == 1 {
                out.push(b'\n');
            }
        }
        out
    }

    const GOOD: [(&str, &[u8]); 3] = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", b"abc"),
        ("data.tar", b"defg"),
    ];

    #[test]
    fn reads_plain_gnu_and_bsd_names() {
        let gnu = [
            ("debian-binary/", GOOD[0].1),
            ("control.tar.xz/", b"abc"),
            ("data.tar/", b"defg"),
        ];
        let bsd = [
            ("#1/16", b"debian-binary\0\0\x002.0\n".as_slice()),
            ("#1/14", b"control.tar.xzabc"),
            ("_signature", b"x"),
            ("data.tar", b"defg"),
        ];
        for file in [ar(&GOOD), ar(&gnu), ar(&bsd)] {
            let members = members(&file).unwrap();
            assert_eq!(
                (members.control.name, members.control.bytes),
                ("control.tar.xz", b"abc".as_slice())
            );
            assert_eq!(
                (members.data.name, members.data.bytes),
                ("data.tar", b"defg".as_slice())
            );
        }
    }

    #[test]
    fn refuses_what_is_no_package() {
        let with =
            |members: &[(&str, &[u8])]| super::members(&ar(members)).unwrap_err().to_string();
        assert_eq!(members(b"PK\x03\x04").unwrap_err(), ArFault::Magic);
        assert_eq!(with(&GOOD[..2]), "no member `data.tar`");
        assert_eq!(
            with(&GOOD[1..]),
            "member `control.tar.xz` where `debian-binary` should be"
        );
        assert_eq!(
            with(&[GOOD[0], GOOD[2]]),
            "member `data.tar` where `control.tar` should be"
        );
        assert_eq!(
            with(&[GOOD[0], GOOD[1], GOOD[2], GOOD[2]]),
            "member `data.tar` where `the end` should be"
        );
        assert_eq!(
            with(&[("debian-binary", b"3.0\n"), GOOD[1], GOOD[2]]),
            "package format `3.0` is not 2.x"
        );
        let mut header = ar(&GOOD);
        header[8 + 50] = b'x';
        assert_eq!(members(&header).unwrap_err(), ArFault::Header(8));
    }

    #[test]
    fn refuses_every_truncation() {
        let file = ar(&GOOD);
        for end in 0..file.len() {
            assert!(members(&file[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
            let mut file = ar(&GOOD);
            let at = at % file.len();
            file.splice(at.., bytes);
            let _ = members(&file);
        }
    }
}
