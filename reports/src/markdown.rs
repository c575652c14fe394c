//! `report.md`: the report for a pull request, an issue or a job summary.
//!
//! GitHub-flavoured Markdown, shorter than the page: verdict, table by image, claims, everything
//! that did not pass with its evidence, soundness, controls, platforms, record.

mod escape;

use model::{Outcome, Report};

use self::escape::{code, text};
use crate::numbers::{count, duration, moment, percent};
use crate::reading::{
    Chip, Finding, Overview, audited, commands, findings, headline, ids, overview, questions,
    refusal, standing_word,
};
use crate::{Format, RenderError};

/// The Markdown format.
pub(crate) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn media_type(&self) -> &'static str {
        "text/markdown; charset=utf-8"
    }

    fn file_name(&self) -> &'static str {
        "report.md"
    }

    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let view = overview(report);
        let parts = [
            first_screen(report),
            by_image(&view),
            claims(report),
            not_passed(&view),
            passed(&view),
            numbers(&view),
            controls(report),
            platforms(report),
            documents(report),
            methods(report),
            record(report),
            yourself(report),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        Ok(parts.join("\n"))
    }
}

fn first_screen(report: &Report) -> String {
    let head = headline(report);
    let mut out = format!(
        "# {}\n\n**{} {}** · run {} · {} · profile {} · exit code {}\n\n",
        text(&head.title),
        head.word.mark,
        text(&head.word.word),
        code(report.run.id.as_str()),
        text(&moment(&report.run.ended)),
        text(&report.run.profile),
        u8::from(head.code)
    );
    for alarm in &head.alarms {
        out += &format!("> **{}**\n\n", text(alarm));
    }
    for sentence in &head.lead {
        out += &format!("{}\n", text(sentence));
    }
    out += &format!("\nThe run’s last line: “{}”.\n", text(&report.verdict));
    out
}

fn by_image(view: &Overview<'_>) -> String {
    if view.rows.is_empty() {
        return "## By image\n\nNo image was judged.\n".to_owned();
    }
    let mut heads = vec!["Image", "Platform", "Level", "Size", "Of baseline"];
    let titles: Vec<String> = view
        .metrics
        .iter()
        .map(|(_, title)| format!("{title}, ratio (95 %)"))
        .collect();
    heads.extend(titles.iter().map(String::as_str));
    heads.push("Checks");
    let rows = view.rows.iter().map(|row| {
        let mut cells = vec![
            code(row.subject.image.as_str()),
            text(&row.place.label()),
            chip(&row.level),
            row.size.as_ref().map(|s| s.words()).unwrap_or_default(),
            row.size
                .as_ref()
                .and_then(|s| s.of_baseline())
                .unwrap_or_default(),
        ];
        cells.extend(row.answers.iter().map(|answer| match answer {
            Some(q) if q.interval_short().is_empty() => text(&q.ratio_words()),
            Some(q) => format!("{} ({})", q.ratio_words(), q.interval_short()),
            None => "not measured".to_owned(),
        }));
        cells.push(row.tally.words());
        cells
    });
    format!("## By image\n\n{}", table(&heads, rows))
}

fn claims(report: &Report) -> String {
    let claims = audited(report);
    if claims.rows.is_empty() {
        return String::new();
    }
    let mut heads = vec!["Claim, as published"];
    heads.extend(claims.columns.iter().map(String::as_str));
    let rows = claims.rows.iter().map(|row| {
        let mut cells = vec![format!("“{}”", text(&row.text))];
        cells.extend(row.found.iter().map(|found| match found {
            Some(f) if f.number.is_empty() => format!("{}: {}", f.words(), text(&f.reason)),
            Some(f) => format!("{} {}", f.words(), text(&f.number)),
            None => "not audited".to_owned(),
        }));
        cells
    });
    format!("## Claims audited\n\n{}", table(&heads, rows))
}

/// Everything that keeps an image from passing, with evidence and what to do.
fn not_passed(view: &Overview<'_>) -> String {
    let mut out = String::new();
    for row in &view.rows {
        let quiet = [Outcome::Pass.word(), Outcome::NotApplicable.word()];
        let rows = findings(row.cells.iter().copied());
        for finding in rows
            .iter()
            .filter(|f| !quiet.contains(&f.outcome.word.as_str()))
        {
            out += &format!(
                "### {} {} on {}\n\n",
                code(&finding.id),
                code(row.subject.image.as_str()),
                text(&row.place.label())
            );
            out += &one_finding(finding);
        }
    }
    if out.is_empty() {
        return out;
    }
    format!("## What did not pass\n\n{}", out.trim_end()) + "\n"
}

fn one_finding(finding: &Finding) -> String {
    let mut out = format!(
        "**{}**: {}. {} (shown by {}).\n\n",
        chip(&finding.outcome),
        text(&finding.title),
        text(&finding.message),
        finding.method
    );
    for proof in &finding.proofs {
        let owner = proof.owner.as_deref().map(|o| format!(" ({})", text(o)));
        out += &format!(
            "- {}: {}, expected {}{}\n",
            code(&proof.subject),
            text(&proof.found),
            text(&proof.expected),
            owner.unwrap_or_default()
        );
    }
    if !finding.more.is_empty() {
        out += &format!("- {}\n", finding.more);
    }
    if let Some(remedy) = &finding.remedy {
        out += &format!("\nWhat to do: {}\n", text(remedy));
    }
    out + "\n"
}

/// Every other check, one line each.
fn passed(view: &Overview<'_>) -> String {
    let mut out = String::from("## Every check\n");
    for row in &view.rows {
        out += &format!(
            "\n### {} on {}\n\n{}\n\n",
            code(row.subject.image.as_str()),
            text(&row.place.label()),
            row.tally.sentence()
        );
        let rows = findings(row.cells.iter().copied());
        out += &table(
            &["Id", "Property", "Outcome", "Shown by", "Evidence"],
            rows.iter().map(|f| {
                vec![
                    code(&f.id),
                    text(&f.title),
                    chip(&f.outcome),
                    f.method.to_owned(),
                    text(&f.message),
                ]
            }),
        );
    }
    out
}

/// Every comparison with what says how far it can be trusted.
fn numbers(view: &Overview<'_>) -> String {
    let mut out = String::from("## Numbers and how sound they are\n\n");
    for row in &view.rows {
        for question in row.cells.iter().copied().flat_map(questions) {
            let sound: Vec<String> = question
                .soundness()
                .into_iter()
                .map(|(what, value)| format!("{what}: {value}"))
                .collect();
            let words = [question.interval_words(), question.limit_words()];
            let words: Vec<String> = words.into_iter().flatten().collect();
            out += &format!(
                "- **{} on {}: {}**: {} ({}), {}. {} {}.\n",
                row.subject.image,
                text(&row.place.label()),
                text(&question.title()),
                text(&question.big()),
                text(&question.arms()),
                question.answer().word,
                words.join(" "),
                text(&sound.join(". "))
            );
        }
        for cell in &row.cells {
            for warning in &cell.warnings {
                out += &format!("- {}: {}\n", code(cell.id.as_str()), text(warning));
            }
        }
    }
    out
}

fn controls(report: &Report) -> String {
    if report.controls.is_empty() {
        return "## Known-bad controls\n\nNo control was judged in this run.\n".to_owned();
    }
    let rows = report.controls.iter().map(|c| {
        vec![
            code(c.image.as_str()),
            text(&c.flaw),
            ids(&c.must_fail),
            ids(&c.failed),
            chip(&refusal(report, c).chip()),
        ]
    });
    let heads = [
        "Control",
        "What is wrong with it",
        "Must fail by",
        "Failed by",
        "Result",
    ];
    format!("## Known-bad controls\n\n{}", table(&heads, rows))
}

fn platforms(report: &Report) -> String {
    let mut out = String::from("## Platforms\n\n");
    for platform in &report.platforms {
        let standing = standing_word(platform.standing)
            .map(|word| format!(" **({})**", word.to_uppercase()))
            .unwrap_or_default();
        out += &format!(
            "- {}{standing}: {}\n",
            code(platform.platform.as_str()),
            text(&platform.summary)
        );
        for (metric, why) in &platform.cannot_measure {
            out += &format!("  - cannot measure {}: {}\n", code(metric), text(why));
        }
    }
    if report.platforms.is_empty() {
        out += "No session was opened.\n";
    }
    out
}

/// What lies beside each image about it.
fn documents(report: &Report) -> String {
    let mut out = String::new();
    for subject in &report.subjects {
        for document in &subject.candidate.documents {
            let name = match document.link() {
                Some(link) => format!("[{}]({link})", text(&document.name)),
                None => text(&document.name),
            };
            out += &format!(
                "- {} {name}: {}, {}\n",
                code(subject.image.as_str()),
                text(&document.summary),
                code(&document.digest.to_string())
            );
        }
    }
    match out.as_str() {
        "" => out,
        list => format!("## Documents about the images\n\n{list}"),
    }
}

fn methods(report: &Report) -> String {
    let mut out = String::from("## How it was measured\n");
    for suite in &report.suites {
        out += &format!("\n**{}**: {}\n", text(&suite.name), text(&suite.question));
        for paragraph in &suite.method {
            out += &format!("\n{}\n", text(paragraph));
        }
    }
    out
}

fn record(report: &Report) -> String {
    let run = &report.run;
    let share = run.overhead_ms as f64 / run.duration_ms.max(1) as f64;
    let mut out = String::from("## Record\n\n");
    for left in &report.not_selected {
        out += &format!("- left out: {}: {}\n", text(&left.what), text(&left.why));
    }
    for waiver in &report.waivers {
        let (of, state) = (&waiver.waiver, waiver.state.word());
        out += &format!(
            "- waiver {} ({} in {}, until {}) {state}: {}\n",
            text(&of.id),
            of.check,
            of.image,
            text(&of.expires),
            text(&of.reason)
        );
    }
    out += &format!(
        "- time: {}, {} of it outside trials\n- cleanup: {} objects made, {} removed, {} left\n",
        duration(run.duration_ms),
        percent(share),
        count(u64::from(report.cleanup.created)),
        count(u64::from(report.cleanup.removed)),
        count(report.cleanup.left.len() as u64)
    );
    for left in &report.cleanup.left {
        out += &format!("  - {}\n", code(left));
    }
    let journal = match (report.complete, report.integrity.journal) {
        (true, Some(digest)) => format!("complete, trailer {}", code(&digest.to_string())),
        _ => "**incomplete, no trailer**".to_owned(),
    };
    out + &format!(
        "- journal: {journal}, {} records\n- plan {}, verdict {}\n",
        count(report.integrity.records),
        code(&run.plan_digest.to_string()),
        code(&report.integrity.verdict.to_string())
    )
}

fn yourself(report: &Report) -> String {
    let mut out = String::from("## Check it yourself\n\n");
    for command in commands(report) {
        out += &format!("- {}: {}\n", code(&command.line), command.does);
    }
    out
}

/// A table; cells are already escaped.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let heads: Vec<String> = heads.iter().map(|h| text(h)).collect();
    let mut out = format!(
        "| {} |\n|{}\n",
        heads.join(" | "),
        " --- |".repeat(heads.len())
    );
    for row in rows {
        out += &format!("| {} |\n", row.join(" | "));
    }
    out
}

fn chip(chip: &Chip) -> String {
    format!("{} {}", chip.mark, text(&chip.word))
}
