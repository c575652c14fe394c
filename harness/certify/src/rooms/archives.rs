//! The archives of a release, opened: where packages of a cut come from.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{ArchiveSource, Ignored, PackageRecord, PackageSource, Release};
use deb::{AddressBook, AptSources, Fetcher, Pace, Store};
use engine::clock::Clock;
use model::Arch;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::places::Places;
use crate::host;
use crate::shipped::Shelf;

/// Most bytes of packages and indexes kept between runs.
const CACHE_BYTES: u64 = 4 << 30;

/// What the user says about archives: their addresses, on the command line and in `certify.yaml`,
/// and whether a release that nobody maintains is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrors {
    options: Vec<String>,
    configured: Vec<String>,
    apt: AptSources,
    ignored: Vec<Ignored>,
}

impl Mirrors {
    /// `--mirror` values, then those of the user's `certify.yaml`. An address that cannot be read
    /// is refused here, before anything is fetched; `CERTIFY_MIRROR` is looked at too.
    pub fn read(options: &[String], shelf: &Shelf) -> Result<Self> {
        let configured = match shelf.configuration()? {
            Some((_, configuration)) => configuration.mirrors.unwrap_or_default(),
            None => Vec::new(),
        };
        let mirrors = Self {
            options: options.to_vec(),
            configured,
            apt: AptSources::First,
            ignored: Vec::new(),
        };
        mirrors.book(None)?;
        Ok(mirrors)
    }

    /// The same for a verb of the reference tool: the host's apt sources are looked at only for
    /// releases whose format implies no address.
    #[must_use]
    pub const fn as_the_reference(mut self) -> Self {
        self.apt = AptSources::WithoutStandard;
        self
    }

    /// The same for releases outside their maintained time, as far as `ignored` says.
    #[must_use]
    pub fn ignoring(mut self, ignored: &[Ignored]) -> Self {
        self.ignored = ignored.to_vec();
        self
    }

    /// All addresses that the user and the host's apt sources below `root` name.
    pub(super) fn book(&self, root: Option<&Utf8Path>) -> Result<AddressBook> {
        let environment = std::env::var("CERTIFY_MIRROR").ok();
        let book = AddressBook::read(&self.options, environment.as_deref(), root)?;
        Ok(book.configured(&self.configured)?.apt_sources(self.apt))
    }
}

/// Opened archives: a source of packages.
pub struct Archives {
    source: ArchiveSource,
    fetcher: Fetcher,
    runtime: Runtime,
    stop: CancellationToken,
    notes: Vec<String>,
}

impl Archives {
    /// Opens the archives of `release`: the first address whose signed index is the right one, of
    /// `mirrors`, `CERTIFY_MIRROR`, the host's apt sources, and what the release's format implies.
    /// Downloads are kept in the folder `cache`. `stop` ends this and every later download early;
    /// what was half-downloaded is removed.
    ///
    /// A release outside its maintained time is refused with a [`chisel::Error`] unless `mirrors`
    /// say that this is to be ignored.
    pub fn open(
        cache: &Utf8Path,
        release: &Release,
        mirrors: &Mirrors,
        (arch, clock): (Arch, Clock),
        stop: &CancellationToken,
    ) -> Result<Self> {
        let root = host::root();
        let now = clock.utc();
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let places = Places::of(release, mirrors, (arch, today), &root)?;
        let usable = |archive: &chisel::Archive| places.is_usable(archive);
        release.check_maintained(today, &mirrors.ignored, usable)?;
        let specs = chisel::archive_specs(release, usable)?;
        let client = deb::client(&deb::apt_proxies(&root))?;
        let store = Store::open(cache, CACHE_BYTES)?;
        let fetcher = Fetcher::new(client, store.clone(), Pace::STANDARD, deb::silent());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("starting the download threads")?;
        let opening = deb::open(&specs, &places.book, (arch, now), &fetcher);
        let Some(opened) = runtime.block_on(stop.run_until_cancelled(opening)) else {
            bail!("opening the archives of {}: interrupted", release.name);
        };
        Ok(Self {
            source: ArchiveSource::new(opened?, store),
            fetcher,
            runtime,
            stop: stop.clone(),
            notes: places.notes,
        })
    }

    /// What people should know of them, such as an archive that was left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The opened archives themselves.
    pub const fn archive(&self) -> &deb::Archive {
        self.source.archive()
    }

    /// The state of the opened suites, for a lock.
    pub fn locked_suites(&self) -> Vec<chisel::LockedSuite> {
        self.source.locked_suites()
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
        let fetching = self.source.fetch(records, &self.fetcher);
        match self
            .runtime
            .block_on(self.stop.run_until_cancelled(fetching))
        {
            Some(fetched) => Ok(fetched?),
            None => bail!("downloading packages: interrupted"),
        }
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

    fn why_missing(&self, name: &str) -> Option<String> {
        self.source.why_missing(name)
    }

    fn versions(
        &self,
        name: &str,
        arch: Arch,
        pin: Option<&str>,
    ) -> chisel::Result<Vec<PackageRecord>> {
        self.source.versions(name, arch, pin)
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
