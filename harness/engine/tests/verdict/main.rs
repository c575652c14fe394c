//! The verdict is a fold over the plan, and every way not to pass is one.

#![allow(missing_docs, clippy::unwrap_used, clippy::wildcard_imports)]

mod fixture;

use fixture::{FIRST, SECOND, Told};
use model::{ClaimFinding, ExitCode, Outcome, Role, Standing, WaiverState};

use Outcome::{Fail, Pass};

fn real() -> Told {
    Told::on(Standing::Real)
}

#[test]
fn one_check_decides_the_run_by_the_published_table() {
    for (outcome, code) in [
        (Pass, 0),
        (Outcome::Waived, 0),
        (Outcome::NotApplicable, 0),
        (Fail, 1),
        (Outcome::Flaky, 3),
        (Outcome::Blocked, 3),
        (Outcome::Inconclusive, 3),
        (Outcome::EnvironmentError, 5),
        (Outcome::HarnessError, 6),
        (Outcome::Cancelled, 4),
        (Outcome::NotRun, 4),
    ] {
        let verdict = real().subject("web", [Pass, outcome]).verdict();
        assert_eq!(u8::from(verdict.exit_code), code, "{outcome}");
        // The order of checks and of images decides nothing.
        let turned = real()
            .subject("other", [Pass, Pass])
            .subject("web", [outcome, Pass]);
        assert_eq!(u8::from(turned.verdict().exit_code), code, "{outcome}");
    }
}

#[test]
fn of_several_causes_the_first_of_2_6_4_1_5_3_8_wins() {
    let order = [
        Outcome::HarnessError,
        Outcome::NotRun,
        Fail,
        Outcome::EnvironmentError,
        Outcome::Inconclusive,
    ];
    for (i, first) in order.iter().enumerate() {
        for second in &order[i..] {
            let verdict = real()
                .subject("a", [*second, Pass])
                .subject("b", [*first, Pass])
                .leaving("/x")
                .verdict();
            assert_eq!(
                verdict.exit_code,
                first.exit_code(),
                "{first} with {second}"
            );
        }
    }
    let left = real().subject("a", [Pass, Pass]).leaving("/x").verdict();
    assert_eq!(left.exit_code, ExitCode::ResidueLeft);
}

#[test]
fn a_failure_that_the_spec_speaks_of_is_one_and_carries_its_words() {
    let verdict = |said| {
        let told = real().subject("web", said);
        told.stating("web", FIRST.id, "a shell by nature").verdict()
    };
    let failed = verdict([Fail, Pass]);
    assert_eq!(failed.exit_code, ExitCode::NotCertified);
    assert_eq!(failed.levels[0].level, None);
    let check = &failed.cells[0].checks[0];
    assert_eq!(check.outcome, Fail);
    assert!(
        check
            .message
            .ends_with("the spec says so itself: a shell by nature")
    );
    assert_eq!(failed.cells[0].warnings, [""; 0]);
    // What the spec says of one check says nothing of another.
    let other = verdict([Pass, Fail]);
    assert!(
        !other.cells[0].checks[1]
            .message
            .contains("a shell by nature")
    );
    // And it does not go stale in silence.
    let warnings = &other.cells[0].warnings;
    assert!(warnings[0].contains("out of date"), "{warnings:?}");
    assert_eq!(verdict([Pass, Pass]).exit_code, ExitCode::Certified);
}

#[test]
fn a_cell_without_an_end_or_without_a_word_is_not_run() {
    let unheard = real()
        .subject("a", [Pass, Pass])
        .cell("b", Role::Subject, &[])
        .verdict();
    assert_eq!(unheard.exit_code, ExitCode::Incomplete);
    assert_eq!(unheard.cells[1].outcome, Outcome::NotRun);
    let silent = real()
        .cell("a", Role::Subject, &[])
        .ended("a", Pass, None)
        .verdict();
    assert_eq!(silent.exit_code, ExitCode::Incomplete);
    let nothing = real().verdict();
    assert_eq!(nothing.exit_code, ExitCode::Incomplete);
}

#[test]
fn what_a_broken_off_cell_had_seen_does_not_count() {
    for ended in [
        Outcome::Cancelled,
        Outcome::EnvironmentError,
        Outcome::HarnessError,
    ] {
        let verdict = real()
            .cell("a", Role::Subject, &[])
            .ended("a", ended, Some([Pass, Pass]))
            .verdict();
        assert_eq!(verdict.cells[0].outcome, ended);
        assert_eq!(verdict.levels[0].level, None);
    }
}

#[test]
fn a_control_must_fail_by_its_named_check_and_by_no_other() {
    let with = |must_fail: &[&str], said| {
        let told = real().subject("web", [Pass, Pass]);
        told.control("flawed", must_fail, said).verdict()
    };
    let refused = with(&[FIRST.id], [Fail, Pass]);
    assert_eq!(refused.exit_code, ExitCode::Certified);
    assert!(refused.controls[0].refused);
    for (said, code) in [
        ([Pass, Pass], ExitCode::HarnessFault),
        ([Pass, Fail], ExitCode::HarnessFault),
        ([Fail, Fail], ExitCode::HarnessFault),
        ([Outcome::Inconclusive, Pass], ExitCode::Inconclusive),
        ([Outcome::EnvironmentError, Pass], ExitCode::Unavailable),
        ([Outcome::NotRun, Pass], ExitCode::Incomplete),
    ] {
        let verdict = with(&[FIRST.id], said);
        assert_eq!(verdict.exit_code, code, "{said:?}");
        assert!(!verdict.controls[0].refused, "{said:?}");
    }
    // A control that names no check of its cell shows nothing.
    let astray = with(&["OTH-001"], [Fail, Pass]);
    assert_eq!(astray.exit_code, ExitCode::HarnessFault);
}

#[test]
fn levels_are_cumulative_and_only_of_real_platforms() {
    let level = |standing, said| {
        let verdict = Told::on(standing).subject("web", said).verdict();
        verdict.levels[0].level.clone()
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(level(Standing::Real, [Pass, Pass]), named("L2"));
    assert_eq!(level(Standing::Real, [Pass, Fail]), named("L1"));
    assert_eq!(level(Standing::Real, [Fail, Pass]), None);
    assert_eq!(
        level(Standing::Real, [Pass, Outcome::NotApplicable]),
        named("L1")
    );
    assert_eq!(level(Standing::Rehearsal, [Pass, Pass]), None);
    assert_eq!(level(Standing::Simulated, [Pass, Pass]), None);
}

#[test]
fn a_waiver_covers_its_failure_until_its_day_and_is_never_a_pass() {
    let run = |check, image, expires| {
        let told = real().waiving(check, image, expires);
        told.subject("web", [Pass, Fail]).verdict()
    };
    let used = run(SECOND.id, "web", "2026-11-24");
    assert_eq!(used.exit_code, ExitCode::Certified);
    assert_eq!(used.cells[0].outcome, Outcome::Waived);
    assert_eq!(used.levels[0].level.as_deref(), Some("L2"));
    assert!(used.levels[0].with_waivers);
    assert_eq!(used.waivers[0].state, WaiverState::Used);
    assert!(used.sentence.contains("with waivers"), "{}", used.sentence);
    for (check, image, expires, state) in [
        (SECOND.id, "web", "2026-11-23", WaiverState::Expired),
        (FIRST.id, "web", "2027-01-01", WaiverState::Unused),
        (SECOND.id, "other", "2027-01-01", WaiverState::Unused),
    ] {
        let verdict = run(check, image, expires);
        assert_eq!(verdict.exit_code, ExitCode::NotCertified);
        assert_eq!(verdict.waivers[0].state, state);
    }
}

#[test]
fn neither_a_control_nor_anything_but_a_failure_can_be_waived() {
    let control = real()
        .waiving(FIRST.id, "flawed", "2027-01-01")
        .subject("web", [Pass, Pass])
        .control("flawed", &[FIRST.id], [Fail, Pass])
        .verdict();
    assert!(control.controls[0].refused);
    assert_eq!(control.waivers[0].state, WaiverState::Unused);
    for outcome in [
        Outcome::Inconclusive,
        Outcome::Blocked,
        Outcome::HarnessError,
    ] {
        let told = real().waiving(SECOND.id, "web", "2027-01-01");
        let verdict = told.subject("web", [Pass, outcome]).verdict();
        assert_eq!(verdict.exit_code, outcome.exit_code());
    }
}

#[test]
fn numbers_of_an_invalid_session_prove_no_claim() {
    let sound = real().subject("web", [Pass, Pass]);
    assert_eq!(sound.verdict().claims[0].finding, ClaimFinding::Proven);
    let spoiled = sound.spoiled("web").verdict();
    assert_eq!(spoiled.claims[0].finding, ClaimFinding::Inconclusive);
    assert!(spoiled.claims[0].reason.contains("differs from itself"));
}

#[test]
fn a_level_of_clusters_is_passed_over_elsewhere_and_nothing_else_is() {
    let mut told = real().subject("web", [Pass, Fail]);
    told.plan.profile.cluster_levels = vec!["L2".to_owned()];
    let last = model::CheckId::new(FIRST.id).unwrap();
    told.plan.profile.levels.insert("L3".to_owned(), vec![last]);
    let level = |told: &Told| told.verdict().levels[0].level.clone();
    assert_eq!(
        level(&told).as_deref(),
        Some("L3"),
        "L2 does not exist on oci"
    );
    told.plan.cells[0].family = model::PlatformFamily::Kubernetes;
    assert_eq!(level(&told).as_deref(), Some("L1"), "on a cluster it does");
}

#[test]
fn what_a_platform_cannot_meet_is_told_and_levels_do_without_it() {
    let mut told = real().subject("web", [Pass, Fail]);
    let id = model::CheckId::new(SECOND.id).unwrap();
    let why = "no platform of this kind can".to_owned();
    told.plan.cells[0].checks[1].inapplicable = Some(why.clone());
    // Inapplicable by itself is no pass for a level.
    assert_eq!(told.verdict().levels[0].level.as_deref(), Some("L1"));
    let beyond = &mut told.plan.profile.beyond_platform.oci;
    beyond.insert(id, why);
    let verdict = told.verdict();
    assert_eq!(verdict.levels[0].level.as_deref(), Some("L2"));
    let check = &verdict.cells[0].checks[1];
    assert_eq!(check.outcome, Outcome::NotApplicable);
    assert!(check.message.contains("; seen: "), "{}", check.message);
}

#[test]
fn what_a_flaw_fails_on_some_platforms_only_neither_voids_a_run_nor_saves_it() {
    let with = |may_fail: &[&str], said| {
        let mut told = real().subject("web", [Pass, Pass]);
        told = told.control("bad", &[FIRST.id], said);
        let ids = may_fail.iter().map(|id| model::CheckId::new(*id).unwrap());
        told.plan.images[1].may_fail = ids.collect();
        u8::from(told.verdict().exit_code)
    };
    assert_eq!(with(&[], [Fail, Fail]), 6);
    assert_eq!(with(&[SECOND.id], [Fail, Fail]), 0);
    assert_eq!(with(&[SECOND.id], [Fail, Pass]), 0, "it need not");
    assert_eq!(with(&[SECOND.id], [Pass, Fail]), 6, "it is no substitute");
}
