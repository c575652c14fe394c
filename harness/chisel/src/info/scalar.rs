//! A text as YAML writes it: plain where it stays a text when read again, else in quotes.

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The value of a key in a block that is indented by so many spaces.
    Block(usize),
    /// Inside braces or brackets.
    Flow,
    /// A key of a block.
    Key,
}

/// Columns of one more level.
const INDENT: usize = 4;

/// `text` as a scalar at `place`.
pub(super) fn scalar(text: &str, place: Place) -> String {
    let shape = Shape::of(text);
    if text.contains('\n') {
        return match place {
            Place::Block(indent) if shape.literal => literal(text, indent),
            _ => double(text),
        };
    }
    if reads_as_other(text) {
        return double(text);
    }
    let plain = match place {
        Place::Flow => shape.flow_plain,
        Place::Block(_) | Place::Key => shape.block_plain,
    };
    if plain {
        text.to_owned()
    } else if shape.single {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double(text)
    }
}

/// Which styles can carry a text.
#[allow(clippy::struct_excessive_bools, reason = "four independent answers")]
struct Shape {
    flow_plain: bool,
    block_plain: bool,
    single: bool,
    literal: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let blank = |at: usize| chars.get(at).is_none_or(|c| is_blank_or_break(*c));
        let marker = text.starts_with("---") || text.starts_with("...");
        let (mut flow, mut block) = (marker, marker);
        let (mut special, mut tabs, mut breaks) = (false, false, false);
        let (mut space_break, mut break_space) = (false, false);
        for (at, &c) in chars.iter().enumerate() {
            let before_is_blank = at == 0 || is_blank_or_break(chars[at - 1]);
            match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if at == 0 =>
                {
                    (flow, block) = (true, true);
                }
                '?' | ':' => {
                    flow = true;
                    block |= (at == 0 || c == ':') && blank(at + 1);
                }
                '-' if at == 0 && blank(at + 1) => (flow, block) = (true, true),
                ',' | '[' | ']' | '{' | '}' => flow = true,
                '#' if before_is_blank => (flow, block) = (true, true),
                _ => {}
            }
            tabs |= c == '\t';
            special |= !is_printable(c);
            if is_break(c) {
                breaks = true;
                space_break |= at > 0 && chars[at - 1] == ' ';
            } else if c == ' ' {
                break_space |= at > 0 && is_break(chars[at - 1]);
            }
        }
        let ends = |at: Option<&char>| at.is_some_and(|c| *c == ' ' || is_break(*c));
        let ragged = ends(chars.first()) || ends(chars.last());
        let torn = space_break || tabs || special;
        let plain = !(breaks || ragged || torn || break_space);
        Self {
            flow_plain: plain && !flow,
            block_plain: plain && !block,
            single: !(torn || break_space),
            literal: !(space_break || special || chars.last() == Some(&' ')),
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break(c)
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | '\t' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}'
        | '\u{10000}'..)
}

/// `text` as it is, line by line below its key.
fn literal(text: &str, indent: usize) -> String {
    let hint = if text.starts_with([' ', '\n']) {
        INDENT.to_string()
    } else {
        String::new()
    };
    let body = text.trim_end_matches('\n');
    let chomp = match text.len() - body.len() {
        0 => "-",
        1 if !body.is_empty() => "",
        _ => "+",
    };
    let mut written = format!("|{hint}{chomp}");
    let kept = text.strip_suffix('\n').unwrap_or(text);
    for line in kept.split('\n') {
        written.push('\n');
        if !line.is_empty() {
            written.push_str(&" ".repeat(indent + INDENT));
            written.push_str(line);
        }
    }
    written
}

fn double(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\0' => written.push_str("\\0"),
            '\u{7}' => written.push_str("\\a"),
            '\u{8}' => written.push_str("\\b"),
            '\t' => written.push_str("\\t"),
            '\n' => written.push_str("\\n"),
            '\u{b}' => written.push_str("\\v"),
            '\u{c}' => written.push_str("\\f"),
            '\r' => written.push_str("\\r"),
            '\u{1b}' => written.push_str("\\e"),
            '\u{85}' => written.push_str("\\N"),
            '\u{2028}' => written.push_str("\\L"),
            '\u{2029}' => written.push_str("\\P"),
            c if is_printable(c) => written.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => written.push_str(&format!("\\x{code:02X}")),
                code @ 0x100..=0xffff => written.push_str(&format!("\\u{code:04X}")),
                code => written.push_str(&format!("\\U{code:08X}")),
            },
        }
    }
    written.push('"');
    written
}

/// Whether a reader would take the plain `text` for something else than a text.
fn reads_as_other(text: &str) -> bool {
    const WORDS: [&str; 17] = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "+.inf",
        "-.inf", ".nan", "<<", "=",
    ];
    let lower = text.to_lowercase();
    let cased = lower == text || text.to_uppercase() == text || is_capitalised(text);
    if cased && WORDS.contains(&lower.as_str()) {
        return true;
    }
    let bare = text.trim_start_matches(['+', '-']).replace('_', "");
    let number = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (bare.parse::<f64>().is_ok() || is_based(&bare) || is_sixty(&bare));
    number || is_date(text)
}

fn is_capitalised(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.all(char::is_lowercase)
}

/// `0x1f`, `0o17`, `0b1`.
fn is_based(text: &str) -> bool {
    [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .any(|(prefix, base)| {
            text.strip_prefix(prefix).is_some_and(|digits| {
                !digits.is_empty() && digits.chars().all(|c| c.is_digit(*base))
            })
        })
}

/// `1:30:00`: a number to base 60 for old readers.
fn is_sixty(text: &str) -> bool {
    let mut parts = text.split(':');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(digits) && text.contains(':') && {
        parts.all(|part| part.split('.').all(digits))
    }
}

/// `2001-12-14`, with or without a time behind.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    let digits = |part: &str, count: std::ops::RangeInclusive<usize>| {
        count.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(parts.as_slice(), [year, month, day]
        if digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_where_they_are_needed() {
        for (text, place, written) in [
            ("u", Place::Flow, "u"),
            ("Main tools", Place::Block(8), "Main tools"),
            ("it's: x", Place::Block(8), "'it''s: x'"),
            ("a,b", Place::Flow, "'a,b'"),
            ("a,b", Place::Block(0), "a,b"),
            ("/d: e", Place::Key, "'/d: e'"),
            ("/usr/bin/al*", Place::Key, "/usr/bin/al*"),
            ("/a?", Place::Key, "/a?"),
            ("007", Place::Flow, "\"007\""),
            ("true", Place::Flow, "\"true\""),
            ("No", Place::Flow, "\"No\""),
            ("2001-01-02", Place::Flow, "\"2001-01-02\""),
            ("1:30", Place::Flow, "\"1:30\""),
            ("", Place::Flow, "\"\""),
            ("a\nb", Place::Flow, "\"a\\nb\""),
            ("a\nb", Place::Block(8), "|-\n            a\n            b"),
            ("a\nb\n", Place::Block(8), "|\n            a\n            b"),
            ("a\n\n", Place::Block(8), "|+\n            a\n"),
            (" a\n", Place::Block(8), "|4\n             a"),
            ("a \nb", Place::Block(8), "\"a \\nb\""),
            ("a\tb", Place::Flow, "\"a\\tb\""),
            ("ä\u{2028}", Place::Flow, "'ä\u{2028}'"),
        ] {
            assert_eq!(scalar(text, place), written, "{text:?}");
        }
    }
}
