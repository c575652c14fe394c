//! The contract of a platform, held against every bare runtime of this host (as root with the embedded
//! one and with runc, as a normal user with the embedded one) and against real daemons.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::write_with_newline,
    dead_code,
    unused_variables,
    unused_assignments,
    reason = "a test speaks, starts programs and reads files by itself"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod any_cluster;
mod battery;
mod cluster;
mod daemon;
mod ground;
mod kubectl;
mod least_rights;
mod own_cluster;
mod played_cluster;

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

use battery::Kind;
use camino::{Utf8Path, Utf8PathBuf};
use ground::{Ground, skipped};
use platforms::PLATFORMS;

/// Tells the copy of this program that runs as a normal user where its things are.
const FOLDER: &str = "CERTIFY_TEST_FOLDER";
/// Somebody without rights.
const NOBODY: u32 = 65534;

fn platform(name: &str) -> &'static dyn engine::Platform {
    *PLATFORMS.iter().find(|p| p.name() == name).unwrap()
}

/// Held by tests on the test bed's cluster, which go one after another: a node that has pulled an image
/// for one of them takes it by no other name.
fn alone_in_the_cluster() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A place of its own for one battery.
fn work(ground: &Ground, name: &str) -> Utf8PathBuf {
    let work = ground.folder.join(name);
    fs_err::create_dir(&work).unwrap();
    ground::open_to_all(&work);
    work
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}

#[test]
fn the_embedded_runtime_as_root() {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let work = work(&ground, "embedded");
    block_on(battery::all(
        platform("oci"),
        Kind::Runtime,
        &ground.folder,
        &work,
    ));
}

#[test]
fn runc_as_root() {
    as_root("oci-runc", "peers");
}

#[test]
fn crun_as_root() {
    as_root("oci-crun", "peers");
}

#[test]
fn youki_as_root() {
    as_root("oci-youki", "youki");
}

fn as_root(name: &str, class: &str) {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform(name);
    let work = work(&ground, name);
    block_on(async {
        match platform.detect(&Ground::surroundings(&ground.folder)).await {
            engine::Detection::Available(_) => {
                battery::all(platform, Kind::Runtime, &ground.folder, &work).await;
            }
            engine::Detection::Absent { why, .. } => skipped(class, &why),
        }
    });
}

/// The battery again in a copy of this program without root's rights.
#[test]
fn the_embedded_runtime_as_a_normal_user() {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    if let Some(why) = ground.lacks_user_namespaces(NOBODY) {
        skipped("rootless", &why);
        return;
    }
    let work = work(&ground, "normal");
    chown(&work, Some(NOBODY), Some(NOBODY)).unwrap();
    let program = ground.folder.join("test");
    let own = std::env::current_exe().unwrap();
    // A link where possible: a copy still open for writing in a fork of another test's thread
    // cannot be executed.
    fs_err::hard_link(&own, &program)
        .or_else(|_| fs_err::copy(&own, &program).map(drop))
        .unwrap();
    let status = Command::new(&program)
        .args([
            "--exact",
            "inside_as_a_normal_user",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, &ground.folder)
        .env("TMPDIR", &work)
        .current_dir(&work)
        .uid(NOBODY)
        .gid(NOBODY)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
#[ignore = "called by the_embedded_runtime_as_a_normal_user"]
fn inside_as_a_normal_user() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Utf8PathBuf::from(folder.to_string_lossy().into_owned());
    block_on(async {
        let platform = platform("oci");
        match platform.detect(&Ground::surroundings(&folder)).await {
            engine::Detection::Available(line) => {
                assert!(line.contains("rootless"), "{line}");
                battery::all(platform, Kind::Runtime, &folder, &folder.join("normal")).await;
            }
            engine::Detection::Absent { why, .. } => panic!("{why}"),
        }
        refuses_runc(&folder).await;
    });
}

async fn refuses_runc(folder: &Utf8Path) {
    let runc = platform("oci-runc");
    match runc.detect(&Ground::surroundings(folder)).await {
        engine::Detection::Absent { why, remedy } => {
            assert!(why.contains("as root") || why.contains("PATH"), "{why}");
            assert!(!remedy.is_empty());
        }
        engine::Detection::Available(line) => panic!("{line}"),
    }
}
