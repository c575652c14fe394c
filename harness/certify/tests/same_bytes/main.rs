//! The same packages give the same bytes: whoever builds, when, where, with how many threads.
//!
//! A tiny distribution made here has golden digests, so that debug and release builds of the
//! program, and this machine and the next, can be held against each other. Real images are built
//! under the same conditions and compared with themselves.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod arches;
mod build;
mod documents;
mod fixture;
#[path = "../needs/mod.rs"]
mod needs;
mod real;
mod steps;

use build::{Build, Built, Who, same};
use camino::Utf8Path;
use certify::libexec;
use certify::rooms::archives::Mirrors;
use certify::rooms::building::{Builder, Setting};
use certify::rooms::folder::RunFolder;
use certify::rooms::intent;
use certify::shipped::Shelf;
use engine::clock::Clock;
use engine::{Event, Listener};
use fixture::{Fixture, Packed};
use needs::Need;
use tokio_util::sync::CancellationToken;

/// What `build tiny` is told.
fn tiny(fixture: &Fixture) -> (Vec<String>, Vec<String>) {
    let before = vec!["--config".to_owned(), fixture.config().to_string()];
    let arguments = ["tiny", "--mirror", &fixture.mirror()].map(str::to_owned);
    (before, arguments.to_vec())
}

#[test]
fn a_tiny_image_has_one_digest_under_all_conditions() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let other = Fixture::new(Packed::OTHER, &[]);
    let (before, arguments) = tiny(&fixture);
    let (other_before, other_arguments) = tiny(&other);
    let (warm, cold) = (fixture.root().join("warm"), fixture.root().join("cold"));
    let plain = Build {
        before: &before,
        ..Build::plain(&arguments, &warm)
    };
    let builds = [
        Build {
            name: "cold cache, one thread",
            ..plain.clone()
        },
        Build {
            name: "warm cache, three threads",
            threads: 3,
            ..plain.clone()
        },
        Build {
            name: "closed umask",
            umask: "077",
            ..plain.clone()
        },
        Build {
            name: "open umask, far zone, other locale",
            umask: "000",
            zone: "Pacific/Kiritimati",
            locale: "tr_TR.UTF-8",
            ..plain.clone()
        },
        Build {
            name: "packages packed and signed otherwise",
            before: &other_before,
            arguments: &other_arguments,
            cache: &cold,
            threads: 2,
            ..plain.clone()
        },
    ];
    let place = fixture.root().join("out");
    let built: Vec<(&str, Built)> = builds
        .iter()
        .map(|build| (build.name, build.run(&place)))
        .collect();
    same(&built);
    // Fails when any byte of an image changes: then every image that was ever built changes too.
    expect_test::expect!["sha256:a5af99ed3c76336d577096bc239bc5843a4320a06fc357797c5a499a02cd9bd7"]
        .assert_eq(&built[0].1.digest().to_string());
    let listing = |built: &Built| {
        let path = built.out.join("images/tiny/candidate/amd64/rootfs.tree");
        fs_err::read_to_string(path).unwrap()
    };
    assert_eq!(listing(&built[0].1), listing(&built[1].1));
    // The packages of the last are packed otherwise, and documents name packages by their digests.
    let documents = |(_, built): &(_, Built)| documents::read(built);
    let [first, others @ .., repacked] = &built[..] else {
        panic!("built once only");
    };
    for other in others {
        assert_eq!(documents(first), documents(other), "{}", other.0);
    }
    assert_ne!(documents(first), documents(repacked));
}

#[test]
fn another_user_builds_the_same_bytes() {
    if !needs::have("building as another user", &[Need::Root]) {
        return;
    }
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let (before, arguments) = tiny(&fixture);
    let (own, others) = (
        fixture.root().join("own-cache"),
        fixture.root().join("nobodys"),
    );
    let plain = Build {
        before: &before,
        ..Build::plain(&arguments, &own)
    };
    let nobody = Build {
        name: "as nobody",
        who: Who::Nobody,
        cache: &others,
        ..plain.clone()
    };
    let place = fixture.root().join("out");
    same(&[
        ("as root", plain.run(&place)),
        (nobody.name, nobody.run(&place)),
    ]);
}

#[test]
fn the_tiny_default_baseline_has_one_digest() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let place = fixture.root().join("out");
    let digests: Vec<String> = [1, 3]
        .into_iter()
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap()
                .install(|| baseline(&fixture, &place.join(threads.to_string())))
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
    expect_test::expect!["sha256:288f113e3ef5f6c1ab071df17e9503e582b0cbcb36207e794a0952dfaf2432b5"]
        .assert_eq(&digests[0]);
}

/// The digest of the tiny image's default baseline.
fn baseline(fixture: &Fixture, place: &Utf8Path) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let shelf = Shelf::open(Some(fixture.config())).unwrap();
    let mirrors = Mirrors::read(&[fixture.mirror()], &shelf).unwrap();
    let (libexec, stop) = (libexec::find().unwrap(), CancellationToken::new());
    let id = model::RunId::new("tiny").unwrap();
    let mut builder = Builder::new(Setting {
        run: &id,
        shelf: &shelf,
        mirrors: &mirrors,
        plain_http: &[],
        libexec: &libexec,
        scratch: place.join("scratch"),
        cache: place.join("cache"),
        ledger: None,
        clock: Clock::system(),
        listener: &Quiet,
        stop: &stop,
    });
    let folder = RunFolder::create(Some(&place.join("run")), &id).unwrap();
    let image = intent::image("tiny", &shelf).unwrap();
    let built = builder.baseline(&image, &folder);
    let arm = built.unwrap_or_else(|failure| panic!("{:#}", failure.error));
    arm.unwrap().facts.manifest.to_string()
}

/// Nothing is shown of what is built here.
struct Quiet;

impl Listener for Quiet {
    fn on(&self, _: &Event) {}
}
