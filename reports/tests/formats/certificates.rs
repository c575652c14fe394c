//! The unsigned certificates.

use std::collections::BTreeSet;

use reports::certificate::unsigned;

use crate::fixture;

#[test]
fn one_file_for_each_image_on_each_platform() {
    let files = unsigned(&fixture::two_platforms()).unwrap();
    let names: Vec<&str> = files.iter().map(|f| f.file_name.as_str()).collect();
    assert_eq!(
        names,
        [
            "python.oci.amd64.unsigned.json",
            "python.eks.amd64.unsigned.json",
            "nginx.oci.amd64.unsigned.json",
            "nginx.eks.amd64.unsigned.json",
        ]
    );
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn only_a_certified_run_passes() {
    for (name, report) in fixture::all() {
        for file in unsigned(&report).unwrap() {
            let statement: model::Statement = serde_json::from_str(&file.text).unwrap();
            assert_eq!(statement.kind, model::Statement::TYPE);
            let passed = statement.predicate.result == "PASSED";
            let may = match name {
                "certified" => true,
                // A check that was waived, as a superset of passed.
                "waived" => true,
                "two-platforms" => file.file_name.contains(".oci."),
                _ => false,
            };
            assert_eq!(passed, may, "{name}: {}", file.file_name);
        }
    }
}
