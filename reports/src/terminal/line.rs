//! One line of a terminal: painted spans, whose text can never paint itself.

use unicode_width::UnicodeWidthStr as _;

use super::Colour;
use crate::reading::Tone;
use crate::text::one_line;

/// How a span looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// As the terminal writes.
    None,
    /// Bold.
    Bold,
    /// Dimmed.
    Dim,
    /// In a tone's colour.
    Tone(Tone),
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Line(Vec<(Paint, String)>);

impl Line {
    /// A line without text.
    pub(super) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Adds a span; spaces at its ends are kept, everything that acts on a terminal is not.
    pub(super) fn push(&mut self, paint: Paint, text: &str) {
        let trailing = text.len() - text.trim_end_matches(' ').len();
        self.0.push((paint, one_line(text) + &" ".repeat(trailing)));
    }

    /// `text` after `label`, broken at spaces to `columns`; later lines are indented alike.
    pub(super) fn wrapped(label: &str, text: &str, columns: usize, paint: Paint) -> Vec<Self> {
        let indent = label.width();
        let room = columns.saturating_sub(indent).max(20);
        let mut lines: Vec<String> = vec![String::new()];
        for word in one_line(text).split(' ').filter(|w| !w.is_empty()) {
            let current = lines.last().map_or(0, |line| line.width());
            if current > 0 && current + 1 + word.width() > room {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        lines
            .into_iter()
            .enumerate()
            .map(|(i, words)| {
                let mut line = Self::empty();
                match i {
                    0 => line.push(paint, label),
                    _ => line.push(Paint::None, &" ".repeat(indent)),
                }
                line.push(Paint::None, &words);
                line
            })
            .collect()
    }

    /// The line as text, without spaces at its end.
    pub(super) fn render(&self, colour: Colour) -> String {
        let mut out = String::new();
        for (paint, text) in &self.0 {
            match (colour, paint.code()) {
                (Colour::Ansi, Some(code)) if !text.trim().is_empty() => {
                    out += &format!("\u{1b}[{code}m{text}\u{1b}[0m");
                }
                _ => out += text,
            }
        }
        out.truncate(out.trim_end().len());
        out
    }
}

impl Paint {
    /// The parameters of the escape sequence, if the span has a look of its own.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Tone(Tone::Good) => Some("32"),
            Self::Tone(Tone::Bad) => Some("31"),
            Self::Tone(Tone::Open) => Some("33"),
            Self::Tone(Tone::Void) => Some("35"),
            Self::Tone(Tone::Plain) => None,
        }
    }
}
