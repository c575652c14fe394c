//! The programs that are paired, and both of their images.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use certify::libexec;
use certify::rooms::archives::Mirrors;
use certify::rooms::building::{Builder, Setting};
use certify::rooms::folder::RunFolder;
use certify::rooms::intent::{self, IntendedImage};
use certify::rooms::{archives, userfiles};
use certify::shipped::Shelf;
use engine::clock::Clock;
use engine::{Event, Listener};
use image::{ImageConfig, Limits, OciImage, PackedLayer, Reference};
use model::{Arch, ImageFacts, ImageSpec, RunId};
use rootfs::{Blob, Tree};

use crate::installation;
use tokio_util::sync::CancellationToken;

/// The one time of the images made here, in seconds since 1970. It is no part of what is compared.
const CREATED_S: u64 = 1_754_697_600;

/// A shipped program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) image: IntendedImage,
}

/// An image on disk, and what a container of it sees.
pub(crate) struct Image {
    pub(crate) layout: Utf8PathBuf,
    pub(crate) tree: Tree,
}

/// A program in its default baseline and in a real installation, alike in everything but how the
/// packages were laid down.
pub(crate) struct Pair {
    pub(crate) program: Program,
    pub(crate) facts: ImageFacts,
    pub(crate) ours: Image,
    pub(crate) theirs: Image,
    folder: tempfile::TempDir,
}

impl Program {
    /// Every image that ships.
    pub(crate) fn all() -> Vec<Self> {
        let names = Shelf::open(None).unwrap().images().unwrap();
        assert!(names.len() >= 3, "{names:?}");
        names.iter().map(|name| Self::named(name)).collect()
    }

    /// One of them.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            image: intent::image(name, &Shelf::open(None).unwrap()).unwrap(),
        }
    }

    /// Those whose starts are timed: python, which has most to lose, or all if so asked.
    pub(crate) fn timed() -> Vec<Self> {
        match std::env::var("CERTIFY_PAIRING").as_deref() {
            Ok("all") => Self::all(),
            Ok(other) => panic!("CERTIFY_PAIRING is `{other}`; it can be `all` or unset"),
            Err(_) => vec![Self::named("python")],
        }
    }

    pub(crate) fn spec(&self) -> &ImageSpec {
        &self.image.spec
    }
}

impl Pair {
    /// Makes both images.
    pub(crate) fn of(program: &Program) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let (facts, layout) = baseline(&program.image, &root.join("ours"));
        let ours = Image::open(layout);
        let tar = installation::tar(&program.name, program.spec(), &facts);
        let theirs = theirs(program.spec(), tar, &root.join("theirs"));
        Self {
            program: program.clone(),
            facts,
            ours,
            theirs,
            folder,
        }
    }

    /// The default baseline again, without what the spec's finish steps make.
    pub(crate) fn without_finish(&self) -> Utf8PathBuf {
        let mut image = self.program.image.clone();
        assert!(!image.spec.finish.is_empty(), "nothing to leave out");
        image.spec.finish.clear();
        baseline(&image, &self.folder().join("planted")).1
    }

    /// A folder for what is made of this pair; it goes with it.
    pub(crate) fn folder(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }
}

/// The default baseline of `image`, built by the code that builds it for a run.
fn baseline(image: &IntendedImage, place: &Utf8Path) -> (ImageFacts, Utf8PathBuf) {
    // The binary does this before anything else; a second time is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (shelf, libexec) = (Shelf::open(None).unwrap(), libexec::find().unwrap());
    let (run, mirrors) = (
        RunId::new("pairing").unwrap(),
        Mirrors::read(&[], &shelf).unwrap(),
    );
    let stop = CancellationToken::new();
    let mut builder = Builder::new(Setting {
        run: &run,
        shelf: &shelf,
        mirrors: &mirrors,
        plain_http: &[],
        libexec: &libexec,
        scratch: place.join("scratch"),
        cache: archives::cache(),
        ledger: None,
        clock: Clock::system(),
        listener: &Quiet,
        stop: &stop,
    });
    let folder = RunFolder::create(Some(&place.join("images")), &run).unwrap();
    let built = builder.baseline(image, &folder);
    let arm = built
        .unwrap_or_else(|failure| panic!("{}: {:#}", image.name, failure.error))
        .expect("the spec names a baseline");
    (arm.facts, arm.layout)
}

/// The image of a real installation: its archive as the lowest layer, byte for byte, since the times
/// of its files count; then the user's files and the folders of writable paths; the spec's
/// configuration.
fn theirs(spec: &ImageSpec, tar: bytes::Bytes, place: &Utf8Path) -> Image {
    let (packages, below) = PackedLayer::of_archive(tar, 1).unwrap();
    let own = userfiles::tree(spec, &Shelf::open(None).unwrap()).unwrap();
    let own = image::stack(&below, &own).unwrap();
    let files = PackedLayer::of(&own, CREATED_S, 1).unwrap();
    let config = ImageConfig {
        arch: Arch::host().unwrap(),
        created_s: CREATED_S,
        user: (spec.config.user.uid, spec.config.user.gid),
        env: spec.config.env.clone(),
        entrypoint: spec.config.entrypoint.clone(),
        cmd: spec.config.command.clone(),
        working_dir: spec.config.workdir.clone(),
        exposed_ports: spec.config.ports.clone(),
        stop_signal: spec.config.stop_signal.clone(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "installed".to_owned(),
    };
    let layers = [(packages, "installation"), (files, "files")];
    image::write_layout(place.as_std_path(), &config, &layers).unwrap();
    Image::open(place.to_owned())
}

impl Image {
    fn open(layout: Utf8PathBuf) -> Self {
        let reference: Reference = layout.as_str().parse().unwrap();
        let arch = Arch::host().unwrap();
        let opened = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
        Self {
            layout,
            tree: opened.tree,
        }
    }

    /// What dpkg's own database says is installed: `name=version`, sorted by name.
    pub(crate) fn packages(&self) -> Vec<String> {
        let status = self.tree.read("/var/lib/dpkg/status").and_then(Blob::bytes);
        let text = String::from_utf8(status.unwrap().to_vec()).unwrap();
        let mut packages: Vec<(&str, &str)> = text
            .split("\n\n")
            .filter(|stanza| !stanza.trim().is_empty())
            .map(|stanza| {
                let field = |name: &str| {
                    stanza
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                        .unwrap_or_else(|| panic!("no {name} in {stanza}"))
                };
                assert_eq!(field("Status"), "install ok installed", "{stanza}");
                (field("Package"), field("Version"))
            })
            .collect();
        packages.sort_unstable();
        let text = |(name, version): &(&str, &str)| format!("{name}={version}");
        packages.iter().map(text).collect()
    }
}

/// Nothing is shown of what is built here.
struct Quiet;

impl Listener for Quiet {
    fn on(&self, _: &Event) {}
}
