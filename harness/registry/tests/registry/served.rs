//! The same against a real server: distribution's own program, which the test bed builds.

use image::{Limits, OciImage};
use model::Arch;
use registry::{Client, Fault, FoundBy, Keychain, Reference, Wanted};
use testkit::ServedRegistry;

use crate::referrers::attach_and_list;
use crate::scene::{both, client, files, image, settings};

/// User `me`, password `hunter2`, cheaply hashed.
const HTPASSWD: &str = "me:$2b$04$5NGZSd.KpRVhc9Ic6g15V.4xKT0BuXJFMCfNIKmrJI.E2GDll.CKa";

fn served(test: &str, htpasswd: Option<&str>) -> Option<ServedRegistry> {
    started(test, ServedRegistry::start(htpasswd))
}

/// A server; nothing, with the reason said, where none was built.
pub(crate) fn started(
    test: &str,
    started: Result<ServedRegistry, String>,
) -> Option<ServedRegistry> {
    match started {
        Ok(served) => Some(served),
        Err(why) => {
            let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
            let is_required = required.split(',').any(|word| word == "cluster");
            assert!(!is_required, "{test} needs cluster: {why}");
            println!("skipped (cluster): {test}: {why}");
            None
        }
    }
}

fn name(served: &ServedRegistry, rest: &str) -> Reference {
    format!("{}/{rest}", served.host()).parse().unwrap()
}

#[tokio::test]
async fn a_real_server_gives_back_what_it_was_given() {
    let Some(served) = served("a round trip", None) else {
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    let written = image(&from, Arch::Amd64);
    let reference = name(&served, "deep/ns/app:1.0");
    let pushed = client().push(&from, &reference).await.unwrap();
    assert_eq!((pushed.uploaded, pushed.present), (3, 0));
    let again = client()
        .push(&from, &name(&served, "deep/ns/app:2.0"))
        .await
        .unwrap();
    assert_eq!((again.uploaded, again.present), (0, 3));
    let to = work.path().join("to");
    let pulled = client()
        .pull(&reference, Wanted::Whole, &to, Some("app"))
        .await
        .unwrap();
    assert_eq!(pulled.digest, written.manifest.digest());
    assert_eq!(files(&from), files(&to));
    let gone = name(&served, "deep/ns/app:none");
    let to = work.path().join("none");
    let error = client()
        .pull(&gone, Wanted::Whole, &to, None)
        .await
        .unwrap_err();
    assert!(matches!(*error.fault, Fault::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("MANIFEST_UNKNOWN"), "{error}");
}

#[tokio::test]
async fn a_real_server_takes_an_index_of_two_architectures() {
    let Some(served) = served("an index", None) else {
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    let index = both(&from);
    let reference = name(&served, "app");
    let pushed = client().push(&from, &reference).await.unwrap();
    assert_eq!(pushed.digest, index);
    let whole = work.path().join("whole");
    client()
        .pull(&reference, Wanted::Whole, &whole, None)
        .await
        .unwrap();
    assert_eq!(files(&from), files(&whole));
    let one = work.path().join("one");
    let wanted = Wanted::One(Arch::Arm64);
    let pulled = client().pull(&reference, wanted, &one, None).await.unwrap();
    let local = one.to_str().unwrap().parse().unwrap();
    let opened = OciImage::open(&local, Arch::Arm64, &Limits::standard()).unwrap();
    assert_eq!(opened.manifest.digest(), pulled.manifest);
}

/// Distribution has no interface for referrers: the tag is what there is.
#[tokio::test]
async fn a_real_server_keeps_referrers() {
    let Some(served) = served("referrers", None) else {
        return;
    };
    attach_and_list(&name(&served, "app:1"), FoundBy::Tag).await;
}

#[tokio::test]
async fn a_real_server_lets_in_who_has_the_password() {
    let Some(served) = served("a password", Some(HTPASSWD)) else {
        return;
    };
    let work = tempfile::tempdir().unwrap();
    let from = work.path().join("from");
    image(&from, Arch::Amd64);
    let reference = name(&served, "app:1");
    let nobody = client().push(&from, &reference).await.unwrap_err();
    assert!(matches!(*nobody.fault, Fault::Denied { .. }), "{nobody}");
    for (auth, fine) in [("bWU6aHVudGVyMg==", true), ("bWU6aHVudGVyMw==", false)] {
        let config = format!(
            r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#,
            served.host()
        );
        fs_err::write(work.path().join("config.json"), config).unwrap();
        let mut settings = settings();
        settings.keychain = Keychain::of_folder(work.path());
        let client = Client::new(settings).unwrap();
        let pushed = client.push(&from, &reference).await;
        assert_eq!(pushed.is_ok(), fine, "{pushed:?}");
        if let Err(error) = pushed {
            let said = format!("{error} {error:?}");
            assert!(
                said.contains("user `me`") && !said.contains("hunter"),
                "{said}"
            );
        }
    }
}
