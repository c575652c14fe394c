//! The documents as they read, kept beside this file.

use reports::find;
use reports::terminal::{Colour, Screen, last_line, summary};

use crate::fixture;

fn terminal(report: &model::Report, columns: usize) -> String {
    let screen = Screen {
        columns,
        colour: Colour::None,
    };
    format!(
        "{}{}\n",
        summary(report, screen),
        last_line(report, Colour::None)
    )
}

#[test]
fn text_documents_read_as_kept() {
    for (name, report) in fixture::all() {
        for format in ["markdown", "junit"] {
            let text = find(format).unwrap().render(&report).unwrap();
            insta::assert_snapshot!(format!("{format}-{name}"), text);
        }
        insta::assert_snapshot!(format!("terminal-{name}"), terminal(&report, 140));
    }
    let certified = fixture::certified();
    insta::assert_snapshot!("terminal-narrow-certified", terminal(&certified, 60));
}

#[test]
fn the_published_schema_reads_as_kept() {
    insta::assert_snapshot!("schema", reports::schema::text());
}
