//! The store and the fetcher: corruption, faults of servers, several at one time, bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use camino::Utf8Path;
use deb::{FetchFault, Fetcher, Pace, Store, StoreError, Wanted};
use fs_err as fs;
use model::Digest;
use testkit::{Fault, Server};

use crate::scene::{PACE, fetcher, files};

struct Files {
    folder: tempfile::TempDir,
    server: Server,
}

const CONTENT: &[u8] = b"content of one object, long enough to be cut";

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir_all(root.join("served")).unwrap();
        fs::write(root.join("served/object"), CONTENT).unwrap();
        let server = Server::start(&root.join("served"));
        Self { folder, server }
    }

    fn store(&self) -> Store {
        Store::open(&self.root().join("cache"), 1 << 20).unwrap()
    }

    fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            sha256: Digest::of(CONTENT),
            size: CONTENT.len() as u64,
        }
    }

    async fn get(&self, fetcher: &Fetcher) -> Result<bytes::Bytes, FetchFault> {
        let address: deb::Address = self.server.address().parse().unwrap();
        let found = fetcher.object(&address.join("object"), self.wanted()).await;
        found.map_err(|error| error.fault)
    }

    /// Files of the cache that are neither finished objects nor indexes.
    fn leftovers(&self) -> Vec<String> {
        let all = files(&self.root().join("cache"));
        all.into_iter()
            .filter(|f| !f.starts_with("sha256/"))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetches_once_and_counts_the_bytes() {
    let scene = Files::new();
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let client = deb::client(&deb::Proxies::ENVIRONMENT).unwrap();
    let progress: deb::Progress = Arc::new(move |bytes| {
        counter.fetch_add(bytes, Ordering::Relaxed);
    });
    let fetcher = Fetcher::new(client, scene.store(), PACE, progress);
    for _ in 0..3 {
        assert_eq!(scene.get(&fetcher).await.unwrap(), CONTENT);
    }
    assert_eq!(scene.server.asked("object"), 1);
    assert_eq!(count.load(Ordering::Relaxed), CONTENT.len() as u64);
    assert!(scene.leftovers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_faults_are_tried_again_and_others_are_not() {
    use Fault::{Reset, Slow, Status, TooLong, Truncated, WrongBytes};
    let long = Duration::from_secs(30);
    for (fault, transient, why) in [
        (Status(404), false, "404"),
        (Status(403), false, "403"),
        (Status(503), true, "503"),
        (Status(429), true, "429"),
        (Truncated(7), true, "error decoding response body"),
        (Truncated(0), true, "error decoding response body"),
        (Reset, true, "error sending request"),
        (Slow(long), true, "no full answer within"),
        (WrongBytes, false, "wanted sha256:"),
        (TooLong, false, "more than the 44 bytes"),
    ] {
        let scene = Files::new();
        let pace = Pace {
            deadline: Duration::from_millis(300),
            ..PACE
        };
        let fetcher = fetcher(scene.store(), pace);
        scene.server.spoil("object", fault);
        let said = scene.get(&fetcher).await.unwrap_err().to_string();
        assert!(said.contains(why), "{fault:?}: {said}");
        let asked = if transient { 3 } else { 1 };
        assert_eq!(scene.server.asked("object"), asked, "{fault:?}");
        assert!(
            files(&scene.root().join("cache")).is_empty(),
            "{fault:?} left something"
        );
        scene.server.heal();
        scene.server.spoil_times("object", fault, 2);
        let again = scene.get(&fetcher).await;
        assert_eq!(again.is_ok(), transient, "{fault:?} twice, then success");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_host_is_a_typed_error() {
    let scene = Files::new();
    let fetcher = fetcher(scene.store(), PACE);
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let address: deb::Address = format!("http://127.0.0.1:{port}").parse().unwrap();
    let error = fetcher.object(&address, scene.wanted()).await.unwrap_err();
    assert!(matches!(error.fault, FetchFault::Network(_)), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_object_is_removed_and_fetched_again() {
    let scene = Files::new();
    let store = scene.store();
    let fetcher = fetcher(store.clone(), PACE);
    scene.get(&fetcher).await.unwrap();
    let object = store
        .root()
        .join("sha256")
        .join(scene.wanted().sha256.hex());
    for bad in [b"rotten".as_slice(), b""] {
        fs::write(&object, bad).unwrap();
        assert_eq!(scene.get(&fetcher).await.unwrap(), CONTENT);
    }
    assert_eq!(scene.server.asked("object"), 3);
    fs::write(&object, b"rotten").unwrap();
    assert!(store.get(&scene.wanted().sha256).unwrap().is_none());
    assert!(!object.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_one_time_fetch_once() {
    let scene = Files::new();
    scene
        .server
        .spoil_times("object", Fault::Slow(Duration::from_millis(150)), 1);
    // Each has its own store and locks, as different programs have.
    let fetchers: Vec<_> = (0..6).map(|_| fetcher(scene.store(), PACE)).collect();
    let all = futures::future::join_all(fetchers.iter().map(|f| scene.get(f))).await;
    for found in all {
        assert_eq!(found.unwrap(), CONTENT);
    }
    assert_eq!(scene.server.asked("object"), 1);
    assert!(scene.leftovers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_another_program_ends() {
    let scene = Files::new();
    let store = scene.store();
    let lock = store.try_lock(&scene.wanted().sha256).unwrap().unwrap();
    let pace = Pace {
        lock_deadline: Duration::from_millis(60),
        ..PACE
    };
    let fetcher = fetcher(store.clone(), pace);
    let fault = scene.get(&fetcher).await.unwrap_err();
    assert!(matches!(fault, FetchFault::Locked(_)), "{fault}");
    drop(lock);
    assert!(scene.get(&fetcher).await.is_ok());
}

/// The other program of the next test: this very binary, told where to fetch.
#[tokio::test(flavor = "multi_thread")]
async fn fetch_for_another_test() {
    let Ok(address) = std::env::var("DEB_TEST_ADDRESS") else {
        return;
    };
    let cache = std::env::var("DEB_TEST_STORE").unwrap();
    let store = Store::open(Utf8Path::new(&cache), 1 << 20).unwrap();
    let wanted = Wanted {
        sha256: Digest::of(CONTENT),
        size: CONTENT.len() as u64,
    };
    let address: deb::Address = address.parse().unwrap();
    let content = fetcher(store, PACE)
        .object(&address.join("object"), wanted)
        .await;
    assert_eq!(content.unwrap(), CONTENT);
}

#[test]
fn two_programs_fetch_once() {
    let scene = Files::new();
    scene
        .server
        .spoil_times("object", Fault::Slow(Duration::from_millis(800)), 1);
    let start = || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::fetch_for_another_test"])
            .env("DEB_TEST_ADDRESS", scene.server.address())
            .env("DEB_TEST_STORE", scene.root().join("cache"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut program in [start(), start()] {
        assert!(program.wait().unwrap().success());
    }
    assert_eq!(scene.server.asked("object"), 1);
    assert!(scene.leftovers().is_empty());
}

#[test]
fn the_least_recently_used_go_first() {
    let scene = Files::new();
    let store = Store::open(&scene.root().join("small"), 250).unwrap();
    let digest = |letter: u8| Digest::of(&[letter; 100]);
    let put = |letter: u8| {
        let lock = store.try_lock(&digest(letter)).unwrap().unwrap();
        let mut incoming = store.incoming(lock, digest(letter), 100).unwrap();
        incoming.write(&[letter; 100]).unwrap();
        incoming.finish(&store).unwrap();
        // Coarse clocks of file systems must not make two uses equal.
        std::thread::park_timeout(Duration::from_millis(15));
    };
    put(b'a');
    put(b'b');
    assert!(store.get(&digest(b'a')).unwrap().is_some());
    std::thread::park_timeout(Duration::from_millis(15));
    put(b'c');
    assert!(!store.has(&digest(b'b')), "the oldest use goes");
    assert!(store.has(&digest(b'a')) && store.has(&digest(b'c')));
    put(b'd');
    assert!(!store.has(&digest(b'a')) && store.has(&digest(b'd')));
}

#[test]
fn an_object_bigger_than_the_store_is_still_delivered() {
    let scene = Files::new();
    let store = Store::open(&scene.root().join("tiny"), 10).unwrap();
    let digest = Digest::of(CONTENT);
    let lock = store.try_lock(&digest).unwrap().unwrap();
    let mut incoming = store.incoming(lock, digest, CONTENT.len() as u64).unwrap();
    incoming.write(CONTENT).unwrap();
    assert_eq!(incoming.finish(&store).unwrap(), CONTENT);
}

#[test]
fn an_interrupted_write_is_swept_and_one_under_way_is_not() {
    let scene = Files::new();
    let store = scene.store();
    let part = store.root().join("part").join(Digest::of(b"gone").hex());
    fs::write(&part, b"half").unwrap();
    let digest = Digest::of(CONTENT);
    let lock = store.try_lock(&digest).unwrap().unwrap();
    let mut incoming = store.incoming(lock, digest, CONTENT.len() as u64).unwrap();
    incoming.write(b"half").unwrap();
    let again = scene.store();
    assert!(!part.exists(), "its writer is gone");
    assert_eq!(files(&again.root().join("part")), [digest.hex()]);
    let fault = incoming.finish(&store).unwrap_err();
    assert!(
        matches!(fault, StoreError::TooShort { found: 4, size: 44 }),
        "{fault}"
    );
    assert!(files(store.root()).is_empty());
}

/// A file system of 64 KiB in a namespace of its own: a full disk without harm to the host.
#[test]
fn a_full_disk_is_a_typed_error() {
    let scene = Files::new();
    let inside = std::env::var("DEB_TEST_FULL");
    if let Ok(cache) = inside {
        let store = Store::open(Utf8Path::new(&cache), 1 << 30).unwrap();
        let big = vec![7; 1 << 20];
        let lock = store.try_lock(&Digest::of(&big)).unwrap().unwrap();
        let mut incoming = store.incoming(lock, Digest::of(&big), 1 << 20).unwrap();
        let fault = big
            .chunks(4096)
            .find_map(|chunk| incoming.write(chunk).err());
        assert!(matches!(fault, Some(StoreError::Full { .. })), "{fault:?}");
        drop(incoming);
        assert!(files(store.root()).is_empty());
        return;
    }
    let cache = scene.root().join("cache");
    fs::create_dir_all(&cache).unwrap();
    let this = std::env::current_exe().unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none {cache} || exit 77; \
         DEB_TEST_FULL={cache} {} --exact cache::a_full_disk_is_a_typed_error",
        this.display()
    );
    let done = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .output();
    match done {
        Ok(output) if output.status.success() => {}
        Ok(output) if output.status.code() != Some(77) && output.status.code() != Some(1) => {
            panic!("{}", String::from_utf8_lossy(&output.stdout));
        }
        _ => {
            println!("skipped (root): no mount namespace here; run as root to fill a disk");
            let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|class| class.trim() == "root"));
        }
    }
}
