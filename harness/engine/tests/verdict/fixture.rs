//! A suite that says what the journal tells it to, and runs made of such cells.

use std::collections::BTreeMap;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use engine::journal::{Header, Journal, JournalWriter, Record};
use engine::{Judgement, Judging, ObserveError, Observing, Suite};
use model::*;

/// What each of the suite's checks says in one cell.
pub(crate) type Said = [Outcome; 2];

pub(crate) const FIRST: CheckInfo = info("FAKE-001");
pub(crate) const SECOND: CheckInfo = info("FAKE-002");

const fn info(id: &'static str) -> CheckInfo {
    CheckInfo {
        id,
        title: "a check",
        severity: Severity::High,
        method: Method::Behaviour,
        rationale: "r",
        procedure: "p",
        remediation: "m",
        references: &[],
        good_fixture: "g",
        bad_fixture: "b",
    }
}

/// Says what the observation of kind `said` holds.
pub(crate) struct Fake;

#[async_trait]
impl Suite for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn question(&self) -> &'static str {
        "?"
    }

    fn checks(&self) -> Vec<&'static CheckInfo> {
        vec![&FIRST, &SECOND]
    }

    fn explain(&self, _: &Profile) -> Vec<String> {
        Vec::new()
    }

    fn is_timed(&self) -> bool {
        false
    }

    fn self_comparisons(&self) -> u32 {
        0
    }

    async fn observe(&self, _: &Observing<'_>) -> Result<(), ObserveError> {
        Ok(())
    }

    fn invalid(&self, judging: &Judging<'_>) -> Option<String> {
        let broken = |o: &Observation| o.kind == "invalid";
        let seen = judging.samples.observations.iter().any(broken);
        seen.then(|| "the baseline differs from itself".to_owned())
    }

    fn judge(&self, judging: &Judging<'_>) -> Judgement {
        let said = judging
            .samples
            .observations
            .iter()
            .find(|o| o.kind == "said");
        let said: Vec<Outcome> = said.map_or_else(Vec::new, |o| {
            serde_json::from_value(o.body.clone()).unwrap()
        });
        let checks = [&FIRST, &SECOND].into_iter().zip(said);
        Judgement {
            measurements: vec![half()],
            checks: checks
                .map(|(info, outcome)| CheckResult::new(info, outcome, "as told"))
                .collect(),
            ..Judgement::default()
        }
    }
}

/// Half of what the baseline needs.
fn half() -> Measurement {
    let estimate = |level| Estimate {
        value: 0.5,
        low: 0.4,
        high: 0.6,
        level,
    };
    Measurement {
        metric: "fake.time".to_owned(),
        title: "t".to_owned(),
        unit: "ms".to_owned(),
        arm_a: Arm::Candidate,
        arm_b: Arm::Baseline,
        n: 20,
        rejected: 0,
        median_a: 1.0,
        median_b: 2.0,
        ratio: Some(estimate(0.95)),
        ratio_90: Some(estimate(0.90)),
        detectable: None,
        limit: None,
        method: "m".to_owned(),
        series: Vec::new(),
    }
}

/// A run whose cells end as told.
pub(crate) struct Told {
    pub(crate) plan: Plan,
    records: Vec<Record>,
}

const PROFILE: &str = "name: fake\nsummary: s\nmargin: {oci: 0.1, kubernetes: 0.1}\n\
    repeat_invalid_session: 0\n\
    startup: {warmup_rounds: 1, min_rounds: 6, plan_rounds: 6, half_width_of_margin: 0.4, \
    settle_ms: 1, ready_deadline_ms: 1}\n\
    density: {steps: [1, 2, 3], passes: 1, settle_ms: 1}\n\
    immutability: {load_ms: 1, load_connections: 1}\n\
    levels: {L1: [FAKE-001], L2: [FAKE-002]}\nclaims:\n  - {id: faster, text: faster, source: ad, \
    audit: {lower: {metric: fake.time, by: 0.2, equivalence: 0.05}}}\n\
    controls: {static_only: [], run_time: {oci: {}, kubernetes: {}}, startup_rounds: 6, \
    density: {steps: [1, 2, 3], passes: 1, settle_ms: 1}}\n";

impl Told {
    /// A run without cells on one platform of the given standing.
    pub(crate) fn on(standing: Standing) -> Self {
        let profile = Profile::from_yaml("fake.yaml", PROFILE).unwrap();
        let session = PlatformFacts {
            platform: PlatformName::new("oci").unwrap(),
            family: PlatformFamily::Oci,
            standing,
            summary: "s".to_owned(),
            facts: [].into(),
            cannot_measure: [].into(),
        };
        Self {
            plan: Plan {
                schema: 1,
                profile_digest: profile.digest(),
                profile,
                images: Vec::new(),
                cells: Vec::new(),
                not_selected: Vec::new(),
                own: Vec::new(),
            },
            records: vec![Record::Session(session)],
        }
    }

    /// The same with a waiver.
    pub(crate) fn waiving(mut self, check: &str, image: &str, expires: &str) -> Self {
        self.plan.profile.waivers.push(Waiver {
            id: "W-1".to_owned(),
            check: CheckId::new(check).unwrap(),
            image: ImageName::new(image).unwrap(),
            reason: "known".to_owned(),
            expires: expires.to_owned(),
        });
        self
    }

    /// The same with a spec that says itself that the planned image `name` fails `check`.
    pub(crate) fn stating(mut self, name: &str, check: &str, why: &str) -> Self {
        let mut images = self.plan.images.iter_mut();
        let image = images.find(|image| image.name.as_str() == name).unwrap();
        let check = CheckId::new(check).unwrap();
        image.falls_short.insert(check, why.to_owned());
        self
    }

    /// A subject whose checks say this.
    pub(crate) fn subject(self, name: &str, said: Said) -> Self {
        self.cell(name, Role::Subject, &[])
            .ended(name, Outcome::Pass, Some(said))
    }

    /// A control that must fail by `must_fail` and whose checks say this.
    pub(crate) fn control(self, name: &str, must_fail: &[&str], said: Said) -> Self {
        self.cell(name, Role::Control, must_fail)
            .ended(name, Outcome::Pass, Some(said))
    }

    /// A planned cell of which nothing was heard.
    pub(crate) fn cell(mut self, name: &str, role: Role, must_fail: &[&str]) -> Self {
        let image = ImageName::new(name).unwrap();
        let check = |id: &&str| CheckId::new(*id).unwrap();
        self.plan.images.push(PlannedImage {
            name: image.clone(),
            role,
            summary: String::new(),
            spec_digest: Digest::of(name.as_bytes()),
            falls_short: BTreeMap::new(),
            must_fail: must_fail.iter().map(check).collect(),
            may_fail: Vec::new(),
            flaw: (role == Role::Control).then(|| "a flaw".to_owned()),
        });
        let (platform, suite) = (
            PlatformName::new("oci").unwrap(),
            SuiteName::new("fake").unwrap(),
        );
        self.plan.cells.push(PlannedCell {
            id: CellId::of(&image, &platform, Arch::Amd64, &suite),
            image,
            platform,
            family: model::PlatformFamily::Oci,
            arch: Arch::Amd64,
            suite,
            role,
            checks: [FIRST.id, SECOND.id]
                .map(|id| PlannedCheck {
                    id: CheckId::new(id).unwrap(),
                    inapplicable: None,
                })
                .into(),
            needs_session: true,
            margin: 0.1,
        });
        self
    }

    /// The end of a planned cell; what its checks said is recorded before it, if they did.
    pub(crate) fn ended(mut self, name: &str, ended: Outcome, said: Option<Said>) -> Self {
        let planned = self.plan.cells.iter().find(|c| c.image.as_str() == name);
        let cell = planned.unwrap().id.clone();
        self.records.push(Record::Image(image(name)));
        if let Some(said) = said {
            self.records.push(Record::Observation(Observation {
                cell: cell.clone(),
                attempt: 0,
                kind: "said".to_owned(),
                body: serde_json::to_value(said).unwrap(),
            }));
        }
        self.records.push(Record::CellEnd(CellEnd {
            cell,
            ended,
            reason: None,
            residue: None,
        }));
        self
    }

    /// The session of a cell was invalid.
    pub(crate) fn spoiled(mut self, name: &str) -> Self {
        let planned = self.plan.cells.iter().find(|c| c.image.as_str() == name);
        let cell = planned.unwrap().id.clone();
        self.records.push(Record::Observation(Observation {
            cell,
            attempt: 0,
            kind: "invalid".to_owned(),
            body: serde_json::Value::Null,
        }));
        self
    }

    /// Something that was made and never removed.
    pub(crate) fn leaving(mut self, object: &str) -> Self {
        self.records.push(Record::Intent {
            object: object.to_owned(),
            kind: "cgroup".to_owned(),
        });
        self
    }

    /// The verdict, through a real journal. The run started on 2026-11-24.
    pub(crate) fn verdict(&self) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("journal")).unwrap();
        let writer = JournalWriter::create(&path).unwrap();
        writer.append(&Record::Header(header())).unwrap();
        writer.append(&Record::Plan(self.plan.clone())).unwrap();
        for record in &self.records {
            writer.append(record).unwrap();
        }
        engine::judge(&self.plan, &Journal::read(&path).unwrap(), &[&Fake])
    }
}

fn header() -> Header {
    Header {
        schema: "certify.journal/v1".to_owned(),
        run: RunId::new("20261124-000000-abcdef").unwrap(),
        tool: "certify".to_owned(),
        build: "0".to_owned(),
        started: "2026-11-24T00:00:00Z".to_owned(),
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

fn image(name: &str) -> ImageFacts {
    let digest = Digest::of(name.as_bytes());
    ImageFacts {
        image: ImageName::new(name).unwrap(),
        arm: Arm::Candidate,
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
