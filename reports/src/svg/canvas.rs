//! The SVG writer: a few shapes, escaped text, numbers of fixed precision.

use std::fmt::Write as _;

use crate::text::one_line;

/// A drawing in the making.
pub(crate) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

/// Which end of a text stands at its position.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Canvas {
    /// An empty drawing of this size in user units.
    pub(crate) const fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (number(from.0), number(from.1), number(to.0), number(to.1));
        self.push(format_args!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    /// A rectangle from its upper left corner; a negative size is none.
    pub(crate) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        let (x, y) = (number(at.0), number(at.1));
        let (w, h) = (number(size.0.max(0.0)), number(size.1.max(0.0)));
        self.push(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}"/>"#
        ));
    }

    /// A path.
    pub(crate) fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            self.push(format_args!(r#"<path class="{class}" d="{path}"/>"#));
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let (x, y) = (number(at.0), number(at.1));
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.push(format_args!(
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// The drawing, with `id` (unique in its document) naming its title and description.
    pub(crate) fn finish(self, id: &str, title: &str, description: &str) -> String {
        let (w, h) = (number(self.width), number(self.height));
        let (id, title, description) = (escape(id), escape(title), escape(description));
        let body = self.body;
        let size = format!(r#"viewBox="0 0 {w} {h}" width="{w}" height="{h}""#);
        let names = format!(r#"aria-labelledby="{id}-t {id}-d""#);
        let title = format!(r#"<title id="{id}-t">{title}</title>"#);
        let description = format!(r#"<desc id="{id}-d">{description}</desc>"#);
        format!(r#"<svg class="plot" role="img" {size} {names}>{title}{description}{body}</svg>"#)
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

/// The shapes of the three arms, told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A filled disc: the candidate.
    Disc,
    /// An open square: the baseline.
    Square,
    /// An open triangle: the baseline again.
    Triangle,
}

impl Shape {
    /// The shape of an arm.
    pub(crate) const fn of(arm: model::Arm) -> Self {
        match arm {
            model::Arm::Candidate => Self::Disc,
            model::Arm::Baseline => Self::Square,
            model::Arm::BaselineAgain => Self::Triangle,
        }
    }

    /// Appends one mark around a point to a path.
    pub(crate) fn draw(self, path: &mut String, (x, y): (f64, f64)) {
        let at = |dx: f64, dy: f64| format!("{} {}", number(x + dx), number(y + dy));
        *path += &match self {
            Self::Disc => format!("M{}a3 3 0 1 0 6 0a3 3 0 1 0-6 0z", at(-3.0, 0.0)),
            Self::Square => format!("M{}h5v5h-5z", at(-2.5, -2.5)),
            Self::Triangle => format!("M{}h6l-3-5.4z", at(-3.0, 2.4)),
        };
    }
}

/// A coordinate: one decimal, no trailing zero; what is not finite is 0.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Text made harmless and escaped for XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        for (value, wanted) in [
            (1.0, "1"),
            (1.25, "1.2"),
            (-0.04, "0"),
            (-2.55, "-2.5"),
            (f64::NAN, "0"),
            (f64::INFINITY, "0"),
        ] {
            assert_eq!(number(value), wanted);
        }
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.text("tick", (0.0, 0.0), Anchor::Start, "</svg><script>");
        let svg = canvas.finish("a\"b", "<t>", "\u{1b}[2K&");
        assert!(
            !svg.contains("<script>") && !svg.contains('\u{1b}'),
            "{svg}"
        );
        assert!(
            svg.contains("&lt;/svg&gt;") && svg.contains("a&quot;b-t"),
            "{svg}"
        );
    }
}
