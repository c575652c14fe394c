//! The release as it stands in the checkout, and its archives, opened once for all tests.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use certify::rooms::archives::{self, Archives, Mirrors};
use certify::shipped::Shelf;
use chisel::{Release, ScriptLimits, SliceKey, Strictness};
use engine::clock::Clock;
use model::Arch;
use rootfs::Tree;
use tokio_util::sync::CancellationToken;

/// The checkout.
pub fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// debian-13, read as strictly as when it is shipped.
pub fn release() -> &'static Release {
    static RELEASE: OnceLock<Release> = OnceLock::new();
    RELEASE
        .get_or_init(|| Release::load(&root().join("releases/debian-13"), Strictness::Own).unwrap())
}

/// Its archives.
pub fn archives() -> &'static Archives {
    static ARCHIVES: OnceLock<Archives> = OnceLock::new();
    ARCHIVES.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mirrors = Mirrors::read(&[], &Shelf::open(None).unwrap()).unwrap();
        let (arch, clock) = (Arch::host().unwrap(), Clock::system());
        let stop = CancellationToken::new();
        Archives::open(
            &archives::cache(),
            release(),
            &mirrors,
            (arch, clock),
            &stop,
        )
        .unwrap()
    })
}

/// Downloads everything that cuts of `keys` open.
pub fn fetch(keys: &[SliceKey]) {
    let selection = chisel::select(release(), keys, Arch::host().unwrap()).unwrap();
    let records = chisel::records(&selection, archives()).unwrap();
    archives().fetch(&records).unwrap();
}

/// The tree of `keys`.
pub fn cut(keys: &[SliceKey]) -> Tree {
    let selection = chisel::select(release(), keys, Arch::host().unwrap()).unwrap();
    let cut = chisel::cut(&selection, archives(), ScriptLimits::STANDARD).unwrap();
    cut.rootfs.tree
}
