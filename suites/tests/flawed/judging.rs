//! One container, observed and judged by the real suite through the real driver.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use engine::clock::Clock;
use engine::journal::{Journal, JournalWriter, Record};
use engine::{HostLock, ImagePair, Libexec, Run, Silent, Suite};
use model::{
    CellId, CellVerdict, Outcome, Plan, PlannedCell, PlannedCheck, PlatformName, Profile, Role,
    RunId, SuiteName,
};
use tokio_util::sync::CancellationToken;

use super::flaws::{FLAWS, Flaw, Mode, NONE};
use super::ground;
use super::wrapper;

/// Runs the container with the flaw of this name; what is wrong with the verdict, a line each.
pub fn judge(
    folder: &Utf8Path,
    real: &Utf8Path,
    mode: Mode,
    name: &str,
    work: &Utf8Path,
) -> String {
    let libexec = work.join("libexec");
    std::fs::create_dir(&libexec).unwrap();
    let program = folder.join("test");
    wrapper::make(
        libexec.as_std_path(),
        program.as_std_path(),
        real.as_std_path(),
        name,
        mode,
    );
    let libexec = Libexec {
        probe: folder.join("probe"),
        launch: libexec.join(wrapper::NAME),
    };
    let verdict = observed(folder, libexec, work);
    let flaw = FLAWS
        .iter()
        .find(|flaw| flaw.name == name && flaw.on.contains(&mode));
    match flaw {
        None if name == NONE => wrong(&verdict, &[], None),
        None => format!("there is no flaw `{name}` for {mode:?}"),
        Some(flaw) => wrong(&verdict, flaw.fails, Some(flaw)),
    }
}

fn observed(folder: &Utf8Path, libexec: Libexec, work: &Utf8Path) -> CellVerdict {
    let image = ground::image(&folder.join("server"), &work.join("image"));
    let plan = plan(&image);
    let journal = Arc::new(JournalWriter::create(&work.join("journal")).unwrap());
    journal.append(&Record::Plan(plan.clone())).unwrap();
    journal.append(&Record::Image(image.facts.clone())).unwrap();
    let pair = ImagePair {
        candidate: image.clone(),
        baseline: None,
    };
    let run = Run {
        id: RunId::new(format!(
            "flaw{}-{}",
            std::process::id(),
            work.file_name().unwrap()
        ))
        .unwrap(),
        plan: &plan,
        suites: suites::SUITES,
        platforms: platforms::PLATFORMS,
        images: BTreeMap::from([(image.facts.image.clone(), pair)]),
        journal: journal.clone(),
        listener: &Silent,
        clock: Clock::system(),
        stop: CancellationToken::new(),
        libexec,
        scratch: work.join("scratch"),
        unbuilt: BTreeMap::new(),
        // Nothing is timed here.
        cache: None,
        clusters: BTreeMap::new(),
        host_lock: HostLock::standard(Some(work.join("lock").as_str())),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run.observe()).unwrap();
    let journal = Journal::read(&work.join("journal")).unwrap();
    assert_eq!(journal.left_behind(), []);
    let mut verdict = engine::judge(&plan, &journal, suites::SUITES);
    verdict.cells.remove(0)
}

fn plan(image: &engine::ArmImage) -> Plan {
    let suite = immutability();
    let (name, text) = suites::PROFILES[0];
    let mut profile = Profile::from_yaml(name, text).unwrap();
    profile.immutability.load_ms = 300;
    let (platform, suite_name) = (
        PlatformName::new("oci").unwrap(),
        SuiteName::new(suite.name()).unwrap(),
    );
    let check = |info: &&model::CheckInfo| PlannedCheck {
        id: info.check_id(),
        inapplicable: None,
    };
    let cell = PlannedCell {
        id: CellId::of(&image.facts.image, &platform, image.facts.arch, &suite_name),
        image: image.facts.image.clone(),
        platform,
        family: model::PlatformFamily::Oci,
        arch: image.facts.arch,
        suite: suite_name,
        role: Role::Subject,
        checks: suite
            .checks()
            .iter()
            .filter(|info| !suites::is_of_clusters(info.id))
            .map(check)
            .collect(),
        needs_session: true,
        margin: 0.15,
    };
    Plan {
        schema: 1,
        profile_digest: profile.digest(),
        profile,
        images: Vec::new(),
        cells: vec![cell],
        not_selected: Vec::new(),
        own: Vec::new(),
    }
}

fn immutability() -> &'static dyn Suite {
    let mut all = suites::SUITES.iter();
    *all.find(|suite| suite.name() == "immutability").unwrap()
}

/// What differs from "these checks fail, and every other passes".
fn wrong(verdict: &CellVerdict, fails: &[&str], flaw: Option<&Flaw>) -> String {
    let mut lines = String::new();
    let wanted: BTreeSet<&str> = fails.iter().copied().collect();
    for check in &verdict.checks {
        let expected = if wanted.contains(check.id.as_str()) {
            Outcome::Fail
        } else {
            Outcome::Pass
        };
        if check.outcome != expected {
            let (id, outcome) = (check.id.as_str(), check.outcome);
            lines += &format!(
                "{id}: {outcome:?} instead of {expected:?}: {}\n",
                check.message
            );
        }
    }
    if let Some(flaw) = flaw {
        let mut checks = verdict.checks.iter();
        let evidence = checks
            .find(|check| check.id.as_str() == flaw.fails[0])
            .map(|check| check.evidence.as_slice())
            .unwrap_or_default();
        if !evidence.iter().any(|one| one.subject.ends_with(flaw.names)) {
            lines += &format!("no evidence names {}: {evidence:?}\n", flaw.names);
        }
    }
    lines
}
