//! No document reads better than its run.

use model::ExitCode;
use reports::find;
use reports::terminal::{Colour, last_line};

use crate::fixture;

/// Name, class of the verdict's box, words the first screen must hold, start of the last line.
const FIRST_SCREENS: &[(&str, &str, &[&str], &str)] = &[
    (
        "certified",
        "good",
        &[
            "CERTIFIED",
            "3 images certified at L2 on oci",
            "equal within 15 %",
        ],
        "certified (exit 0): ",
    ),
    (
        "refused",
        "bad",
        &["NOT CERTIFIED", "nginx on oci fails IMM-005"],
        "not certified (exit 1): ",
    ),
    (
        "inconclusive",
        "open",
        &["INCONCLUSIVE", "not decided"],
        "inconclusive (exit 3): ",
    ),
    (
        "incomplete",
        "void",
        &["INCOMPLETE", "3 of 13 cells did not finish"],
        "incomplete (exit 4): ",
    ),
    (
        "broken-off",
        "void",
        &["INCOMPLETE", "was broken off"],
        "incomplete (exit 4): ",
    ),
    (
        "void",
        "void",
        &[
            "RUN VOID",
            "setuid must fail by IMM-005, and it did not fail",
        ],
        "harness fault (exit 6): ",
    ),
    (
        "harness-fault",
        "void",
        &["HARNESS FAULT", "never became ready"],
        "harness fault (exit 6): ",
    ),
    (
        "unavailable",
        "open",
        &["UNAVAILABLE", "says nothing about the images"],
        "platform or environment unavailable (exit 5): ",
    ),
    (
        "residue",
        "open",
        &["RESIDUE LEFT BEHIND"],
        "residue left behind (exit 8): ",
    ),
    (
        "waived",
        "good",
        &["Certified with waivers", "Waived is not passed"],
        "certified (exit 0): ",
    ),
    (
        "rehearsed",
        "open",
        &["REHEARSAL, NOT CERTIFIED", "oci is a rehearsal"],
        "rehearsal, not certified (exit 0): 3 images passed on a rehearsal",
    ),
    (
        "two-platforms",
        "good",
        &[
            "certified at L2 on oci; only rehearsed on eks (rehearsal)",
            "eks is a rehearsal",
        ],
        "certified (exit 0): ",
    ),
    (
        "no-baseline",
        "open",
        &["INCONCLUSIVE", "no baseline"],
        "inconclusive (exit 3): ",
    ),
    (
        "contradicting",
        "bad",
        &["calls itself certified", "NOT CERTIFIED"],
        "not certified (exit 1): ",
    ),
    ("nothing", "void", &["INCOMPLETE"], "incomplete (exit 4): "),
];

#[test]
fn the_first_screen_says_how_it_ended() {
    let reports = fixture::all();
    for (name, class, words, last) in FIRST_SCREENS {
        let (_, report) = reports.iter().find(|(n, _)| n == name).unwrap();
        let page = find("html").unwrap().render(report).unwrap();
        let (screen, _) = page.split_once("<nav").unwrap();
        assert!(
            screen.contains(&format!("class=\"verdict {class}\"")),
            "{name}"
        );
        for word in *words {
            assert!(screen.contains(word), "{name}: no `{word}` in\n{screen}");
            let markdown = find("markdown").unwrap().render(report).unwrap();
            let (top, _) = markdown.split_once("\n## ").unwrap();
            assert!(top.contains(word), "{name}: no `{word}` in\n{top}");
        }
        let line = last_line(report, Colour::None);
        assert!(line.starts_with(last), "{name}: {line}");
    }
}

#[test]
fn certified_is_green_nowhere_but_in_a_certified_run_on_the_platform_itself() {
    for (name, report) in fixture::all() {
        let page = find("html").unwrap().render(&report).unwrap();
        let shown = page.contains("L2 certified");
        let may = matches!(name, "certified" | "waived" | "two-platforms");
        assert_eq!(shown, may, "{name}");
        let junit = find("junit").unwrap().render(&report).unwrap();
        let clean = !junit.contains("<failure") && !junit.contains("<error");
        assert_eq!(
            clean,
            matches!(name, "certified" | "waived" | "two-platforms" | "rehearsed"),
            "{name}"
        );
    }
}

#[test]
fn a_rehearsal_is_marked_wherever_it_is_named() {
    let report = fixture::two_platforms();
    let page = find("html").unwrap().render(&report).unwrap();
    // Where people read the name, its standing follows; ids and commands keep the bare slug.
    let body = page.split_once("<tbody>").unwrap().1;
    for cell in [
        "<td data-label=\"Platform\">eks</td>",
        ">on eks <",
        "on eks</th>",
    ] {
        assert!(!body.contains(cell), "{cell}");
    }
    assert!(page.contains("L2 rehearsed"));
    assert!(page.contains(">on eks (rehearsal) <"));
    let junit = find("junit").unwrap().render(&report).unwrap();
    assert_eq!(junit.matches("platform-standing").count(), 6);
}

#[test]
fn a_missing_trailer_outranks_whatever_is_claimed() {
    for code in [0u8, 1, 3, 5, 6, 8] {
        let mut report = fixture::certified();
        report.exit_code = ExitCode::try_from(code).unwrap();
        report.complete = false;
        assert!(
            last_line(&report, Colour::None).starts_with("incomplete (exit 4)"),
            "{code}"
        );
        report.complete = true;
        report.integrity.journal = None;
        assert!(
            last_line(&report, Colour::None).starts_with("incomplete (exit 4)"),
            "{code}"
        );
    }
}

#[test]
fn equal_reads_as_equal_and_crossing_as_undecided() {
    let page = find("html")
        .unwrap()
        .render(&fixture::inconclusive())
        .unwrap();
    assert!(page.contains("equal within 15 %"));
    assert!(page.contains("the interval lies across it, so nothing is decided"));
    let page = find("html").unwrap().render(&fixture::refused()).unwrap();
    assert!(page.contains("worse than the limit allows: 205 to 226 % more"));
}
