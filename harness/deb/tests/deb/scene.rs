//! What most tests need: a folder, an archive in it, a server over it, a fetcher with a cache.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use deb::{AddressBook, Archive, ArchiveSpec, Fetcher, Keyring, OpenError, Pace, Store};
use jiff::Timestamp;
use model::Arch;
use testkit::{ArchiveBuilder, ArchiveKey, KeyPlan, Server, SignPlan, SuiteBuilder};

/// Two days after the date of made suites.
pub(crate) const NOW: &str = "2026-11-23T09:15:44Z";

/// When made texts are signed: at the date of made suites.
pub(crate) const SIGNED: u32 = 1_795_252_544;

/// Quick enough for tests that must fail.
pub(crate) const PACE: Pace = Pace {
    parallel: 8,
    tries: 3,
    pause: Duration::from_millis(5),
    deadline: Duration::from_millis(2000),
    lock_deadline: Duration::from_secs(20),
};

pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: ArchiveKey,
    pub(crate) server: Server,
}

impl Scene {
    /// Writes the archive that `suites` describe, signed by a fresh key, and serves it.
    pub(crate) fn new(suites: impl IntoIterator<Item = SuiteBuilder>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = ArchiveKey::make(&KeyPlan::PLAIN);
        let root = Utf8Path::from_path(folder.path()).unwrap().join("archive");
        let mut archive = ArchiveBuilder::new(&key, SignPlan::at(SIGNED));
        for suite in suites {
            archive = archive.suite(suite);
        }
        archive.write(&root);
        let server = Server::start(&root);
        Self {
            folder,
            key,
            server,
        }
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path("cache"), 1 << 30).unwrap()
    }

    pub(crate) fn fetcher(&self) -> Fetcher {
        fetcher(self.store(), PACE)
    }

    pub(crate) fn spec(&self, suites: &[&str]) -> ArchiveSpec {
        spec(
            "test",
            suites,
            Keyring::read(self.key.armored().as_bytes()).unwrap(),
        )
    }

    pub(crate) fn book(&self) -> AddressBook {
        AddressBook::read(&[self.server.address()], None, None).unwrap()
    }

    pub(crate) async fn open(&self, spec: ArchiveSpec) -> Result<Archive, OpenError> {
        open(&[spec], &self.book(), &self.fetcher()).await
    }
}

pub(crate) async fn open(
    specs: &[ArchiveSpec],
    book: &AddressBook,
    fetcher: &Fetcher,
) -> Result<Archive, OpenError> {
    deb::open(specs, book, (Arch::Amd64, now()), fetcher).await
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn fetcher(store: Store, pace: Pace) -> Fetcher {
    let client = deb::client(&deb::Proxies::ENVIRONMENT).unwrap();
    Fetcher::new(client, store, pace, deb::silent())
}

pub(crate) fn spec(name: &str, suites: &[&str], keys: Keyring) -> ArchiveSpec {
    ArchiveSpec {
        name: name.to_owned(),
        suites: suites.iter().map(|s| (*s).to_owned()).collect(),
        components: vec!["main".to_owned()],
        component_prefix: None,
        label: Some("Test".to_owned()),
        origin: Some("Test".to_owned()),
        keys,
        version_group: None,
        priority: 1,
    }
}

/// All files below a folder, by path from it.
pub(crate) fn files(folder: &Utf8Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs_err::read_dir(&at).unwrap() {
            let path = Utf8PathBuf::from_path_buf(entry.unwrap().path()).unwrap();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_string()),
            }
        }
    }
    found.sort();
    found
}
