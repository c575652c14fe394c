//! The host's real archive, through its apt sources. Class `archive`.

use camino::Utf8Path;
use deb::{
    AddressBook, Archive, ArchiveSpec, DebReader, EntryKind, Fetcher, Keyring, Limits, Pace, Store,
};
use fs_err as fs;
use model::Arch;

/// The archives of Debian 13, with the keys of the shipped release.
fn specs() -> Vec<ArchiveSpec> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../releases/debian-13/keys");
    let files = fs::read_dir(folder).unwrap();
    let keys = files.map(|file| fs::read(file.unwrap().path()).unwrap());
    let keys = Keyring::read_all(keys).unwrap();
    let spec = |name: &str, suites: &[&str], label: &str, prefix: Option<&str>| ArchiveSpec {
        name: name.to_owned(),
        suites: suites.iter().map(|s| (*s).to_owned()).collect(),
        components: vec!["main".to_owned()],
        component_prefix: prefix.map(str::to_owned),
        label: Some(label.to_owned()),
        origin: Some("Debian".to_owned()),
        keys: keys.clone(),
        version_group: Some("debian".to_owned()),
        priority: 10,
    };
    vec![
        spec("debian", &["trixie", "trixie-updates"], "Debian", None),
        spec(
            "debian-security",
            &["trixie-security"],
            "Debian-Security",
            Some("updates"),
        ),
    ]
}

async fn open(store: &Store, book: &AddressBook) -> (Archive, Fetcher) {
    let proxies = deb::apt_proxies(Utf8Path::new("/"));
    let client = deb::client(&proxies).unwrap();
    let fetcher = Fetcher::new(client, store.clone(), Pace::STANDARD, deb::silent());
    let arch = Arch::host().unwrap();
    let now = jiff::Timestamp::now();
    let archive = deb::open(&specs(), book, (arch, now), &fetcher).await;
    (archive.unwrap_or_else(|e| panic!("{e}")), fetcher)
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_trixie_finds_python_and_reads_a_package() {
    let environment = std::env::var("CERTIFY_MIRROR").ok();
    let book = AddressBook::read(&[], environment.as_deref(), Some(Utf8Path::new("/"))).unwrap();
    if book.candidates("debian").is_empty() {
        let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|class| class.trim() == "archive"),
            "class `archive` is required, but no apt source and no CERTIFY_MIRROR names an archive"
        );
        println!("skipped (archive): no apt source of this host; set CERTIFY_MIRROR");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = match std::env::var("DEB_TEST_CACHE") {
        Ok(kept) => kept.into(),
        Err(_) => Utf8Path::from_path(folder.path()).unwrap().to_owned(),
    };
    let store = Store::open(&folder, 10 << 30).unwrap();
    let start = std::time::Instant::now();
    let (archive, fetcher) = open(&store, &book).await;
    println!("first open {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let (again, _) = open(&store, &book).await;
    println!("second open {:?}", start.elapsed());
    assert_eq!(archive.suites().len(), 3);
    let python = archive.find("python3.13").unwrap();
    assert_eq!(again.find("python3.13").as_ref(), Some(&python));
    assert_eq!(python.package.source, "python3.13");

    let start = std::time::Instant::now();
    let closure = deb::closure(["python3.13"], &archive).unwrap();
    let names: Vec<_> = closure.iter().map(|o| o.package.name.as_str()).collect();
    println!(
        "python3.13 needs {} packages ({:?}): {names:?}",
        names.len(),
        start.elapsed()
    );
    assert!(names.contains(&"libc6") && names.contains(&"libpython3.13-stdlib"));
    let start = std::time::Instant::now();
    let minbase = deb::minbase(&archive).unwrap();
    let names: Vec<_> = minbase.iter().map(|o| o.package.name.as_str()).collect();
    println!(
        "minbase has {} packages ({:?}): {names:?}",
        names.len(),
        start.elapsed()
    );

    let minimal = archive.find("libpython3.13-minimal").unwrap();
    let bytes = minimal.fetch(&fetcher).await.unwrap();
    let start = std::time::Instant::now();
    let package = DebReader::read("libpython3.13-minimal", &bytes, &Limits::PACKAGE).unwrap();
    println!("read {} packed bytes in {:?}", bytes.len(), start.elapsed());
    let files = package
        .entries()
        .iter()
        .filter(|e| matches!(e.kind, EntryKind::File(_)));
    assert!(files.count() > 100);
    assert!(package.control().contains("Package: libpython3.13-minimal"));
}
