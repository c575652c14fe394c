//! The HTML page and the XML: well formed, self-contained, and nothing left out.

use std::collections::BTreeSet;

use reports::find;

use crate::{fixture, markup};

fn page(report: &model::Report) -> String {
    find("html").unwrap().render(report).unwrap()
}

#[test]
fn pages_are_well_formed_and_self_contained() {
    for (name, report) in fixture::all() {
        let text = page(&report);
        let tags = markup::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        for tag in &tags {
            assert!(
                !["script", "link", "img", "iframe"].contains(&tag.name.as_str()),
                "{name}"
            );
            for (key, value) in &tag.attributes {
                assert!(!key.starts_with("on"), "{name}: {key} on <{}>", tag.name);
                if matches!(key.as_str(), "href" | "src" | "xlink:href") {
                    // Documents lie beside the page in the run folder.
                    let inside = key == "href" && value.starts_with("images/");
                    assert!(
                        value.starts_with('#') || inside,
                        "{name}: <{} {key}={value}>",
                        tag.name
                    );
                }
            }
        }
        let style = text
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        assert!(
            !style.contains("url(") && !style.contains("@import"),
            "{name}"
        );
        // For looking at: target folder, one file a fixture.
        let file = format!("{}/{name}.html", env!("CARGO_TARGET_TMPDIR"));
        fs_err::write(file, text).unwrap();
    }
}

#[test]
fn every_id_is_unique_and_every_anchor_leads_somewhere() {
    for (name, report) in fixture::all() {
        let tags = markup::read(&page(&report)).unwrap();
        let values = |wanted: &str| -> Vec<String> {
            let all = tags.iter().flat_map(|t| &t.attributes);
            all.filter(|(key, _)| key == wanted)
                .map(|(_, v)| v.clone())
                .collect()
        };
        let ids = values("id");
        let unique: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id stands twice");
        for anchor in values("href") {
            if !anchor.starts_with('#') {
                continue;
            }
            assert!(unique.contains(&anchor[1..].to_owned()), "{name}: {anchor}");
        }
        for labels in values("aria-labelledby") {
            for label in labels.split(' ') {
                assert!(unique.contains(&label.to_owned()), "{name}: {label}");
            }
        }
    }
}

#[test]
fn every_check_control_claim_and_digest_is_shown() {
    for (name, report) in fixture::all().into_iter().filter(|(n, _)| *n != "hostile") {
        for format in ["html", "markdown"] {
            let text = find(format).unwrap().render(&report).unwrap();
            let wants = report
                .cells
                .iter()
                .filter(|c| c.role == model::Role::Subject)
                .flat_map(|c| c.checks.iter().map(|check| check.id.to_string()))
                .chain(report.controls.iter().map(|c| c.flaw.clone()))
                .chain(report.claims.iter().map(|c| c.text.clone()))
                .chain(report.suites.iter().flat_map(|s| s.method.clone()))
                .chain(report.not_selected.iter().map(|n| n.why.clone()))
                .chain([report.run.plan_digest.to_string()])
                .chain([report.integrity.verdict.to_string()]);
            for want in wants {
                let escaped = want.replace('\'', "&#x27;");
                assert!(
                    text.contains(&want) || text.contains(&escaped),
                    "{name} as {format}: {want}"
                );
            }
        }
    }
}

#[test]
fn junit_holds_one_case_for_each_declared_check() {
    for (name, report) in fixture::all() {
        let text = find("junit").unwrap().render(&report).unwrap();
        let tags = markup::read(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let count = |wanted: &str| tags.iter().filter(|t| t.name == wanted).count();
        let subjects = report
            .cells
            .iter()
            .filter(|c| c.role == model::Role::Subject);
        let checks: usize = subjects.clone().map(|c| c.checks.len().max(1)).sum();
        assert_eq!(
            count("testcase"),
            1 + checks + report.controls.len(),
            "{name}"
        );
        assert_eq!(count("testsuite"), 2 + subjects.count(), "{name}");
        let outcomes = |wanted: &[model::Outcome]| {
            let subjects = report
                .cells
                .iter()
                .filter(|c| c.role == model::Role::Subject);
            let checks = subjects.flat_map(|c| &c.checks);
            checks.filter(|c| wanted.contains(&c.outcome)).count()
        };
        use model::Outcome as O;
        assert_eq!(
            count("skipped"),
            outcomes(&[O::NotApplicable, O::Blocked]),
            "{name}"
        );
        let failing = outcomes(&[O::Fail, O::Flaky, O::Inconclusive]);
        assert!(count("failure") >= failing, "{name}");
    }
}
