//! A journal cut off or changed anywhere never reads as a finished run.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use engine::journal::{Header, Journal, JournalWriter, Record, Trailer};
use model::{Arm, CellEnd, CellId, Digest, Environment, ExitCode, Outcome, RunId, Trial};

fn journal() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("journal")).unwrap();
    let writer = JournalWriter::create(&path).unwrap();
    let cell = CellId::new("x/oci/amd64/startup").unwrap();
    let host = Environment {
        kernel: "6.1".to_owned(),
        cpus: 2,
        memory_bytes: 1,
        load_start: 0.1,
        load_end: 0.1,
        privilege: "root".to_owned(),
    };
    let header = Header {
        schema: "certify.journal/v1".to_owned(),
        run: RunId::new("20261124-000000-abcdef").unwrap(),
        tool: "certify".to_owned(),
        build: "0".to_owned(),
        started: "2026-11-24T00:00:00Z".to_owned(),
        command: vec!["run".to_owned()],
        host,
    };
    writer.append(&Record::Header(header)).unwrap();
    let trial = Trial {
        cell: cell.clone(),
        attempt: 0,
        round: 3,
        position: 1,
        arm: Arm::Candidate,
        warmup: false,
        values: BTreeMap::from([("app_ready_ms".to_owned(), 62.1)]),
        rejected: None,
    };
    writer.append(&Record::Trial(trial)).unwrap();
    let intent = Record::Intent {
        object: "o".to_owned(),
        kind: "folder".to_owned(),
    };
    writer.append(&intent).unwrap();
    let end = CellEnd {
        cell,
        ended: Outcome::Pass,
        reason: None,
        residue: None,
    };
    writer.append(&Record::CellEnd(end)).unwrap();
    let trailer = Trailer {
        records: writer.records(),
        ended: "2026-11-24T00:01:00Z".to_owned(),
        duration_ms: 60_000,
        load_hundredths: 10,
        verdict: Digest::of(b""),
        exit_code: ExitCode::Certified,
    };
    writer.append(&Record::Trailer(trailer)).unwrap();
    fs_err::read(&path).unwrap()
}

#[test]
fn only_the_whole_journal_has_a_trailer() {
    let bytes = journal();
    assert!(Journal::parse(&bytes).trailer().is_some());
    for end in 0..bytes.len() {
        assert!(
            Journal::parse(&bytes[..end]).trailer().is_none(),
            "cut off at byte {end}"
        );
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let bytes = journal();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Journal::parse(&changed).trailer().is_none(), "byte {at}");
    }
}

#[test]
fn a_record_taken_out_or_added_is_noticed() {
    let bytes = journal();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for out in 0..lines.len() {
        let rest: Vec<u8> = lines
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != out)
            .flat_map(|(_, l)| l.to_vec())
            .collect();
        assert!(
            Journal::parse(&rest).trailer().is_none(),
            "without record {out}"
        );
    }
    let mut longer = bytes.clone();
    longer.extend_from_slice(lines[0]);
    assert!(Journal::parse(&longer).trailer().is_none());
}

#[test]
fn what_was_announced_and_not_removed_is_left_behind() {
    let left = Journal::parse(&journal()).left_behind();
    assert_eq!(left, [("o".to_owned(), "folder".to_owned())]);
}
