//! Reports with invented figures, one for each way a run can end.

use std::collections::BTreeMap;

use model::{
    Arch, Arm, CellId, CellVerdict, CheckId, CheckResult, ClaimFinding, ClaimVerdict, Cleanup,
    ControlVerdict, Digest, Environment, Estimate, Evidence, ExitCode, ImageFacts, ImageName,
    Integrity, LayerFacts, LevelVerdict, Measurement, Method, NotSelected, Outcome, PlatformFacts,
    PlatformFamily, PlatformName, Point, Report, Role, RunId, RunInfo, Session, Standing, Subject,
    Suite, SuiteName, Totals, Waiver,
};

/// Every fixture by name.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("certified", certified()),
        ("refused", refused()),
        ("inconclusive", inconclusive()),
        ("incomplete", incomplete()),
        ("broken-off", broken_off()),
        ("void", void()),
        ("harness-fault", harness_fault()),
        ("unavailable", unavailable()),
        ("residue", residue()),
        ("waived", waived()),
        ("rehearsed", rehearsed()),
        ("two-platforms", two_platforms()),
        ("no-baseline", no_baseline()),
        ("contradicting", contradicting()),
        ("nothing", nothing()),
        ("hostile", hostile()),
    ]
}

/// Three images certified at L2.
pub fn certified() -> Report {
    let oci = place("oci");
    let mut report = skeleton();
    for (name, shape) in IMAGES {
        add_subject(&mut report, name, shape, &oci);
    }
    for (name, flaw, check, suite) in CONTROLS {
        add_control(&mut report, name, flaw, check, suite);
    }
    settle(&mut report);
    report
}

/// One image with a setuid file, a drift and a slow start.
pub fn refused() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::NotCertified;
    report.verdict = "nginx on oci: 2 checks failed (IMM-005, startup.warm.app-ready)".into();
    let cell = cell_mut(&mut report, "nginx/oci/amd64/immutability");
    cell.outcome = Outcome::Fail;
    cell.reason = "1 check failed: IMM-005".into();
    let check = check_mut(cell, "IMM-005");
    check.outcome = Outcome::Fail;
    check.message = "2 of 1,212 entries carry 06000".into();
    check.remediation = Some("leave the file out of the slice, or set `mode: 0755`".into());
    check.evidence = vec![
        evidence(
            "/usr/bin/passwd",
            "no bit of 06000",
            "mode 4755",
            "package passwd, slice passwd_bins",
        ),
        evidence(
            "/usr/bin/chage",
            "no bit of 06000",
            "mode 2755",
            "package passwd, slice passwd_bins",
        ),
    ];
    check.evidence_omitted = 3;
    let cell = cell_mut(&mut report, "nginx/oci/amd64/startup");
    cell.outcome = Outcome::Fail;
    cell.reason = "1 check failed: startup.warm.app-ready".into();
    let check = check_mut(cell, "startup.warm.app-ready");
    check.outcome = Outcome::Fail;
    check.message = "3.15 (3.05–3.26), limit 1.15".into();
    check.remediation = Some("ship what the program would otherwise compute at start".into());
    let number = &mut cell.measurements[0];
    number.ratio = Some(estimate(3.15, 3.05, 3.26));
    number.ratio_90 = Some(estimate(3.15, 3.06, 3.24));
    number.median_a = 198.0;
    for point in number.series.iter_mut().filter(|p| p.arm == Arm::Candidate) {
        point.value *= 3.15;
    }
    let subject = subject_mut(&mut report, "nginx");
    subject.outcome = Outcome::Fail;
    subject.levels[0].level = None;
    subject.levels[0].missing_for_next = vec![check_id("IMM-005")];
    settle(&mut report);
    report
}

/// A host too noisy to decide.
pub fn inconclusive() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::Inconclusive;
    report.verdict =
        "nginx startup on oci: after 120 rounds the interval is 0.91–1.17, limit 1.15".into();
    let cell = cell_mut(&mut report, "nginx/oci/amd64/startup");
    cell.outcome = Outcome::Inconclusive;
    cell.reason = "after 120 rounds the interval is 0.91–1.17, limit 1.15".into();
    cell.warnings =
        vec!["baseline against itself varied by ± 14 % (load 6.2 on 2 processors)".into()];
    let check = check_mut(cell, "startup.warm.app-ready");
    check.outcome = Outcome::Inconclusive;
    check.message = "1.03 (0.91–1.17), limit 1.15".into();
    check.remediation = Some("run again on an idle host, or with a profile of more rounds".into());
    cell.measurements[0].ratio = Some(estimate(1.03, 0.91, 1.17));
    cell.measurements[0].ratio_90 = Some(estimate(1.03, 0.93, 1.15));
    subject_mut(&mut report, "nginx").outcome = Outcome::Inconclusive;
    report.sessions[0].repeated = 1;
    settle(&mut report);
    report
}

/// Interrupted: the journal is whole, cells are not.
pub fn incomplete() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::Incomplete;
    report.verdict = "interrupted: 5 of 13 cells did not run".into();
    for id in ["valkey/oci/amd64/startup", "valkey/oci/amd64/density"] {
        let cell = cell_mut(&mut report, id);
        cell.outcome = Outcome::NotRun;
        cell.reason = "interrupted before it started".into();
        cell.measurements.clear();
        for check in &mut cell.checks {
            check.outcome = Outcome::NotRun;
            check.message = String::new();
        }
    }
    let cell = cell_mut(&mut report, "nginx/oci/amd64/density");
    cell.outcome = Outcome::Cancelled;
    cell.reason = "interrupted at step 8 of 20".into();
    cell.measurements.clear();
    for check in &mut cell.checks {
        check.outcome = Outcome::Cancelled;
        check.message = "interrupted".into();
    }
    settle(&mut report);
    report
}

/// Killed: no trailer, though every cell in it is good and the code says certified.
pub fn broken_off() -> Report {
    let mut report = certified();
    report.complete = false;
    report.integrity.journal = None;
    report
}

/// A control was let through.
pub fn void() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::HarnessFault;
    report.verdict = "control setuid was not refused: the run is void".into();
    let control = report
        .controls
        .iter_mut()
        .find(|c| c.image.as_str() == "setuid")
        .expect("the fixture has it");
    control.refused = false;
    control.failed.clear();
    control.reason = "every check of it passed".into();
    let cell = cell_mut(&mut report, "setuid/oci/amd64/immutability");
    cell.outcome = Outcome::Pass;
    cell.checks[0].outcome = Outcome::Pass;
    settle(&mut report);
    report
}

/// The harness itself failed in one cell.
pub fn harness_fault() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::HarnessFault;
    report.verdict = "python startup on oci: the baseline never became ready".into();
    let cell = cell_mut(&mut report, "python/oci/amd64/startup");
    cell.outcome = Outcome::HarnessError;
    cell.reason = "the baseline never became ready within 10 s; its last output: `bind: address \
                   already in use`"
        .into();
    cell.measurements.clear();
    for check in &mut cell.checks {
        check.outcome = Outcome::HarnessError;
        check.message = "the baseline never became ready".into();
    }
    settle(&mut report);
    report
}

/// No session could be opened.
pub fn unavailable() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::Unavailable;
    report.verdict = "oci: user namespaces are forbidden on this host".into();
    report.platforms.clear();
    report.sessions.clear();
    for cell in report
        .cells
        .iter_mut()
        .filter(|c| c.suite.as_str() != "immutability")
    {
        cell.outcome = Outcome::EnvironmentError;
        cell.reason = "user namespaces are forbidden on this host".into();
        cell.measurements.clear();
        for check in &mut cell.checks {
            check.outcome = Outcome::EnvironmentError;
            check.message = "no session".into();
        }
    }
    for subject in &mut report.subjects {
        subject.levels[0].level = Some("L1".into());
        subject.levels[0].missing_for_next = vec![check_id("startup.warm.app-ready")];
    }
    settle(&mut report);
    report
}

/// All passed, and a container is left.
pub fn residue() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::ResidueLeft;
    report.verdict = "1 object left behind on oci".into();
    report.cleanup.removed -= 1;
    report.cleanup.left = vec!["cgroup /certify-01KB3M9Z/python-7 on oci".into()];
    report
}

/// One failure, covered by a waiver.
pub fn waived() -> Report {
    let mut report = certified();
    report.verdict = "3 images at L2 on oci with waivers, profile smoke".into();
    let cell = cell_mut(&mut report, "python/oci/amd64/immutability");
    cell.outcome = Outcome::Waived;
    check_mut(cell, "IMM-005").outcome = Outcome::Waived;
    let subject = subject_mut(&mut report, "python");
    subject.outcome = Outcome::Waived;
    subject.levels[0].with_waivers = true;
    report.waivers = vec![Waiver {
        id: "legacy-setuid".into(),
        reason: "removed with the next release, owner platform team".into(),
    }];
    settle(&mut report);
    report
}

/// Everything passed, on a stand-in.
pub fn rehearsed() -> Report {
    let mut report = certified();
    report.platforms[0].standing = Standing::Rehearsal;
    report
}

/// One image on two platforms, the second a rehearsal.
pub fn two_platforms() -> Report {
    let mut report = skeleton();
    let oci = place("oci");
    add_subject(&mut report, "python", &IMAGES[0].1, &oci);
    add_subject(&mut report, "nginx", &IMAGES[1].1, &oci);
    let kind = place("eks");
    let mut more = skeleton();
    add_subject(&mut more, "python", &IMAGES[0].1, &kind);
    add_subject(&mut more, "nginx", &IMAGES[1].1, &kind);
    report.cells.extend(more.cells);
    report.claims.extend(more.claims);
    for (subject, also) in report.subjects.iter_mut().zip(more.subjects) {
        subject.levels.extend(also.levels);
    }
    report.platforms.push(PlatformFacts {
        platform: kind,
        family: PlatformFamily::Kubernetes,
        standing: Standing::Rehearsal,
        summary: "kind v0.30 under the profile eks, Kubernetes 1.34, containerd 2.1".into(),
        facts: facts(&[
            ("kernel.release", "6.18.0"),
            ("kubernetes.version", "1.34.1"),
            ("runtime.name", "containerd 2.1"),
        ]),
        cannot_measure: facts(&[("startup.cold", "images are loaded, never pulled")]),
    });
    for (name, flaw, check, suite) in CONTROLS {
        add_control(&mut report, name, flaw, check, suite);
    }
    settle(&mut report);
    report
}

/// A run without a baseline: single figures, comparative criteria blocked.
pub fn no_baseline() -> Report {
    let mut report = certified();
    report.exit_code = ExitCode::Inconclusive;
    report.verdict = "no baseline: 6 comparative checks are blocked".into();
    for cell in report.cells.iter_mut().filter(|c| c.role == Role::Subject) {
        for check in cell
            .checks
            .iter_mut()
            .filter(|c| c.method == Method::Comparison)
        {
            check.outcome = Outcome::Blocked;
            check.message = "there is no baseline to compare with".into();
            check.remediation = Some("give `baseline:` in the spec".into());
            cell.outcome = Outcome::Blocked;
            cell.reason = "no baseline".into();
        }
        cell.measurements.retain(|m| m.arm_a == Arm::Candidate);
        for m in &mut cell.measurements {
            m.arm_b = Arm::Candidate;
            m.ratio = None;
            m.ratio_90 = None;
            m.limit = None;
            m.series.retain(|p| p.arm == Arm::Candidate);
        }
    }
    for subject in &mut report.subjects {
        subject.baseline = None;
        subject.outcome = Outcome::Blocked;
    }
    report.claims.clear();
    settle(&mut report);
    report
}

/// Calls itself certified above a failed cell.
pub fn contradicting() -> Report {
    let mut report = refused();
    report.exit_code = ExitCode::Certified;
    report.verdict = "3 images at L2 on oci, profile smoke".into();
    report
}

/// Nothing was selected.
pub fn nothing() -> Report {
    let mut report = skeleton();
    report.exit_code = ExitCode::Incomplete;
    report.verdict = "nothing was selected".into();
    report.platforms.clear();
    report.sessions.clear();
    report.suites.clear();
    report
}

/// What every foreign text says in [`hostile`].
pub const HOSTILE: &str = "\u{1b}[31m<script>alert('x')</script>\u{1b}]0;owned\u{7}\u{202e}gnp\n\
                           | [link](javascript:alert(1)) `code` ]]>&amp;\0 \"' -->";

/// Every text that comes from outside is hostile.
pub fn hostile() -> Report {
    let mut report = refused();
    let bad = || HOSTILE.to_owned();
    report.verdict = bad();
    report.run.command = vec!["run".into(), "--image".into(), bad()];
    report.run.tool = bad();
    report.run.build = bad();
    report.run.profile = bad();
    report.run.started = bad();
    report.run.ended = bad();
    report.run.host.kernel = bad();
    report.run.host.privilege = bad();
    for subject in &mut report.subjects {
        subject.summary = bad();
        for facts in [Some(&mut subject.candidate), subject.baseline.as_mut()]
            .into_iter()
            .flatten()
        {
            facts.packages = vec![bad()];
            facts.slices = vec![bad()];
            facts.origin = bad();
            facts.notes = vec![bad()];
            facts.layers[0].content = bad();
        }
        for level in &mut subject.levels {
            level.level = Some(bad());
        }
    }
    for cell in &mut report.cells {
        cell.reason = bad();
        cell.warnings = vec![bad()];
        for check in &mut cell.checks {
            check.title = bad();
            check.message = bad();
            check.remediation = Some(bad());
            check.evidence = vec![evidence(HOSTILE, HOSTILE, HOSTILE, HOSTILE)];
        }
        for m in &mut cell.measurements {
            m.title = bad();
            m.metric = format!("x.{HOSTILE}");
            m.unit = bad();
            m.method = bad();
        }
    }
    for claim in &mut report.claims {
        claim.text = bad();
        claim.number = bad();
        claim.reason = bad();
    }
    for control in &mut report.controls {
        control.flaw = bad();
        control.reason = bad();
    }
    for platform in &mut report.platforms {
        platform.summary = bad();
        platform.facts = facts(&[(HOSTILE, HOSTILE)]);
        platform.cannot_measure = facts(&[(HOSTILE, HOSTILE)]);
    }
    for suite in &mut report.suites {
        suite.name = bad();
        suite.question = bad();
        suite.method = vec![bad()];
    }
    report.waivers = vec![Waiver {
        id: bad(),
        reason: bad(),
    }];
    report.not_selected = vec![NotSelected {
        what: bad(),
        why: bad(),
    }];
    report.cleanup.left = vec![bad()];
    report
}

struct Shape {
    summary: &'static str,
    layer_bytes: [u64; 2],
    compressed: [u64; 2],
    start_ms: f64,
    start: Estimate,
    memory_mib: f64,
    memory: Estimate,
}

const IMAGES: &[(&str, Shape)] = &[
    (
        "python",
        Shape {
            summary: "Python 3.13 with its standard library, serving HTTP",
            layer_bytes: [46_800_000, 112_800_000],
            compressed: [17_000_000, 41_700_000],
            start_ms: 62.0,
            start: estimate(0.99, 0.97, 1.02),
            memory_mib: 9.2,
            memory: estimate(0.95, 0.93, 0.98),
        },
    ),
    (
        "nginx",
        Shape {
            summary: "nginx serving one static page",
            layer_bytes: [14_600_000, 86_900_000],
            compressed: [5_600_000, 33_100_000],
            start_ms: 14.0,
            start: estimate(1.01, 0.96, 1.06),
            memory_mib: 2.1,
            memory: estimate(1.00, 0.95, 1.05),
        },
    ),
    (
        "valkey",
        Shape {
            summary: "Valkey answering PING",
            layer_bytes: [24_200_000, 86_800_000],
            compressed: [8_900_000, 33_000_000],
            start_ms: 11.0,
            start: estimate(0.98, 0.93, 1.03),
            memory_mib: 3.4,
            memory: estimate(1.01, 0.97, 1.06),
        },
    ),
];

const CONTROLS: &[(&str, &str, &str, &str)] = &[
    ("shell", "has a shell inside", "IMM-001", "immutability"),
    ("setuid", "has a setuid file", "IMM-005", "immutability"),
    (
        "slow-start",
        "starts 150 ms later",
        "startup.warm.app-ready",
        "startup",
    ),
    (
        "more-memory",
        "needs 16 MiB more",
        "density.memory",
        "density",
    ),
];

const CHECKS: &[(&str, &str, Method, &str)] = &[
    (
        "IMM-001",
        "no shell",
        Method::Static,
        "0 of 41 known shells by ELF identity",
    ),
    (
        "IMM-005",
        "no setuid or setgid file",
        Method::Static,
        "0 of 1,212 entries carry 06000",
    ),
    (
        "IMM-007",
        "nothing writable holds code",
        Method::Behaviour,
        "uid 65532 could write 1 path: /tmp (tmpfs, noexec)",
    ),
    (
        "IMM-009",
        "no capabilities",
        Method::Kernel,
        "CapEff, CapPrm, CapBnd, CapAmb = 0 of pid 1",
    ),
    (
        "IMM-013",
        "no drift under load",
        Method::Behaviour,
        "1,212 of 1,212 digests equal after load",
    ),
];

const fn estimate(value: f64, low: f64, high: f64) -> Estimate {
    Estimate {
        value,
        low,
        high,
        level: 0.95,
    }
}

fn evidence(subject: &str, expected: &str, found: &str, owner: &str) -> Evidence {
    Evidence {
        subject: subject.into(),
        expected: expected.into(),
        found: found.into(),
        owner: Some(owner.into()),
    }
}

fn place(name: &str) -> PlatformName {
    PlatformName::new(name).expect("a slug")
}

fn image(name: &str) -> ImageName {
    ImageName::new(name).expect("a slug")
}

fn check_id(id: &str) -> CheckId {
    CheckId::new(id).expect("an id")
}

fn facts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn cell_mut<'a>(report: &'a mut Report, id: &str) -> &'a mut CellVerdict {
    report
        .cells
        .iter_mut()
        .find(|c| c.id.as_str() == id)
        .expect("the fixture has it")
}

fn check_mut<'a>(cell: &'a mut CellVerdict, id: &str) -> &'a mut CheckResult {
    cell.checks
        .iter_mut()
        .find(|c| c.id.as_str() == id)
        .expect("the fixture has it")
}

fn subject_mut<'a>(report: &'a mut Report, name: &str) -> &'a mut Subject {
    report
        .subjects
        .iter_mut()
        .find(|s| s.image.as_str() == name)
        .expect("the fixture has it")
}

/// A report without images: run, platform, suites and record.
fn skeleton() -> Report {
    Report {
        schema: Report::SCHEMA.into(),
        run: RunInfo {
            id: RunId::new("20261124T164031-3m9z").expect("an id"),
            tool: "certify 0.1.0".into(),
            build: Digest::of(b"build").to_string(),
            started: "2026-11-24T16:40:31Z".into(),
            ended: "2026-11-24T16:43:43Z".into(),
            duration_ms: 192_000,
            overhead_ms: 15_400,
            command: vec!["run".into(), "--profile".into(), "smoke".into()],
            profile: "smoke".into(),
            profile_digest: Digest::of(b"profile"),
            plan_digest: Digest::of(b"plan"),
            host: Environment {
                kernel: "6.18.0".into(),
                cpus: 2,
                memory_bytes: 8 << 30,
                load_start: 0.12,
                load_end: 0.86,
                privilege: "root".into(),
            },
        },
        complete: true,
        verdict: "3 images at L2 on oci, profile smoke".into(),
        exit_code: ExitCode::Certified,
        totals: Totals {
            declared: 0,
            pass: 0,
            waived: 0,
            not_applicable: 0,
            fail: 0,
            other: 0,
            controls: 0,
            controls_refused: 0,
        },
        subjects: Vec::new(),
        platforms: vec![PlatformFacts {
            platform: place("oci"),
            family: PlatformFamily::Oci,
            standing: Standing::Real,
            summary: "libcontainer 0.7, kernel 6.18, cgroup v1 hybrid, no LSM".into(),
            facts: facts(&[
                ("cgroup.mode", "hybrid"),
                ("kernel.release", "6.18.0"),
                ("lsm", "none"),
                ("runtime.name", "libcontainer 0.7"),
            ]),
            cannot_measure: BTreeMap::new(),
        }],
        sessions: vec![Session {
            platform: place("oci"),
            repeated: 0,
            unpack_ms: 412,
        }],
        cells: Vec::new(),
        measurements: Vec::new(),
        claims: Vec::new(),
        controls: Vec::new(),
        suites: suites(),
        waivers: Vec::new(),
        not_selected: vec![NotSelected {
            what: "images/variants/python-musl".into(),
            why: "on demand only".into(),
        }],
        cleanup: Cleanup {
            created: 412,
            removed: 412,
            left: Vec::new(),
        },
        integrity: Integrity {
            journal: Some(Digest::of(b"journal")),
            records: 1_873,
            verdict: Digest::of(b"verdict"),
        },
    }
}

fn suites() -> Vec<Suite> {
    let suite = |name: &str, question: &str, method: &[&str]| Suite {
        name: name.into(),
        question: question.into(),
        method: method.iter().map(|p| (*p).to_owned()).collect(),
    };
    vec![
        suite(
            "immutability",
            "Can anything in the running container be changed?",
            &[
                "The image's bytes are read, the kernel is asked about the running container, and \
               writing is tried from inside it.",
            ],
        ),
        suite(
            "startup",
            "How long from start to the first correct answer?",
            &[
                "A round is a random permutation of three starts: candidate, baseline, baseline \
               again. The interval is Hodges-Lehmann on log ratios of pairs of one round.",
                "Rounds go on until the planned width is reached; the rule looks at widths only, \
               never at the effect.",
            ],
        ),
        suite(
            "density",
            "How much memory does one more container need?",
            &[
                "Containers are started in steps; the slope of memory over their number is \
               Theil-Sen, its interval from pairs of passes.",
            ],
        ),
    ]
}

fn add_subject(report: &mut Report, name: &str, shape: &Shape, on: &PlatformName) {
    for (suite, checks) in [
        ("immutability", immutability()),
        (
            "startup",
            vec![criterion(
                "startup.warm.app-ready",
                "warm start within the margin",
                &shape.start,
            )],
        ),
        (
            "density",
            vec![criterion(
                "density.memory",
                "memory within the margin",
                &shape.memory,
            )],
        ),
    ] {
        let mut cell = cell(name, on, suite, Role::Subject, checks);
        match suite {
            "startup" => cell.measurements = startup(shape),
            "density" => cell.measurements = density(shape),
            _ => {}
        }
        report.measurements.extend(cell.measurements.clone());
        report.cells.push(cell);
    }
    report.claims.extend(claims(name, on, shape));
    report.subjects.push(Subject {
        image: image(name),
        summary: shape.summary.into(),
        spec_digest: Digest::of(name.as_bytes()),
        outcome: Outcome::Pass,
        levels: vec![LevelVerdict {
            image: image(name),
            platform: on.clone(),
            arch: Arch::Amd64,
            level: Some("L2".into()),
            with_waivers: false,
            missing_for_next: Vec::new(),
        }],
        candidate: arm(
            name,
            Arm::Candidate,
            shape.layer_bytes[0],
            shape.compressed[0],
        ),
        baseline: Some(arm(
            name,
            Arm::Baseline,
            shape.layer_bytes[1],
            shape.compressed[1],
        )),
    });
}

fn add_control(report: &mut Report, name: &str, flaw: &str, check: &str, suite: &str) {
    let checks = vec![CheckResult {
        id: check_id(check),
        title: "its named check".into(),
        outcome: Outcome::Fail,
        method: Method::Static,
        message: "fails as it must".into(),
        evidence: Vec::new(),
        evidence_omitted: 0,
        remediation: None,
    }];
    let mut cell = cell(name, &place("oci"), suite, Role::Control, checks);
    cell.outcome = Outcome::Fail;
    report.controls.push(ControlVerdict {
        image: image(name),
        cell: cell.id.clone(),
        flaw: flaw.into(),
        must_fail: vec![check_id(check)],
        failed: vec![check_id(check)],
        refused: true,
        reason: String::new(),
    });
    report.cells.push(cell);
}

/// Counts again after changes.
fn settle(report: &mut Report) {
    let outcomes: Vec<Outcome> = report
        .cells
        .iter()
        .filter(|c| c.role == Role::Subject)
        .flat_map(|c| c.checks.iter().map(|check| check.outcome))
        .collect();
    let count = |wanted: Outcome| outcomes.iter().filter(|o| **o == wanted).count() as u32;
    let totals = &mut report.totals;
    totals.declared = outcomes.len() as u32;
    totals.pass = count(Outcome::Pass);
    totals.waived = count(Outcome::Waived);
    totals.not_applicable = count(Outcome::NotApplicable);
    totals.fail = count(Outcome::Fail);
    totals.other =
        totals.declared - totals.pass - totals.waived - totals.not_applicable - totals.fail;
    totals.controls = report.controls.len() as u32;
    totals.controls_refused = report.controls.iter().filter(|c| c.refused).count() as u32;
}

fn cell(
    name: &str,
    on: &PlatformName,
    suite: &str,
    role: Role,
    checks: Vec<CheckResult>,
) -> CellVerdict {
    let suite = SuiteName::new(suite).expect("a slug");
    CellVerdict {
        id: CellId::of(&image(name), on, Arch::Amd64, &suite),
        image: image(name),
        platform: on.clone(),
        arch: Arch::Amd64,
        suite,
        role,
        outcome: Outcome::Pass,
        reason: String::new(),
        checks,
        measurements: Vec::new(),
        warnings: Vec::new(),
    }
}

fn immutability() -> Vec<CheckResult> {
    let mut checks: Vec<CheckResult> = CHECKS
        .iter()
        .map(|(id, title, method, message)| CheckResult {
            id: check_id(id),
            title: (*title).into(),
            outcome: Outcome::Pass,
            method: *method,
            message: (*message).into(),
            evidence: Vec::new(),
            evidence_omitted: 0,
            remediation: None,
        })
        .collect();
    checks.push(CheckResult {
        id: check_id("IMM-024"),
        title: "arbitrary uid with group 0".into(),
        outcome: Outcome::NotApplicable,
        method: Method::Behaviour,
        message: "only where the platform assigns uids".into(),
        evidence: Vec::new(),
        evidence_omitted: 0,
        remediation: None,
    });
    checks
}

fn criterion(id: &str, title: &str, e: &Estimate) -> CheckResult {
    CheckResult {
        id: check_id(id),
        title: title.into(),
        outcome: Outcome::Pass,
        method: Method::Comparison,
        message: format!("{:.2} ({:.2}–{:.2}), limit 1.15", e.value, e.low, e.high),
        evidence: Vec::new(),
        evidence_omitted: 0,
        remediation: None,
    }
}

/// Noise in -1..1, the same on every machine.
fn noise(seed: &mut u64) -> f64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as f64 / f64::from(1u32 << 30) - 1.0
}

fn startup(shape: &Shape) -> Vec<Measurement> {
    let mut seed = shape.layer_bytes[0];
    let mut series = Vec::new();
    for round in 0..60 {
        for (arm, ratio) in [
            (Arm::Candidate, shape.start.value),
            (Arm::Baseline, 1.0),
            (Arm::BaselineAgain, 1.0),
        ] {
            let tail = if noise(&mut seed) > 0.93 { 1.4 } else { 1.0 };
            let value = shape.start_ms * ratio * tail * (1.0 + 0.08 * noise(&mut seed));
            series.push(Point {
                round,
                arm,
                value,
                containers: None,
            });
        }
    }
    let number = |metric: &str, title: &str, b, ratio: Estimate, limit| Measurement {
        metric: metric.into(),
        title: title.into(),
        unit: "ms".into(),
        arm_a: if b == Arm::Baseline {
            Arm::Candidate
        } else {
            Arm::Baseline
        },
        arm_b: if b == Arm::Baseline { b } else { Arm::Baseline },
        n: 60,
        rejected: 2,
        median_a: shape.start_ms * ratio.value,
        median_b: shape.start_ms,
        ratio: Some(ratio),
        ratio_90: Some(ratio),
        detectable: Some(0.06),
        limit,
        method: "Hodges-Lehmann on 60 log ratios of pairs, Student's t with the measured width"
            .into(),
        series: Vec::new(),
    };
    let mut first = number(
        "startup.warm.app-ready",
        "warm start to first correct answer",
        Arm::Baseline,
        shape.start,
        Some(1.15),
    );
    first.series = series;
    vec![
        first,
        number(
            "startup.warm.app-ready",
            "warm start to first correct answer",
            Arm::BaselineAgain,
            estimate(1.0, 0.97, 1.03),
            None,
        ),
        number(
            "startup.warm.first-instruction",
            "warm start to first instruction",
            Arm::Baseline,
            estimate(1.00, 0.98, 1.02),
            None,
        ),
    ]
}

fn density(shape: &Shape) -> Vec<Measurement> {
    const MIB: f64 = 1024.0 * 1024.0;
    let mut seed = shape.layer_bytes[1];
    let baseline = shape.memory_mib / shape.memory.value;
    let mut series = Vec::new();
    for round in 0..3 {
        for containers in [1u32, 5, 10, 15, 20] {
            for (arm, slope) in [
                (Arm::Candidate, shape.memory_mib),
                (Arm::Baseline, baseline),
            ] {
                let total = 18.0 + slope * f64::from(containers) + 0.8 * noise(&mut seed);
                let value = total * MIB;
                series.push(Point {
                    round,
                    arm,
                    value,
                    containers: Some(containers),
                });
            }
        }
    }
    vec![Measurement {
        metric: "density.memory".into(),
        title: "memory of one more container".into(),
        unit: "bytes".into(),
        arm_a: Arm::Candidate,
        arm_b: Arm::Baseline,
        n: 3,
        rejected: 0,
        median_a: shape.memory_mib * MIB,
        median_b: baseline * MIB,
        ratio: Some(shape.memory),
        ratio_90: Some(shape.memory),
        detectable: Some(0.05),
        limit: Some(1.15),
        method: "Theil-Sen slope over 1 to 20 containers, working set of the cgroup".into(),
        series,
    }]
}

fn claims(name: &str, on: &PlatformName, shape: &Shape) -> Vec<ClaimVerdict> {
    let saved = (shape.layer_bytes[1] - shape.layer_bytes[0]) as f64 / 1e6;
    let claim = |id: &str, text: &str, finding, also, number: String, reason: &str| ClaimVerdict {
        claim: id.into(),
        text: text.into(),
        image: image(name),
        platform: on.clone(),
        finding,
        also,
        number,
        reason: reason.into(),
    };
    let e = &shape.start;
    let number = format!("{:.2} ({:.2}–{:.2})", e.value, e.low, e.high);
    vec![
        claim(
            "starts-faster",
            "spins up more quickly",
            ClaimFinding::Equivalent,
            None,
            number.clone(),
            "equal within 15 %",
        ),
        claim(
            "boost",
            "performance boost of 20 to 25 %",
            ClaimFinding::Refuted,
            Some(ClaimFinding::Equivalent),
            number,
            "a gain of 20 % is outside the interval",
        ),
        claim(
            "smaller",
            "trimmed by about 100 MB",
            ClaimFinding::Refuted,
            None,
            format!("{saved:.1} MB"),
            "counted from the layouts",
        ),
        claim(
            "pulls",
            "downloaded more quickly",
            ClaimFinding::NotMeasurableHere,
            None,
            String::new(),
            "a bare runtime does not pull",
        ),
    ]
}

fn arm(name: &str, arm: Arm, layer_bytes: u64, compressed_bytes: u64) -> ImageFacts {
    let seed = format!("{name}{}", arm.word());
    let digest = |part: &str| Digest::of(format!("{seed}{part}").as_bytes());
    let candidate = arm == Arm::Candidate;
    let packages = [
        "libc6=2.41-12",
        "zlib1g=1:1.3.dfsg+really1.3.1-1+b1",
        "base-files=13.8",
    ];
    ImageFacts {
        image: image(name),
        arm,
        arch: Arch::Amd64,
        manifest: digest("manifest"),
        config: digest("config"),
        tree: digest("tree"),
        compressed_bytes,
        layer_bytes,
        file_bytes: layer_bytes - 1_100_000,
        entries: if candidate { 1_212 } else { 7_431 },
        layers: vec![LayerFacts {
            digest: digest("layer"),
            diff_id: digest("diff"),
            bytes: compressed_bytes,
            content: if candidate { "slices" } else { "packages" }.into(),
        }],
        packages: packages.map(String::from).into(),
        slices: if candidate {
            vec!["libc6_libs".into(), "zlib1g_libs".into()]
        } else {
            Vec::new()
        },
        origin: if candidate {
            "debian-13, archive of 2026-11-22"
        } else {
            "the same packages installed whole on the slim base, with bytecode"
        }
        .into(),
        notes: vec!["no readline, curses and dbm in the candidate".into()],
    }
}
