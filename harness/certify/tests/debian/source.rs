//! The releases as they stand in the checkout, and their archives, each opened once for all tests.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use certify::rooms::archives::{self, Archives, Mirrors};
use certify::shipped::Shelf;
use chisel::{Release, ScriptLimits, SliceKey, Strictness};
use engine::clock::Clock;
use model::Arch;
use rootfs::Tree;
use tokio_util::sync::CancellationToken;

/// The release that a program is for when it names none.
pub const NEWEST: &str = "debian-13";

/// Every release of ours.
pub static RELEASES: [Covered; 2] = [
    Covered::new("debian-12", (43, 5)),
    Covered::new(NEWEST, (124, 29)),
];

/// A release and what it promises at least.
pub struct Covered {
    pub name: &'static str,
    pub fewest_packages: usize,
    pub fewest_programs: usize,
    release: OnceLock<Release>,
    archives: OnceLock<Archives>,
}

/// The checkout.
pub fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Covered {
    /// With the fewest packages and programs it may have.
    const fn new(name: &'static str, (fewest_packages, fewest_programs): (usize, usize)) -> Self {
        Self {
            name,
            fewest_packages,
            fewest_programs,
            release: OnceLock::new(),
            archives: OnceLock::new(),
        }
    }

    /// The release, read as strictly as when it is shipped.
    pub fn release(&self) -> &Release {
        let folder = || root().join("releases").join(self.name);
        self.release
            .get_or_init(|| Release::load(&folder(), Strictness::Own).unwrap())
    }

    /// Its archives.
    pub fn archives(&self) -> &Archives {
        self.archives.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let mirrors = Mirrors::read(&[], &Shelf::open(None).unwrap()).unwrap();
            let (arch, clock) = (Arch::host().unwrap(), Clock::system());
            let stop = CancellationToken::new();
            let cache = archives::cache();
            Archives::open(&cache, self.release(), &mirrors, (arch, clock), &stop).unwrap()
        })
    }

    /// Downloads everything that cuts of `keys` open.
    pub fn fetch(&self, keys: &[SliceKey]) {
        let selection = chisel::select(self.release(), keys, Arch::host().unwrap()).unwrap();
        let records = chisel::records(&selection, self.archives()).unwrap();
        self.archives().fetch(&records).unwrap();
    }

    /// The tree of `keys`.
    pub fn cut(&self, keys: &[SliceKey]) -> Tree {
        let selection = chisel::select(self.release(), keys, Arch::host().unwrap()).unwrap();
        let cut = chisel::cut(&selection, self.archives(), ScriptLimits::STANDARD).unwrap();
        cut.rootfs.tree
    }
}
