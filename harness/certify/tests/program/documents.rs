//! A run's documents about what it certified: they lie where the report says, and are what it says.

use model::{Digest, ImageFacts};

use crate::scene::{Ended, Scene};

#[test]
fn the_report_names_and_links_the_documents_of_the_candidate() {
    let Some(scene) = Scene::new() else { return };
    Ended::of(scene.job("tiny", "immutability", "out")).assert(0, &[]);
    let read = |name: &str| std::fs::read_to_string(scene.path("out").join(name)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    let candidate = &report["subjects"][0]["candidate"];
    let facts: ImageFacts = serde_json::from_value(candidate.clone()).unwrap();
    let (page, text) = (read("report.html"), read("report.md"));
    let files = facts
        .documents
        .iter()
        .filter(|facts| !facts.path.ends_with('/'));
    let mut count = 0;
    for document in files {
        assert_eq!(Digest::of(read(&document.path).as_bytes()), document.digest);
        assert!(
            page.contains(&format!("href=\"{}\"", document.path)),
            "{}",
            document.path
        );
        assert!(
            text.contains(&format!("]({})", document.path)),
            "{}",
            document.path
        );
        count += 1;
    }
    assert!(count >= 4, "{:?}", facts.documents);
    assert!(
        facts
            .documents
            .iter()
            .any(|facts| facts.path.ends_with("/metadata/status.d/"))
    );
}
