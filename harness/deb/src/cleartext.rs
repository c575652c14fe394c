//! The cleartext signature framework: a text, and armored signatures below it.
//!
//! Source: RFC 9580, section 7. Strict: nothing before or after, only `Hash` headers, every line
//! that begins with a dash is escaped, exactly one signature block.

/// A clearsigned message taken apart. Nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleartext<'a> {
    /// Lines as they were signed: unescaped, without blanks at their ends.
    pub(crate) lines: Vec<&'a str>,
    /// The armored signatures, with their first and last line.
    pub(crate) armor: &'a str,
}

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

impl<'a> Cleartext<'a> {
    /// Takes a message apart in one pass.
    pub(crate) fn read(message: &'a str) -> Result<Self, String> {
        let mut lines = message.split_inclusive('\n');
        let trimmed = |line: &'a str| line.trim_end_matches(['\n', '\r', '\t', ' ']);
        if lines.next().map(trimmed) != Some(BEGIN) {
            return Err(format!("does not begin with `{BEGIN}`"));
        }
        loop {
            let header = lines.next().map(trimmed).ok_or("ends in its headers")?;
            if header.is_empty() {
                break;
            }
            if !header.starts_with("Hash: ") {
                return Err(format!("header `{}`", header.escape_debug()));
            }
        }
        let mut text = Vec::new();
        let mut used = 0;
        let start = message.len() - lines.clone().map(str::len).sum::<usize>();
        for line in lines {
            let plain = trimmed(line);
            if plain == SIGNATURE {
                let armor = message.get(start + used..).unwrap_or_default();
                check_armor(armor)?;
                return Ok(Self { lines: text, armor });
            }
            used += line.len();
            text.push(match plain.strip_prefix('-') {
                None => plain,
                // The escape may have lost its blank when the line was empty.
                Some("") => "",
                Some(rest) => rest
                    .strip_prefix(' ')
                    .ok_or("a line with a dash that is not escaped")?,
            });
        }
        Err("no signature".to_owned())
    }

    /// The text that was hashed: lines joined by CR and LF, none after the last.
    pub(crate) fn hashed(&self) -> String {
        self.lines.join("\r\n")
    }

    /// The text for reading.
    pub(crate) fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}

/// One block to the end of the message, and only blanks behind it.
fn check_armor(armor: &str) -> Result<(), String> {
    let (_, rest) = armor.split_once(END).ok_or(format!("no `{END}`"))?;
    match rest.trim_ascii().is_empty() {
        true => Ok(()),
        false => Err("text after the signature".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAIL: &str = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";

    fn message(text: &str) -> String {
        format!("{BEGIN}\nHash: SHA256\n\n{text}{TAIL}")
    }

    #[test]
    fn takes_a_message_apart() {
        let text = message("a \t\r\n\n- -b\n- c\n-\n");
        let read = Cleartext::read(&text).unwrap();
        assert_eq!(read.lines, ["a", "", "-b", "c", ""]);
        assert_eq!(read.armor, TAIL);
        assert_eq!(read.hashed(), "a\r\n\r\n-b\r\nc\r\n");
        assert_eq!(read.text(), "a\n\n-b\nc\n\n");
    }

    #[test]
    fn refuses_anything_around_and_inside() {
        for text in [
            "".to_owned(),
            format!(" {}", message("a\n")),
            format!("x\n{}", message("a\n")),
            format!("{}x", message("a\n")),
            message("a\n").replace("Hash: SHA256", "Label: x"),
            message("a\n-b\n"),
            message("a\n").replace("-----END", "-----BEGIN"),
            message("a\n").replace("SIGNATURE", "NONE"),
            BEGIN.to_owned(),
        ] {
            assert!(Cleartext::read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn takes_time_in_proportion() {
        // A quadratic reader would take minutes for this.
        let text = message(&"x\n".repeat(1_000_000));
        assert_eq!(Cleartext::read(&text).unwrap().lines.len(), 1_000_000);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-a \\n\\r]{0,40}") {
            let _ = Cleartext::read(&text);
            let _ = Cleartext::read(&message(&text));
        }
    }
}
