//! The judges against a simulation whose truth is known: equal arms pass, arms beyond the limit
//! fail, and neither happens the other way round more often than the criteria allow.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of runs"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use engine::clock::Clock;
use engine::journal::{Header, Journal, JournalWriter, Record};
use engine::{ArmImage, HostLock, ImagePair, Libexec, Run, Silent};
use model::{
    Arch, Arm, CellId, CellVerdict, Digest, Environment, ImageFacts, ImageName, ImageSpec, Outcome,
    Plan, PlannedCell, PlannedCheck, PlannedImage, PlatformName, Profile, Role, RunId, SuiteName,
};
use platforms::sim::{Dial, Sim};

/// Runs of each truth; the nightly row asks for more.
fn runs() -> usize {
    let asked = std::env::var("CERTIFY_TRUTH_RUNS");
    asked.map_or(40, |text| text.parse().unwrap())
}

/// Most wrong answers out of so many at a rate of 2.5 %: its mean and four spreads.
fn most_wrong() -> usize {
    let n = runs() as f64;
    (n * 0.025 + 4.0 * (n * 0.025 * 0.975).sqrt()) as usize
}

const SPEC: &str = "summary: s\nfrom: /nowhere\nconfig: {entrypoint: []}\n\
    readiness: {tcp: {port: 80}}\nresources: {memory_mib: 16, pids: 4}\nbaseline: none\n";

/// The smoke profile without its waiting: nothing here needs a state between trials.
fn profile() -> Profile {
    let (_, text) = suites::PROFILES
        .iter()
        .find(|(name, _)| *name == "smoke")
        .unwrap();
    let mut profile = Profile::from_yaml("smoke", text).unwrap();
    profile.startup.settle_ms = 0;
    profile.density.settle_ms = 0;
    profile
}

fn facts(arm: Arm) -> ImageFacts {
    let digest = Digest::of(arm.word().as_bytes());
    ImageFacts {
        image: ImageName::new("web").unwrap(),
        arm,
        arch: Arch::Amd64,
        manifest: digest,
        config: digest,
        tree: digest,
        compressed_bytes: 1,
        layer_bytes: 1,
        file_bytes: 1,
        entries: 1,
        layers: Vec::new(),
        packages: Vec::new(),
        slices: Vec::new(),
        origin: String::new(),
        notes: Vec::new(),
        documents: Vec::new(),
    }
}

fn arm(arm: Arm) -> ArmImage {
    ArmImage {
        facts: facts(arm),
        layout: Utf8PathBuf::from("/nowhere"),
        listing: None,
        spec: ImageSpec::from_yaml("web.yaml", SPEC).unwrap(),
        delivered: None,
    }
}

fn plan(suite: &str) -> Plan {
    let (image, platform) = (
        ImageName::new("web").unwrap(),
        PlatformName::new("sim").unwrap(),
    );
    let profile = profile();
    let member = suites::SUITES.iter().find(|s| s.name() == suite).unwrap();
    let suite = SuiteName::new(suite).unwrap();
    let planned = |info: &&model::CheckInfo| PlannedCheck {
        id: info.check_id(),
        inapplicable: None,
    };
    Plan {
        schema: 1,
        profile_digest: profile.digest(),
        images: vec![PlannedImage {
            name: image.clone(),
            role: Role::Subject,
            summary: String::new(),
            spec_digest: Digest::of(b"web"),
            falls_short: BTreeMap::new(),
            must_fail: Vec::new(),
            may_fail: Vec::new(),
            flaw: None,
        }],
        cells: vec![PlannedCell {
            id: CellId::of(&image, &platform, Arch::Amd64, &suite),
            image,
            platform,
            family: model::PlatformFamily::Oci,
            arch: Arch::Amd64,
            suite,
            role: Role::Subject,
            checks: member.checks().iter().map(planned).collect(),
            needs_session: true,
            margin: profile.margin.oci,
        }],
        profile,
        not_selected: Vec::new(),
        own: Vec::new(),
    }
}

/// One whole run of one suite on the simulation: observed and judged by the real engine.
fn run(suite: &str, dial: Dial) -> CellVerdict {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("journal")).unwrap();
    let journal = Arc::new(JournalWriter::create(&path).unwrap());
    let plan = plan(suite);
    let id = RunId::new("20261128-000000-abcdef").unwrap();
    journal.append(&Record::Header(header(&id))).unwrap();
    journal.append(&Record::Plan(plan.clone())).unwrap();
    for one in [Arm::Candidate, Arm::Baseline] {
        journal.append(&Record::Image(facts(one))).unwrap();
    }
    let sim = Sim::with(dial);
    let pair = ImagePair {
        candidate: arm(Arm::Candidate),
        baseline: Some(arm(Arm::Baseline)),
    };
    let observing = Run {
        id,
        plan: &plan,
        suites: suites::SUITES,
        platforms: &[&sim],
        images: BTreeMap::from([(ImageName::new("web").unwrap(), pair)]),
        journal: journal.clone(),
        listener: &Silent,
        clock: Clock::system(),
        stop: tokio_util::sync::CancellationToken::new(),
        libexec: Libexec {
            probe: Utf8PathBuf::new(),
            launch: Utf8PathBuf::new(),
        },
        scratch: Utf8PathBuf::from("/nowhere"),
        unbuilt: BTreeMap::new(),
        // A simulation disturbs nobody.
        cache: None,
        clusters: std::collections::BTreeMap::new(),
        host_lock: HostLock::standard(folder.path().join("lock").to_str()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(observing.observe()).unwrap();
    let verdict = engine::judge(&plan, &Journal::read(&path).unwrap(), suites::SUITES);
    assert_eq!(
        verdict.levels[0].level, None,
        "a simulation reached a level"
    );
    verdict.cells.into_iter().next().unwrap()
}

fn header(id: &RunId) -> Header {
    Header {
        schema: "certify.journal/v1".to_owned(),
        run: id.clone(),
        tool: "certify".to_owned(),
        build: "0".to_owned(),
        started: "2026-11-28T00:00:00Z".to_owned(),
        command: Vec::new(),
        host: Environment {
            kernel: "6.1".to_owned(),
            cpus: 2,
            memory_bytes: 1,
            load_start: 0.0,
            load_end: 0.0,
            privilege: "root".to_owned(),
        },
    }
}

/// Outcomes of one check over [`runs`] seeds.
fn outcomes(suite: &str, check: &str, dial: Dial) -> BTreeMap<Outcome, usize> {
    let mut counts = BTreeMap::new();
    for seed in 1..=runs() as u64 {
        let cell = run(suite, Dial { seed, ..dial });
        let found = cell.checks.iter().find(|c| c.id.as_str() == check).unwrap();
        *counts.entry(found.outcome).or_insert(0) += 1;
    }
    println!("figure: {suite} {dial}: {counts:?}");
    counts
}

fn count(counts: &BTreeMap<Outcome, usize>, outcome: Outcome) -> usize {
    counts.get(&outcome).copied().unwrap_or(0)
}

fn noisy() -> Dial {
    Dial {
        noise: 0.10,
        ..Dial::true_and_quiet()
    }
}

#[test]
fn equal_starts_pass_and_slow_ones_fail() {
    let starts = |start| {
        outcomes(
            "startup",
            "startup.warm.app-ready",
            Dial { start, ..noisy() },
        )
    };
    let equal = starts(1.0);
    assert_eq!(count(&equal, Outcome::Fail), 0);
    assert!(count(&equal, Outcome::Pass) * 10 >= runs() * 9, "{equal:?}");
    let slow = starts(1.3);
    assert_eq!(count(&slow, Outcome::Pass), 0);
    assert!(count(&slow, Outcome::Fail) * 10 >= runs() * 9, "{slow:?}");
    // Exactly at the limit neither answer may come more often than its error rate.
    let edge = starts(1.0 + profile().margin.oci);
    assert!(count(&edge, Outcome::Pass) <= most_wrong(), "{edge:?}");
    assert!(count(&edge, Outcome::Fail) <= most_wrong(), "{edge:?}");
}

#[test]
fn a_host_that_grows_slower_is_no_slow_image() {
    let drifting = Dial {
        drift: 0.002,
        ..noisy()
    };
    let found = outcomes("startup", "startup.warm.app-ready", drifting);
    assert_eq!(count(&found, Outcome::Fail), 0, "{found:?}");
}

#[test]
fn a_baseline_that_differs_from_itself_decides_nothing() {
    let found = outcomes(
        "startup",
        "startup.warm.app-ready",
        Dial {
            again: 1.2,
            ..noisy()
        },
    );
    assert_eq!(count(&found, Outcome::Inconclusive), runs(), "{found:?}");
}

#[test]
fn stamps_that_cannot_be_true_are_rejected_and_said() {
    let cell = run(
        "startup",
        Dial {
            skew_ms: 50.0,
            ..noisy()
        },
    );
    assert_eq!(cell.outcome, Outcome::Inconclusive);
    assert!(
        cell.reason.contains("first instruction before the request"),
        "{}",
        cell.reason
    );
}

#[test]
fn a_candidate_that_dies_fails() {
    let deaths = run(
        "startup",
        Dial {
            dies_every: 7,
            ..noisy()
        },
    );
    // Whose start the seventh is depends on the order: the baseline's death is our fault.
    assert!(
        matches!(deaths.outcome, Outcome::Fail | Outcome::HarnessError),
        "{deaths:?}"
    );
    assert!(
        deaths.reason.contains("dialled to die"),
        "{}",
        deaths.reason
    );
}

#[test]
fn equal_memory_passes_and_a_leak_fails() {
    let memory = |memory| {
        let dial = Dial {
            memory,
            noise: 0.02,
            ..Dial::true_and_quiet()
        };
        outcomes("density", "density.memory.marginal", dial)
    };
    let equal = memory(1.0);
    assert_eq!(count(&equal, Outcome::Fail), 0);
    assert!(count(&equal, Outcome::Pass) * 10 >= runs() * 9, "{equal:?}");
    let leak = memory(1.3);
    assert_eq!(count(&leak, Outcome::Pass), 0);
    assert!(count(&leak, Outcome::Fail) * 10 >= runs() * 9, "{leak:?}");
}

#[test]
fn what_needs_a_kernel_is_blocked() {
    let cell = run("immutability", Dial::true_and_quiet());
    assert_ne!(cell.outcome, Outcome::Pass);
    assert!(
        cell.checks
            .iter()
            .all(|check| check.outcome != Outcome::Pass)
    );
}

#[test]
fn a_host_too_noisy_for_the_profile_passes_nothing() {
    let found = outcomes(
        "startup",
        "startup.warm.app-ready",
        Dial {
            noise: 0.35,
            ..Dial::true_and_quiet()
        },
    );
    assert_eq!(count(&found, Outcome::Pass), 0, "{found:?}");
    assert!(count(&found, Outcome::Fail) <= most_wrong(), "{found:?}");
}
