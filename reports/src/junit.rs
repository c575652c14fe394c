//! `junit.xml`: for whatever already reads test results.
//!
//! One test suite a cell, one test case a declared check; none is ever left out. A `fail` is a
//! failure, whatever could not be decided is a failure too, `blocked` and `not-applicable` are
//! skipped with their reason, and what went wrong around the image is an error. JUnit knows no
//! waiver and no flake, so those are properties.

use model::{CellVerdict, CheckResult, ExitCode, Outcome, Report, Role};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use crate::reading::{breach, headline, refusal, standing_word, verdict_code, voiding};
use crate::text::one_line;
use crate::{Format, RenderError};

/// The JUnit format.
pub(crate) struct Junit;

impl Format for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn file_name(&self) -> &'static str {
        "junit.xml"
    }

    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut document = quick_junit::Report::new(format!("certify {}", report.run.id));
        document.set_time(std::time::Duration::from_millis(report.run.duration_ms));
        document.add_test_suite(run(report));
        for cell in report.cells.iter().filter(|c| c.role == Role::Subject) {
            document.add_test_suite(suite(report, cell));
        }
        document.add_test_suite(controls(report));
        Ok(document.to_string()?)
    }
}

/// The run as a suite of its own: its verdict is a test case, so that a run without a single
/// failing check can still fail (broken off, void, nothing selected).
fn run(report: &Report) -> TestSuite {
    let head = headline(report);
    let status = match verdict_code(report) {
        ExitCode::Certified => TestCaseStatus::success(),
        code => {
            let kind = match code {
                ExitCode::NotCertified | ExitCode::Inconclusive => NonSuccessKind::Failure,
                _ => NonSuccessKind::Error,
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(head.title.clone());
            status.set_type(code.word());
            status.set_description(head.lead.join("\n"));
            status
        }
    };
    let mut case = TestCase::new("verdict", status);
    case.set_classname("run");
    for alarm in &head.alarms {
        case.add_property(Property::new("alarm", alarm.as_str()));
    }
    let mut suite = TestSuite::new("run");
    suite.add_property(Property::new("run", report.run.id.as_str()));
    suite.add_property(Property::new("profile", one_line(&report.run.profile)));
    suite.add_property(Property::new("verdict", one_line(&report.verdict)));
    suite.add_property(Property::new("complete", report.complete.to_string()));
    suite.add_test_case(case);
    suite
}

/// One cell.
fn suite(report: &Report, cell: &CellVerdict) -> TestSuite {
    let mut suite = TestSuite::new(cell.id.as_str());
    suite.add_property(Property::new("outcome", cell.outcome.word()));
    let facts = report
        .platforms
        .iter()
        .find(|p| p.platform == cell.platform);
    if let Some(standing) = facts.and_then(|f| standing_word(f.standing)) {
        suite.add_property(Property::new("platform-standing", standing));
    }
    for warning in &cell.warnings {
        suite.add_property(Property::new("warning", one_line(warning)));
    }
    for measurement in &cell.measurements {
        if let Some(ratio) = measurement.ratio {
            let name = format!("ratio {}", one_line(&measurement.metric));
            let arms = format!(
                "{} / {}",
                measurement.arm_a.word(),
                measurement.arm_b.word()
            );
            let interval = crate::numbers::interval(&ratio);
            let value = crate::numbers::decimal(ratio.value, ratio.decimals());
            suite.add_property(Property::new(name, format!("{value} ({interval}), {arms}")));
        }
    }
    suite.add_test_cases(cell.checks.iter().map(|check| case(cell, check)));
    if cell.checks.is_empty() {
        // A cell without a check shows nothing, and must not read as a suite with no failure.
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(format!("no check declared: {}", one_line(&cell.reason)));
        status.set_type(cell.outcome.word());
        suite.add_test_case(TestCase::new("cell", status));
    }
    suite
}

/// One declared check.
fn case(cell: &CellVerdict, check: &CheckResult) -> TestCase {
    let mut case = TestCase::new(
        format!("{} {}", check.id, one_line(&check.title)),
        status(check),
    );
    case.set_classname(cell.id.as_str());
    case.add_property(Property::new("outcome", check.outcome.word()));
    case.add_property(Property::new("method", check.method.word()));
    match check.outcome {
        Outcome::Pass => {
            case.add_property(Property::new("evidence", one_line(&check.message)));
        }
        Outcome::Waived => {
            case.add_property(Property::new("waived", one_line(&check.message)));
        }
        Outcome::Flaky => {
            case.add_property(Property::new("flaky", one_line(&check.message)));
        }
        _ => {}
    }
    case
}

fn status(check: &CheckResult) -> TestCaseStatus {
    let mut status = match check.outcome {
        Outcome::Pass | Outcome::Waived => return TestCaseStatus::success(),
        Outcome::NotApplicable | Outcome::Blocked => TestCaseStatus::skipped(),
        Outcome::Fail | Outcome::Flaky | Outcome::Inconclusive => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
        Outcome::EnvironmentError
        | Outcome::HarnessError
        | Outcome::Cancelled
        | Outcome::NotRun => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_type(check.outcome.word());
    status.set_message(match check.message.is_empty() {
        true => check.outcome.word().to_owned(),
        false => one_line(&check.message),
    });
    let text = description(check);
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}

/// The evidence, one line an offence, and what to do.
fn description(check: &CheckResult) -> String {
    let mut lines: Vec<String> = check
        .evidence
        .iter()
        .map(|e| {
            let owner = e.owner.as_deref().map(|o| format!(" ({})", one_line(o)));
            format!(
                "{}: {}, expected {}{}",
                one_line(&e.subject),
                one_line(&e.found),
                one_line(&e.expected),
                owner.unwrap_or_default()
            )
        })
        .collect();
    if check.evidence_omitted > 0 {
        lines.push(format!("and {} more", check.evidence_omitted));
    }
    if let Some(remedy) = &check.remediation {
        lines.push(format!("what to do: {}", one_line(remedy)));
    }
    lines.join("\n")
}

/// The controls: a refused one is a success, for the run asks that it fail.
fn controls(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("controls");
    for control in &report.controls {
        let void = voiding(report).any(|c| c.cell == control.cell);
        let status = if control.refused {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let chip = refusal(report, control).chip();
            status.set_type(chip.word.as_str());
            status.set_message(match void {
                true => format!("{}: the run is void", breach(control)),
                false => one_line(&control.reason),
            });
            status
        };
        let mut case = TestCase::new(format!("{} is refused", control.image), status);
        case.set_classname(control.cell.as_str());
        case.add_property(Property::new("flaw", one_line(&control.flaw)));
        suite.add_test_case(case);
    }
    suite
}
