//! The archives of a release, opened: where packages of a cut come from.

use anyhow::{Context, Result};
use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{ArchiveSource, PackageRecord, PackageSource, Release};
use deb::{AddressBook, Fetcher, Pace, Store};
use engine::clock::Clock;
use model::Arch;
use tokio::runtime::Runtime;

/// Most bytes of packages and indexes kept between runs.
const CACHE_BYTES: u64 = 4 << 30;

/// Opened archives: a source of packages.
pub struct Archives {
    source: ArchiveSource,
    fetcher: Fetcher,
    runtime: Runtime,
}

impl Archives {
    /// Opens the archives of `release`: at `mirrors`, then `CERTIFY_MIRROR`, then the host's apt
    /// sources; the first address whose signed index is the right one. Downloads are kept in
    /// [`cache`].
    pub fn open(release: &Release, mirrors: &[String], arch: Arch, clock: Clock) -> Result<Self> {
        Self::open_keeping(&cache(), release, mirrors, arch, clock)
    }

    /// The same, with downloads kept in the folder `cache`.
    pub fn open_keeping(
        cache: &Utf8Path,
        release: &Release,
        mirrors: &[String],
        arch: Arch,
        clock: Clock,
    ) -> Result<Self> {
        let environment = std::env::var("CERTIFY_MIRROR").ok();
        let root = Utf8Path::new("/");
        let book = AddressBook::read(mirrors, environment.as_deref(), Some(root))?;
        let specs = chisel::archive_specs(release, |_| true)?;
        let client = deb::client(&deb::apt_proxies(root))?;
        let store = Store::open(cache, CACHE_BYTES)?;
        let fetcher = Fetcher::new(client, store.clone(), Pace::STANDARD, deb::silent());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("starting the download threads")?;
        let now = clock.utc();
        let archive = runtime.block_on(deb::open(&specs, &book, (arch, now), &fetcher))?;
        Ok(Self {
            source: ArchiveSource::new(archive, store),
            fetcher,
            runtime,
        })
    }

    /// The opened archives themselves.
    pub const fn archive(&self) -> &deb::Archive {
        self.source.archive()
    }

    /// Suites and the dates of their signed indexes, for people.
    pub fn origin(&self) -> String {
        let suites: Vec<String> = self
            .archive()
            .suites()
            .iter()
            .map(|suite| format!("{} of {}", suite.suite, suite.release.date))
            .collect();
        suites.join(", ")
    }

    /// Downloads packages in parallel, so that a cut finds them in the cache.
    pub fn fetch(&self, records: &[PackageRecord]) -> Result<()> {
        Ok(self
            .runtime
            .block_on(self.source.fetch(records, &self.fetcher))?)
    }
}

impl PackageSource for Archives {
    fn lookup(
        &self,
        name: &str,
        arch: Arch,
        pin: Option<&str>,
    ) -> chisel::Result<Option<PackageRecord>> {
        self.source.lookup(name, arch, pin)
    }

    fn open(&self, record: &PackageRecord) -> chisel::Result<Bytes> {
        self.source.open(record)
    }
}

/// Where downloads are kept: `$XDG_CACHE_HOME/certify`, else `~/.cache/certify`.
pub fn cache() -> Utf8PathBuf {
    let base = std::env::var("XDG_CACHE_HOME")
        .ok()
        .filter(|text| text.starts_with('/'));
    let home = || {
        format!(
            "{}/.cache",
            std::env::var("HOME").unwrap_or_else(|_| "/tmp".to_owned())
        )
    };
    Utf8PathBuf::from(base.unwrap_or_else(home)).join("certify")
}
