//! Every run-time check against documents of a real good container (valkey on the embedded
//! runtime, as the probe printed them) and against the same with one flaw put in.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use engine::{Judgement, Judging, Suite};
use model::{
    Arch, Arm, CellEnd, CellId, Digest, ImageFacts, ImageName, Observation, Outcome, PlannedCell,
    PlannedCheck, PlatformName, Profile, Role, Samples, SuiteName,
};
use serde_json::{Value, json};

const GOOD: &str = include_str!("data/valkey.json");

fn suite() -> &'static dyn Suite {
    *suites::SUITES
        .iter()
        .find(|suite| suite.name() == "immutability")
        .unwrap()
}

fn facts() -> ImageFacts {
    ImageFacts {
        image: ImageName::new("valkey").unwrap(),
        arm: Arm::Candidate,
        arch: Arch::Amd64,
        manifest: Digest::of(b"manifest"),
        config: Digest::of(b"config"),
        tree: Digest::of(b"tree"),
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

fn judge(documents: &Value) -> Judgement {
    let cell_id = CellId::new("valkey/oci/amd64/immutability").unwrap();
    let cell = PlannedCell {
        id: cell_id.clone(),
        image: ImageName::new("valkey").unwrap(),
        platform: PlatformName::new("oci").unwrap(),
        family: model::PlatformFamily::Oci,
        arch: Arch::Amd64,
        suite: SuiteName::new("immutability").unwrap(),
        role: Role::Subject,
        checks: suite()
            .checks()
            .iter()
            .filter(|info| documents.get("admission").is_some() || !suites::is_of_clusters(info.id))
            .map(|info| PlannedCheck {
                id: info.check_id(),
                inapplicable: None,
            })
            .collect(),
        needs_session: true,
        margin: 0.15,
    };
    let observations = documents
        .as_object()
        .unwrap()
        .iter()
        .map(|(kind, body)| Observation {
            cell: cell_id.clone(),
            attempt: 0,
            kind: kind.clone(),
            body: body.clone(),
        })
        .collect();
    let end = CellEnd {
        cell: cell_id,
        ended: Outcome::Pass,
        reason: None,
        residue: None,
    };
    let samples = Samples {
        trials: Vec::new(),
        observations,
        end: Some(end),
    };
    let (name, text) = suites::PROFILES[0];
    let profile = Profile::from_yaml(name, text).unwrap();
    suite().judge(&Judging {
        cell: &cell,
        profile: &profile,
        samples: &samples,
        candidate: &facts(),
        baseline: None,
        platform: None,
        self_comparisons: 1,
    })
}

fn failed(judgement: &Judgement) -> Vec<&str> {
    judgement
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .map(|check| check.id.as_str())
        .collect()
}

#[test]
fn a_good_container_passes_every_check() {
    let judgement = judge(&serde_json::from_str(GOOD).unwrap());
    let off_cluster = |info: &&&model::CheckInfo| !suites::is_of_clusters(info.id);
    let all = suite().checks().iter().filter(off_cluster).count();
    let passed = judgement
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Pass)
        .count();
    assert_eq!(passed, all, "{:?}", judgement.checks);
}

/// A flaw: the check that must find it, where it is put, what is put there.
type Flaw = (&'static str, &'static str, fn() -> Value);

const FLAWS: &[Flaw] = &[
    ("IMM-101", "/attempts/execute/0/result", || {
        json!("executed")
    }),
    (
        "IMM-105",
        "/attempts/calls/become_root",
        || json!({"result": "allowed"}),
    ),
    (
        "IMM-105",
        "/attempts/calls/mount",
        || json!({"result": "allowed"}),
    ),
    (
        "IMM-105",
        "/attempts/calls/new_user_namespace",
        || json!({"result": "allowed"}),
    ),
    ("IMM-107", "/attempts/directories/writable/0/path", || {
        json!("/usr/lib")
    }),
    ("IMM-107", "/attempts/directories/unlisted", || {
        json!(["/opt"])
    }),
    ("IMM-107", "/attempts/stopped", || json!("deadline")),
    (
        "IMM-107",
        "/attempts/files/writable",
        || json!([{"path": "/usr/bin/x", "mode": 493, "uid": 1, "gid": 1, "because": "elf"}]),
    ),
    ("IMM-108", "/facts/tasks/0/status/uids/effective", || {
        json!(0)
    }),
    ("IMM-108", "/facts/tasks/0/status/uids/saved", || json!(1)),
    ("IMM-109", "/facts/status/capabilities/effective", || {
        json!(1024)
    }),
    ("IMM-109", "/facts/status/capabilities/bounding", || {
        json!(1)
    }),
    ("IMM-110", "/facts/status/no_new_privs", || json!(false)),
    ("IMM-110", "/facts/status/no_new_privs", || Value::Null),
    ("IMM-111", "/facts/status/seccomp", || json!(0)),
    ("IMM-111", "/facts/status/seccomp", || Value::Null),
    ("IMM-112", "/served/load_failed", || json!(1)),
    ("IMM-112", "/served/wrong", || json!(["no answer"])),
    (
        "IMM-113",
        "/drift/during",
        || json!([{"path": "/etc/x", "how": "new"}]),
    ),
    (
        "IMM-113",
        "/drift/from_image",
        || json!([{"path": "/etc/x", "how": "other content"}]),
    ),
    ("IMM-113", "/drift/unreadable", || json!(["/etc/shadow"])),
    (
        "IMM-114",
        "/attempts/directories/writable/0/dropped_program",
        || json!("executed"),
    ),
    ("IMM-116", "/stopped/killed", || json!(true)),
    ("IMM-116", "/stopped/status", || json!(1)),
];

#[test]
fn each_flaw_is_found_by_its_check_and_by_no_other() {
    for (check, pointer, flaw) in FLAWS {
        let mut documents: Value = serde_json::from_str(GOOD).unwrap();
        *documents.pointer_mut(pointer).expect(pointer) = flaw();
        assert_eq!(failed(&judge(&documents)), [*check], "{pointer}");
    }
}

#[test]
fn an_undeclared_interpreter_is_found() {
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    let tried = documents["attempts"]["execute"].as_array_mut().unwrap();
    let perl = tried
        .iter_mut()
        .find(|attempt| attempt["path"] == "/usr/bin/perl")
        .unwrap();
    perl["result"] = json!("executed");
    assert_eq!(failed(&judge(&documents)), ["IMM-102"]);
}

/// What an attempt was allowed without the container's own filter says nothing about the container.
#[test]
fn without_the_filter_an_allowed_call_is_not_decided() {
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    documents["attempts"]["identity"]["seccomp"] = json!({"not-copied": "not root"});
    assert_eq!(failed(&judge(&documents)), [""; 0]);
    documents["attempts"]["calls"]["new_user_namespace"] = json!({"result": "allowed"});
    let judgement = judge(&documents);
    assert_eq!(failed(&judgement), [""; 0]);
    let blocked = judgement
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Blocked)
        .map(|check| check.id.as_str());
    assert_eq!(blocked.collect::<Vec<_>>(), ["IMM-105"]);
}

#[test]
fn a_program_that_lends_roots_rights_is_found_where_the_kernel_heeds_it() {
    let lends = json!({"path": "/srv/lends", "mode": 2541, "uid": 0, "gid": 0,
        "mount_options": ["ro"]});
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    documents["attempts"]["files"]["set_ids"] = json!([lends]);
    assert_eq!(failed(&judge(&documents)), [""; 0], "no_new_privs is set");
    documents["facts"]["status"]["no_new_privs"] = json!(false);
    assert_eq!(failed(&judge(&documents)), ["IMM-105", "IMM-110"]);
    documents["attempts"]["files"]["set_ids"][0]["mount_options"] = json!(["ro", "nosuid"]);
    assert_eq!(failed(&judge(&documents)), ["IMM-110"]);
}

#[test]
fn a_root_that_is_not_read_only_is_found() {
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    let mounts = documents["facts"]["mounts"].as_array_mut().unwrap();
    let root = mounts
        .iter_mut()
        .rfind(|mount| mount["point"] == "/")
        .unwrap();
    root["options"] = json!(["rw", "relatime"]);
    assert_eq!(failed(&judge(&documents)), ["IMM-112"]);
}

#[test]
fn a_missing_document_is_never_a_pass() {
    for kind in [
        "facts", "attempts", "served", "drift", "stopped", "declared",
    ] {
        let mut documents: Value = serde_json::from_str(GOOD).unwrap();
        documents.as_object_mut().unwrap().remove(kind);
        let judgement = judge(&documents);
        let shown = judgement
            .checks
            .iter()
            .any(|check| check.id.as_str().starts_with("IMM-1") && check.outcome == Outcome::Pass);
        assert!(!shown, "without {kind}");
    }
}

/// The documents of a good container on a cluster, with this said of it.
fn on_cluster(admission: &Value) -> Value {
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    documents["admission"] = admission.clone();
    documents
}

fn admitted() -> Value {
    json!({
        "policy": {"standard": "Pod Security restricted:latest", "enforced": true,
            "words": "pods \"privileged\" is forbidden"},
        "impostor": null, "image_id": "sha256:aa", "node": "worker", "restarts": 0,
    })
}

fn outcome(judgement: &Judgement, id: &str) -> Outcome {
    let mut checks = judgement.checks.iter();
    checks
        .find(|check| check.id.as_str() == id)
        .unwrap()
        .outcome
}

#[test]
fn a_clusters_words_are_judged() {
    let good = judge(&on_cluster(&admitted()));
    assert_eq!(failed(&good), [""; 0]);
    assert_eq!(outcome(&good, "KUB-001"), Outcome::Pass);
    assert_eq!(outcome(&good, "KUB-002"), Outcome::Pass);
    let mut other = admitted();
    other["impostor"] = json!("it ran sha256:bb instead of sha256:aa");
    assert_eq!(failed(&judge(&on_cluster(&other))), ["KUB-002"]);
    // A policy that refuses nothing shows nothing.
    let mut lax = admitted();
    lax["policy"]["enforced"] = json!(false);
    let judgement = judge(&on_cluster(&lax));
    assert_eq!(outcome(&judgement, "KUB-001"), Outcome::Blocked);
}

#[test]
fn what_the_cluster_refuses_fails_by_that_alone() {
    let mut documents: Value = serde_json::from_str(GOOD).unwrap();
    documents["refused"] = json!("violates PodSecurity \"restricted:latest\": runAsUser=0");
    documents["not-ready"] = json!({"why": "refused", "output": ""});
    let judgement = judge(&documents);
    assert_eq!(failed(&judgement), ["KUB-001"]);
    assert_eq!(outcome(&judgement, "KUB-002"), Outcome::Blocked);
    assert_eq!(outcome(&judgement, "IMM-112"), Outcome::Blocked);
}
