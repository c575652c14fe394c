//! The disk check, from figures of images alone.

#![allow(missing_docs, clippy::unwrap_used)]

use engine::{Judging, Suite};
use model::{
    Arch, Arm, CellId, Digest, ImageFacts, ImageName, Outcome, PlannedCell, PlatformName, Profile,
    Role, Samples, SuiteName,
};

fn facts(arm: Arm, file_bytes: u64) -> ImageFacts {
    ImageFacts {
        image: ImageName::new("web").unwrap(),
        arm,
        arch: Arch::Amd64,
        manifest: Digest::of(b"manifest"),
        config: Digest::of(b"config"),
        tree: Digest::of(b"tree"),
        compressed_bytes: 1,
        layer_bytes: 1,
        file_bytes,
        entries: 1,
        layers: Vec::new(),
        packages: Vec::new(),
        slices: Vec::new(),
        origin: String::new(),
        notes: Vec::new(),
        documents: Vec::new(),
    }
}

/// What becomes of the disk check with these bytes of files; the margin is 15 %.
fn disk(candidate: u64, baseline: Option<u64>) -> Outcome {
    let mut suites = suites::SUITES.iter();
    let suite: &dyn Suite = *suites.find(|suite| suite.name() == "density").unwrap();
    let (name, text) = suites::PROFILES[0];
    let cell = PlannedCell {
        id: CellId::new("web/oci/amd64/density").unwrap(),
        image: ImageName::new("web").unwrap(),
        platform: PlatformName::new("oci").unwrap(),
        family: model::PlatformFamily::Oci,
        arch: Arch::Amd64,
        suite: SuiteName::new("density").unwrap(),
        role: Role::Subject,
        checks: Vec::new(),
        needs_session: true,
        margin: 0.15,
    };
    let baseline = baseline.map(|bytes| facts(Arm::Baseline, bytes));
    let judgement = suite.judge(&Judging {
        cell: &cell,
        profile: &Profile::from_yaml(name, text).unwrap(),
        samples: &Samples::default(),
        candidate: &facts(Arm::Candidate, candidate),
        baseline: baseline.as_ref(),
        platform: None,
        self_comparisons: 1,
    });
    let mut checks = judgement.checks.iter();
    let found = checks.find(|check| check.id.as_str() == "density.disk.image");
    found.unwrap().outcome
}

#[test]
fn an_image_may_not_need_more_disk_than_its_baseline() {
    assert_eq!(disk(100, Some(300)), Outcome::Pass);
    assert_eq!(disk(114, Some(100)), Outcome::Pass, "within the margin");
    let flaw = "a baseline smaller than the candidate";
    assert_eq!(disk(116, Some(100)), Outcome::Fail, "{flaw}");
    assert_eq!(disk(100, None), Outcome::Blocked, "nothing to compare with");
}
