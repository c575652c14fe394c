//! A document that is kept beside its server's version of it.

use std::time::Duration;

use deb::{Address, FetchError, Kept, KeptCopy, KeptOrigin, KeptPace, Proxies};
use fs_err as fs;
use testkit::Fault;

use crate::scene::{NOW, Scene};

const PACE: KeptPace = KeptPace {
    most_bytes: 100,
    tries: 3,
    deadline: Duration::from_millis(2000),
    lock_deadline: Duration::from_millis(50),
};

struct Asking {
    scene: Scene,
    kept: Kept,
}

impl Asking {
    /// A scene whose server has a document of `bytes` bytes.
    fn new(bytes: usize) -> Self {
        let scene = Scene::new([]);
        fs::create_dir_all(scene.path("archive")).unwrap();
        fs::write(scene.path("archive/doc"), vec![b'a'; bytes]).unwrap();
        let kept = Kept::at(scene.path("kept/doc"));
        Self { scene, kept }
    }

    fn address(&self) -> Address {
        format!("{}/doc", self.scene.server.address())
            .parse()
            .unwrap()
    }

    async fn ask(&self, pace: KeptPace) -> Result<KeptCopy, FetchError> {
        let client = deb::client(&Proxies::ENVIRONMENT).unwrap();
        let now = NOW.parse().unwrap();
        self.kept.refresh(&self.address(), &client, pace, now).await
    }
}

#[tokio::test]
async fn without_a_version_a_document_is_fetched_every_time_and_kept_all_the_same() {
    let asking = Asking::new(100);
    assert_eq!(asking.kept.read(&asking.address()).unwrap(), None);
    for _ in 0..2 {
        let copy = asking.ask(PACE).await.unwrap();
        assert_eq!((copy.bytes.len(), copy.origin), (100, KeptOrigin::Fetched));
    }
    let copy = asking.kept.read(&asking.address()).unwrap().unwrap();
    assert_eq!((copy.bytes.len(), copy.origin), (100, KeptOrigin::Unasked));
    assert_eq!(copy.checked, NOW.parse().unwrap());
    // What was fetched from elsewhere is another document.
    let elsewhere = "http://elsewhere.test/doc".parse().unwrap();
    assert_eq!(asking.kept.read(&elsewhere).unwrap(), None);
}

#[tokio::test]
async fn a_document_beyond_its_limit_is_refused_and_not_kept() {
    let asking = Asking::new(101);
    let fault = asking.ask(PACE).await.unwrap_err();
    assert!(fault.to_string().contains("more than 100 bytes"), "{fault}");
    assert_eq!(asking.scene.server.asked("doc"), 1);
    assert_eq!(asking.kept.read(&asking.address()).unwrap(), None);
}

#[tokio::test]
async fn a_server_that_stumbles_is_asked_again_and_one_that_is_slow_is_not_awaited() {
    let asking = Asking::new(10);
    asking
        .scene
        .server
        .spoil_times("doc", Fault::Status(503), 2);
    asking.ask(PACE).await.unwrap();
    assert_eq!(asking.scene.server.asked("doc"), 3);
    asking.scene.server.spoil("doc", Fault::Truncated(5));
    assert!(asking.ask(PACE).await.is_err());
    let slow = Fault::Slow(Duration::from_secs(60));
    asking.scene.server.heal();
    asking.scene.server.spoil("doc", slow);
    let pace = KeptPace {
        tries: 1,
        deadline: Duration::from_millis(100),
        ..PACE
    };
    let fault = asking.ask(pace).await.unwrap_err();
    assert!(fault.to_string().contains("no full answer"), "{fault}");
    // The copy of before is still whole.
    let copy = asking.kept.read(&asking.address()).unwrap().unwrap();
    assert_eq!(copy.bytes.len(), 10);
}
