//! Real images of the real archive, under conditions that must not show.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use certify::libexec;
use certify::rooms::archives::{self, Mirrors};
use certify::rooms::building::{Builder, Setting};
use certify::rooms::folder::RunFolder;
use certify::rooms::intent;
use certify::shipped::Shelf;
use engine::Libexec;
use engine::clock::Clock;
use model::{Arch, Digest, RunId};
use rootfs::CutRootfs;

use crate::Quiet;
use crate::build::{Build, Built, Who, same};
use crate::needs::{self, Need};
use tokio_util::sync::CancellationToken;

/// A folder with caches of its own, so that the first build meets none.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::fixture::open_to_all(Utf8Path::from_path(folder.path()).unwrap());
        Self { folder }
    }

    fn join(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    /// Forgets what finish steps made, and nothing else.
    fn forget_finish(&self, cache: &str) {
        let folder = self.join(cache).join("certify/finish");
        assert!(folder.is_dir(), "no finish layer was kept in {folder}");
        fs_err::remove_dir_all(folder).unwrap();
    }
}

/// `XDG_CACHE_HOME` as the caller has it, where a cold cache is not the point.
fn usual_cache() -> Utf8PathBuf {
    archives::cache().parent().unwrap().to_owned()
}

#[test]
fn python_has_one_digest_and_its_finish_step_makes_it_again() {
    if !needs::have("building python", &[Need::Root, Need::Archive]) {
        return;
    }
    let place = Place::new();
    let (cache, out) = (place.join("cache"), place.join("out"));
    let arguments = ["python".to_owned()];
    let plain = Build {
        name: "cold caches, one thread",
        ..Build::plain(&arguments, &cache)
    };
    let mut built = vec![(plain.name, plain.run(&out))];
    let warm = Build {
        name: "warm caches",
        threads: 3,
        zone: "America/St_Johns",
        ..plain.clone()
    };
    built.push((warm.name, warm.run(&out)));
    place.forget_finish("cache");
    let again = Build {
        name: "finished again, closed umask, many threads",
        threads: 4,
        umask: "077",
        locale: "de_DE.UTF-8",
        ..plain.clone()
    };
    built.push((again.name, again.run(&out)));
    same(&built);
}

#[test]
fn python_is_finished_the_same_without_root() {
    if !needs::have(
        "finishing python without root",
        &[Need::Root, Need::Archive],
    ) {
        return;
    }
    let place = Place::new();
    let (warm, others, out) = (usual_cache(), place.join("nobodys"), place.join("out"));
    let arguments = ["python".to_owned()];
    let plain = Build::plain(&arguments, &warm);
    let nobody = Build {
        name: "as nobody",
        who: Who::Nobody,
        cache: &others,
        ..plain.clone()
    };
    let done = nobody.attempt(&out);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.code() == Some(5) {
        // Refused, never skipped by the program; whether that is right cannot be told here.
        return needs::skip("root", "finishing python without root", &said);
    }
    assert!(done.status.success(), "{said}");
    let nobodys = Built::of(&nobody, &out, &done);
    same(&[(plain.name, plain.run(&out)), (nobody.name, nobodys)]);
}

#[test]
fn valkey_has_one_digest_whoever_builds_it() {
    if !needs::have("building valkey", &[Need::Root, Need::Archive]) {
        return;
    }
    let place = Place::new();
    let (cache, others, out) = (
        place.join("cache"),
        place.join("nobodys"),
        place.join("out"),
    );
    let arguments = ["valkey".to_owned()];
    let plain = Build {
        name: "cold cache, one thread",
        ..Build::plain(&arguments, &cache)
    };
    let warm = Build {
        name: "warm cache, three threads, open umask",
        threads: 3,
        umask: "000",
        zone: "Asia/Kathmandu",
        locale: "tr_TR.UTF-8",
        ..plain.clone()
    };
    let nobody = Build {
        name: "as nobody, cold cache",
        who: Who::Nobody,
        cache: &others,
        threads: 2,
        ..plain.clone()
    };
    let builds = [plain, warm, nobody];
    let built: Vec<(&str, Built)> = builds
        .iter()
        .map(|build| (build.name, build.run(&out)))
        .collect();
    same(&built);
}

#[test]
fn every_runtime_makes_the_same_finish_layer() {
    let needed = [Need::Root, Need::Archive, Need::Peer("runc")];
    if !needs::have("finishing python with runc", &needed) {
        return;
    }
    let place = Place::new();
    let embedded = libexec::find().unwrap();
    let runc = Libexec {
        launch: which("runc"),
        ..embedded.clone()
    };
    let cache = place.join("cache/certify");
    let first = finished(&place.join("embedded"), &cache, &embedded);
    place.forget_finish("cache");
    assert_eq!(first, finished(&place.join("runc"), &cache, &runc));
}

/// The digest of python's image with its finish step run by this runtime.
fn finished(place: &Utf8Path, cache: &Utf8Path, libexec: &Libexec) -> Digest {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shelf = Shelf::open(None).unwrap();
    let (id, mirrors) = (
        RunId::new("finished").unwrap(),
        Mirrors::read(&[], &shelf).unwrap(),
    );
    let stop = CancellationToken::new();
    let mut builder = Builder::new(Setting {
        run: &id,
        shelf: &shelf,
        mirrors: &mirrors,
        plain_http: &[],
        libexec,
        scratch: place.join("scratch"),
        cache: cache.to_owned(),
        ledger: None,
        clock: Clock::system(),
        listener: &Quiet,
        stop: &stop,
    });
    let folder = RunFolder::create(Some(&place.join("run")), &id).unwrap();
    let image = intent::image("python", &shelf).unwrap();
    let pair = builder
        .pair(&image, &folder, false)
        .unwrap_or_else(|failure| panic!("{:#}", failure.error));
    assert!(
        pair.candidate
            .facts
            .layers
            .iter()
            .any(|layer| layer.content == "finish")
    );
    pair.candidate.facts.manifest
}

/// Where a program lies.
fn which(program: &str) -> Utf8PathBuf {
    [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ]
    .iter()
    .map(|folder| Utf8Path::new(folder).join(program))
    .find(|path| path.is_file())
    .unwrap_or_else(|| panic!("{program} runs and is in no usual folder"))
}

#[test]
fn a_portable_step_makes_the_same_for_another_architecture() {
    if !needs::have("finishing python for arm64", &[Need::Root, Need::Archive]) {
        return;
    }
    let (host, foreign) = match Arch::host() {
        Some(Arch::Arm64) => (Arch::Arm64, Arch::Amd64),
        host => (host.unwrap(), Arch::Arm64),
    };
    let place = Place::new();
    let (cache, out) = (usual_cache(), place.join("out"));
    let made = |arch: Arch| {
        let arguments = ["python", "--arch", arch.debian()].map(str::to_owned);
        let build = Build {
            name: arch.debian(),
            ..Build::plain(&arguments, &cache)
        };
        let built = build.run(&out);
        let listing = built
            .out
            .join("images/python/candidate")
            .join(arch.debian())
            .join("rootfs.tree");
        let mut reader = std::io::BufReader::new(fs_err::File::open(listing).unwrap());
        let cut = CutRootfs::read(&mut reader).unwrap();
        assert_eq!(cut.arch, arch);
        bytecode(&cut)
    };
    let (own, theirs) = (made(host), made(foreign));
    let common: Vec<&String> = own
        .keys()
        .filter(|path| theirs.contains_key(*path))
        .collect();
    assert!(common.len() > 400, "{} files in common", common.len());
    for path in common {
        assert_eq!(own[path], theirs[path], "{path}");
    }
    // What belongs to one architecture alone is made for it alone.
    let alone = |a: &BTreeMap<String, Digest>, b: &BTreeMap<String, Digest>| {
        a.keys().filter(|path| !b.contains_key(*path)).count()
    };
    assert!(alone(&own, &theirs) <= 2 && alone(&theirs, &own) <= 2);
}

/// Paths and digests of what the finish step made.
fn bytecode(cut: &CutRootfs) -> BTreeMap<String, Digest> {
    cut.tree
        .iter()
        .filter(|(path, _)| path.as_str().ends_with(".pyc"))
        .filter_map(|(path, entry)| match &entry.kind {
            rootfs::Kind::File(blob) => Some((path.to_string(), blob.digest())),
            _ => None,
        })
        .collect()
}
