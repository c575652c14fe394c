//! Paragraphs of the control format: `Field: value` lines, continuation lines, blank lines.
//!
//! Source: deb822(5). Everything is borrowed from the text; nothing is copied.

/// One paragraph: fields in the order they were written.
#[derive(Debug, Clone)]
pub struct Stanza<'a> {
    text: &'a str,
    line: usize,
}

/// A text that breaks the control format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}: `{text}`")]
pub struct BadControl {
    /// Line number, counted from 1.
    pub line: usize,
    why: &'static str,
    text: String,
}

/// One field: its name, and its value with continuation lines as written.
pub type Field<'a> = (&'a str, &'a str);

/// Splits `text` into paragraphs. Lines that start with `#` are comments. The first fault ends
/// the sequence.
pub fn stanzas(text: &str) -> impl Iterator<Item = Result<Stanza<'_>, BadControl>> {
    Stanzas {
        rest: text,
        line: 1,
        failed: false,
    }
}

struct Stanzas<'a> {
    rest: &'a str,
    line: usize,
    failed: bool,
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = Result<Stanza<'a>, BadControl>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut start = None;
        let mut has_field = false;
        let whole = self.rest;
        let mut at = 0;
        while !self.failed && at < whole.len() {
            let line = next_line(whole.get(at..).unwrap_or_default());
            let number = self.line;
            let blank = is_blank(line);
            if blank && start.is_some() {
                break;
            }
            self.line += 1;
            if !blank && !line.starts_with('#') {
                if start.is_none() {
                    start = Some((at, number));
                }
                if let Err(why) = check_line(line, has_field) {
                    self.failed = true;
                    return Some(Err(BadControl {
                        line: number,
                        why,
                        text: line.trim_end().chars().take(80).collect(),
                    }));
                }
                has_field = true;
            }
            at += line.len();
        }
        let (from, line) = start?;
        self.rest = whole.get(at..).unwrap_or_default();
        Some(Ok(Stanza {
            text: whole.get(from..at).unwrap_or_default(),
            line,
        }))
    }
}

/// The text up to and including the next line break.
fn next_line(text: &str) -> &str {
    let end = memchr::memchr(b'\n', text.as_bytes()).map_or(text.len(), |at| at + 1);
    text.get(..end).unwrap_or(text)
}

/// Name and value around the first colon.
fn field(text: &str) -> Option<(&str, &str)> {
    let colon = memchr::memchr(b':', text.as_bytes())?;
    Some((text.get(..colon)?, text.get(colon + 1..)?))
}

/// Nearly every line of a big index tells it by its first byte.
fn is_blank(line: &str) -> bool {
    match line.bytes().next() {
        None | Some(b'\n') => true,
        Some(first) => first.is_ascii_whitespace() && line.trim_ascii().is_empty(),
    }
}

fn check_line(line: &str, has_field: bool) -> Result<(), &'static str> {
    if line.starts_with([' ', '\t']) {
        return match has_field {
            true => Ok(()),
            false => Err("a continuation line without a field before it"),
        };
    }
    let (name, _) = field(line).ok_or("no colon")?;
    let graphic = name.bytes().all(|b| b.is_ascii_graphic());
    match graphic && !name.is_empty() && !name.starts_with('-') {
        true => Ok(()),
        false => Err("bad field name"),
    }
}

impl<'a> Stanza<'a> {
    /// The line number of the first field, counted from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The paragraph as written, without its blank line.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// All fields in order. A value keeps its continuation lines, its ends are trimmed.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let mut rest = self.text;
        std::iter::from_fn(move || {
            loop {
                let line = next_line(rest);
                if line.is_empty() {
                    return None;
                }
                if line.starts_with('#') {
                    rest = rest.get(line.len()..).unwrap_or_default();
                    continue;
                }
                // Comments between continuation lines belong to the field, later ones do not.
                let mut end = line.len();
                let mut seen = end;
                while let Some(first @ (b' ' | b'\t' | b'#')) = rest.as_bytes().get(seen) {
                    seen += next_line(rest.get(seen..).unwrap_or_default()).len();
                    if *first != b'#' {
                        end = seen;
                    }
                }
                let field = rest.get(..end).unwrap_or_default();
                rest = rest.get(end..).unwrap_or_default();
                let (name, value) = self::field(field)?;
                return Some((name, value.trim_ascii()));
            }
        })
    }

    /// The value of the field `name`, whatever its case.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// The lines of a value, trimmed, without comments and empty ones.
pub fn value_lines(value: &str) -> impl Iterator<Item = &str> {
    value
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::trim_ascii)
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_paragraphs_fields_comments_and_continuations() {
        let text = "# head\n\nA: 1\nb:  two \n three\n# in between\n .\n\n \n\nC:\n# c\nD: x:y\n";
        let all: Vec<_> = stanzas(text).map(Result::unwrap).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].line(), 3);
        assert_eq!(all[0].get("a"), Some("1"));
        let lines: Vec<_> = value_lines(all[0].get("B").unwrap()).collect();
        assert_eq!(lines, ["two", "three", "."]);
        let fields: Vec<_> = all[1].fields().collect();
        assert_eq!(fields, [("C", ""), ("D", "x:y")]);
    }

    #[test]
    fn names_the_line_of_a_fault() {
        for (text, line) in [
            ("A: 1\nno colon\n", 2),
            ("\n x\n", 2),
            ("A: 1\n\n: 1\n", 3),
            ("-A: 1", 1),
        ] {
            let fault = stanzas(text).find_map(Result::err).unwrap();
            assert_eq!(fault.line, line, "{text:?}");
            assert!(stanzas(text).count() <= 2);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ab: \\n\\t#.é]{0,60}") {
            for stanza in stanzas(&text).flatten() {
                prop_assert!(stanza.fields().count() > 0);
            }
        }

        #[test]
        fn reads_what_was_written(fields in prop::collection::vec(("[A-Z][a-z]{0,5}", "[a-z]{1,5}"), 1..6)) {
            let text: String = fields.iter().map(|(k, v)| format!("{k}: {v}\n")).collect();
            let stanza = stanzas(&text).next().unwrap().unwrap();
            let read: Vec<_> = stanza.fields().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(read, fields);
        }
    }
}
