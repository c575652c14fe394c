//! The table by image; where it does not fit, one block an image.

use unicode_width::UnicodeWidthStr as _;

use super::line::{Line, Paint};
use crate::reading::{Overview, Row};

/// A cell of the table: text and look.
type Cell = (String, Paint);

/// The table's lines within `columns`.
pub(super) fn rows(view: &Overview<'_>, columns: usize) -> Vec<Line> {
    if view.rows.is_empty() {
        let mut line = Line::empty();
        line.push(Paint::None, "no image was judged");
        return vec![line];
    }
    let heads = heads(view);
    let body: Vec<Vec<Cell>> = view.rows.iter().map(cells).collect();
    let width = |i: usize| {
        let of_body = body.iter().map(|row| row[i].0.width());
        of_body.chain([heads[i].width()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let whole = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    if whole > columns {
        return blocks(&heads, &body);
    }
    let head: Vec<Cell> = heads.iter().map(|h| (h.clone(), Paint::Dim)).collect();
    [head]
        .iter()
        .chain(&body)
        .map(|row| across(row, &widths))
        .collect()
}

fn across(row: &[Cell], widths: &[usize]) -> Line {
    let mut line = Line::empty();
    for ((text, paint), width) in row.iter().zip(widths) {
        line.push(*paint, text);
        line.push(Paint::None, &" ".repeat(width - text.width() + 2));
    }
    line
}

/// One block an image, a line a column.
fn blocks(heads: &[String], body: &[Vec<Cell>]) -> Vec<Line> {
    let indent = heads.iter().map(|h| h.width()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for (i, row) in body.iter().enumerate() {
        if i > 0 {
            lines.push(Line::empty());
        }
        for (head, (text, paint)) in heads.iter().zip(row) {
            let mut line = Line::empty();
            line.push(Paint::Dim, head);
            line.push(Paint::None, &" ".repeat(indent - head.width() + 2));
            line.push(*paint, text);
            lines.push(line);
        }
    }
    lines
}

fn heads(view: &Overview<'_>) -> Vec<String> {
    let mut heads: Vec<String> = ["image", "platform", "level", "size"]
        .map(String::from)
        .into();
    heads.extend(
        view.metrics
            .iter()
            .map(|(metric, _)| format!("{}, ratio (95 %)", short(metric))),
    );
    heads.push("checks".to_owned());
    heads
}

/// A metric's family, which tells the columns apart: `startup.warm.app-ready` is `startup`.
fn short(metric: &str) -> String {
    crate::text::one_line(metric.split('.').next().unwrap_or(metric))
}

fn cells(row: &Row<'_>) -> Vec<Cell> {
    let size = row.size.as_ref().map_or_else(String::new, |size| {
        let share = size
            .of_baseline()
            .map(|s| format!(" ({s})"))
            .unwrap_or_default();
        format!("{}{share}", size.words())
    });
    let mut cells = vec![
        (row.subject.image.to_string(), Paint::Bold),
        (row.place.label(), Paint::None),
        (row.level.word.clone(), Paint::Tone(row.level.tone)),
        (size, Paint::None),
    ];
    cells.extend(row.answers.iter().map(|answer| match answer {
        Some(q) if q.interval_short().is_empty() => (q.ratio_words(), Paint::None),
        Some(q) => {
            let text = format!("{} ({})", q.ratio_words(), q.interval_short());
            (text, Paint::Tone(q.answer().tone))
        }
        None => ("not measured".to_owned(), Paint::None),
    }));
    cells.push((row.tally.words(), Paint::Tone(row.tally.tone())));
    cells
}
