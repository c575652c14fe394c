//! Where the recorded cases and the real releases lie, or why a test is skipped without them.

use camino::Utf8PathBuf;

/// The folder `name` of the corpus. Without one the reason is printed and nothing returned; with
/// `corpus` in `CERTIFY_REQUIRE` that is a failure.
pub fn folder(name: &str) -> Option<Utf8PathBuf> {
    let root = match std::env::var("CERTIFY_CORPUS") {
        Ok(path) => Utf8PathBuf::from(path),
        Err(_) => Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == "corpus"),
        "the corpus is required but {folder} is absent"
    );
    println!("skipped (corpus): {folder} is absent, set CERTIFY_CORPUS to the corpus folder");
    None
}
