//! What holds for every member of the registry.

use std::collections::BTreeSet;

use reports::terminal::{Colour, Screen, last_line, summary};
use reports::{FORMATS, find, schema};

use crate::fixture;

#[test]
fn names_and_files_are_unique_and_found() {
    let names: BTreeSet<_> = FORMATS.iter().map(|f| f.name()).collect();
    let files: BTreeSet<_> = FORMATS.iter().map(|f| f.file_name()).collect();
    assert_eq!((names.len(), files.len()), (FORMATS.len(), FORMATS.len()));
    for format in FORMATS {
        assert_eq!(find(format.name()).unwrap().file_name(), format.file_name());
        assert!(format.media_type().contains('/'));
    }
    assert!(find("pdf").is_none());
}

#[test]
fn every_format_writes_every_report_twice_alike() {
    for (name, report) in fixture::all() {
        for format in FORMATS {
            let text = format.render(&report);
            let text = text.unwrap_or_else(|why| panic!("{name} as {}: {why}", format.name()));
            assert_eq!(
                text,
                format.render(&report).unwrap(),
                "{name} as {}",
                format.name()
            );
            assert!(text.ends_with('\n'), "{name} as {}", format.name());
        }
    }
}

#[test]
fn a_report_survives_its_own_json() {
    let json = find("json").unwrap();
    for (name, report) in fixture::all() {
        let text = json.render(&report).unwrap();
        let back: model::Report = serde_json::from_str(&text).unwrap();
        assert!(back == report, "{name}");
    }
}

#[test]
fn a_number_that_json_cannot_carry_is_refused() {
    let mut report = fixture::certified();
    report.cells[1].measurements[0].median_a = f64::NAN;
    let refused = find("json")
        .unwrap()
        .render(&report)
        .unwrap_err()
        .to_string();
    assert!(refused.starts_with("report does not survive"), "{refused}");
    // The others show what they have.
    for name in ["html", "markdown", "junit"] {
        let text = find(name).unwrap().render(&report).unwrap();
        assert!(!text.contains("NaN"), "{name}");
    }
}

#[test]
fn report_json_follows_the_published_schema() {
    let published: serde_json::Value = serde_json::from_str(&schema::text()).unwrap();
    let validator = jsonschema::validator_for(&published).unwrap();
    for (name, report) in fixture::all() {
        let text = find("json").unwrap().render(&report).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    let mut broken = serde_json::to_value(fixture::certified()).unwrap();
    broken["cells"][0]["outcome"] = "fine".into();
    assert!(!validator.is_valid(&broken), "the schema can refuse");
}

/// Formats that people read: no foreign text acts on a screen or a page.
#[test]
fn hostile_text_is_harmless_everywhere() {
    let report = fixture::hostile();
    let screen = Screen {
        columns: 100,
        colour: Colour::None,
    };
    let mut texts = vec![
        ("terminal", summary(&report, screen)),
        ("last line", last_line(&report, Colour::None)),
    ];
    texts.extend(
        FORMATS
            .iter()
            .map(|f| (f.name(), f.render(&report).unwrap())),
    );
    for (name, text) in &texts {
        let acting =
            |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        if *name == "json" {
            assert!(!text.contains('\u{1b}'), "JSON escapes controls");
            continue;
        }
        let found = text.chars().find(|c| acting(*c));
        assert!(found.is_none(), "{name} holds {found:?}");
        // In Markdown a code span may hold anything; the hostile text's own ticks make it fenced
        // by two.
        let mut outside = text.split("``").step_by(2);
        if matches!(*name, "html" | "markdown" | "junit") {
            let mut parts: Vec<&str> = vec![text];
            if *name == "markdown" {
                parts = outside.by_ref().collect();
            }
            assert!(
                parts.iter().all(|p| !p.contains("<script")),
                "{name} holds a script"
            );
        }
        assert!(text.contains("alert("), "{name} hides what was there");
    }
}

#[test]
fn colour_only_adds_to_the_plain_text() {
    for (name, report) in fixture::all() {
        for columns in [40, 80, 120, 200] {
            let plain = summary(
                &report,
                Screen {
                    columns,
                    colour: Colour::None,
                },
            );
            let ansi = summary(
                &report,
                Screen {
                    columns,
                    colour: Colour::Ansi,
                },
            );
            let mut stripped = String::new();
            let mut parts = ansi.split('\u{1b}');
            stripped.push_str(parts.next().unwrap());
            for part in parts {
                stripped.push_str(part.split_once('m').unwrap().1);
            }
            let trim =
                |s: &str| -> Vec<String> { s.lines().map(|l| l.trim_end().to_owned()).collect() };
            assert_eq!(trim(&stripped), trim(&plain), "{name} at {columns}");
            assert!(!plain.contains('\u{1b}'), "{name}");
        }
    }
}

#[test]
fn lines_fit_the_terminal() {
    for (name, report) in fixture::all()
        .into_iter()
        .filter(|(name, _)| *name != "hostile")
    {
        for columns in [80, 100, 140] {
            let text = summary(
                &report,
                Screen {
                    columns,
                    colour: Colour::None,
                },
            );
            for line in text.lines().filter(|l| !l.contains("sha256:")) {
                assert!(
                    line.chars().count() <= columns,
                    "{name} at {columns}: {line}"
                );
            }
        }
    }
}
