//! Who we are: by password, token, identity token and helper; and that nobody else learns it.

use std::path::Path;
use std::time::{Duration, Instant};

use model::Arch;
use registry::{Client, Fault, Keychain, Reference, RegistryError, Wanted};
use testkit::{Access, FakeRegistry, RegistryFault};

use crate::scene::{image, name, settings};

/// `me:hunter2`.
const BASIC: &str = "bWU6aHVudGVyMg==";

/// A client that knows what stands in `config`.
fn knowing(work: &Path, config: &str) -> Client {
    fs_err::write(work.join("config.json"), config).unwrap();
    let helpers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registry/helpers");
    let mut settings = settings();
    settings.keychain = Keychain::of_folder(work).with_helpers(&helpers);
    Client::new(settings).unwrap()
}

/// Pushes an image and pulls it back.
async fn round(client: &Client, work: &Path, to: &Reference) -> Result<(), RegistryError> {
    let from = work.join("from");
    if !from.exists() {
        image(&from, Arch::Amd64);
    }
    client.push(&from, to).await?;
    let dir = work.join("to");
    client.pull(to, Wanted::Whole, &dir, None).await?;
    fs_err::remove_dir_all(dir).unwrap();
    Ok(())
}

#[tokio::test]
async fn every_way_to_identify_oneself_opens_its_door() {
    let basic = format!(r#"{{"auth": "{BASIC}"}}"#);
    let identity = r#"{"identitytoken": "refresh-hunter2"}"#.to_owned();
    for (access, entry) in [
        (Access::Basic(BASIC.to_owned()), basic.clone()),
        (Access::Token(Some(BASIC.to_owned())), basic),
        (Access::Token(None), "{}".to_owned()),
        (Access::Identity("refresh-hunter2".to_owned()), identity),
    ] {
        let work = tempfile::tempdir().unwrap();
        let registry = FakeRegistry::with(access.clone(), true);
        let config = format!(r#"{{"auths": {{"{}": {entry}}}}}"#, registry.host());
        let client = knowing(work.path(), &config);
        let done = round(&client, work.path(), &name(&registry, "ns/app:1")).await;
        assert!(done.is_ok(), "{access:?}: {done:?}");
    }
}

#[tokio::test]
async fn tokens_are_asked_for_once_for_each_purpose() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::with(Access::Token(None), true);
    let client = knowing(work.path(), "{}");
    round(&client, work.path(), &name(&registry, "app:1"))
        .await
        .unwrap();
    let asked = registry.count("GET", "/token");
    assert!(
        asked <= 3,
        "reading, writing, reading before writing: {asked}"
    );
}

#[tokio::test]
async fn helpers_are_asked_as_docker_asks_them() {
    for (config, access, fine) in [
        (
            r#"{"credHelpers": {"HOST": "good"}}"#,
            Access::Basic(BASIC.to_owned()),
            true,
        ),
        (
            r#"{"credsStore": "good"}"#,
            Access::Basic(BASIC.to_owned()),
            true,
        ),
        (
            r#"{"credHelpers": {"HOST": "identity"}}"#,
            Access::Identity("refresh-hunter2".to_owned()),
            true,
        ),
        // The store knows nobody, the file does.
        (
            r#"{"credsStore": "none", "auths": {"HOST": {"auth": "bWU6aHVudGVyMg=="}}}"#,
            Access::Basic(BASIC.to_owned()),
            true,
        ),
        (
            r#"{"credsStore": "none"}"#,
            Access::Basic(BASIC.to_owned()),
            false,
        ),
        (
            r#"{"credsStore": "broken"}"#,
            Access::Basic(BASIC.to_owned()),
            false,
        ),
        (
            r#"{"credsStore": "garbage"}"#,
            Access::Basic(BASIC.to_owned()),
            false,
        ),
        (
            r#"{"credsStore": "absent"}"#,
            Access::Basic(BASIC.to_owned()),
            false,
        ),
        (
            r#"{"credsStore": "slow"}"#,
            Access::Basic(BASIC.to_owned()),
            false,
        ),
    ] {
        let work = tempfile::tempdir().unwrap();
        let registry = FakeRegistry::with(access, true);
        let client = knowing(work.path(), &config.replace("HOST", &registry.host()));
        let began = Instant::now();
        let done = round(&client, work.path(), &name(&registry, "app:1")).await;
        assert!(began.elapsed() < Duration::from_secs(8), "{config}");
        assert_eq!(done.is_ok(), fine, "{config}: {done:?}");
        if let Err(error) = done {
            let said = format!("{error} {error:?}");
            assert!(!said.contains("hunter2"), "{said}");
            let kind = matches!(*error.fault, Fault::Credentials(_) | Fault::Denied { .. });
            assert!(kind, "{said}");
            assert!(!error.is_input(), "{said}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_told_without_it() {
    let wrong = "bWU6aHVudGVyMw==";
    for access in [
        Access::Basic(BASIC.to_owned()),
        Access::Token(Some(BASIC.to_owned())),
    ] {
        let work = tempfile::tempdir().unwrap();
        let registry = FakeRegistry::with(access, true);
        let config = format!(
            r#"{{"auths": {{"{}": {{"auth": "{wrong}"}}}}}}"#,
            registry.host()
        );
        let client = knowing(work.path(), &config);
        let to = name(&registry, "app:1");
        let error = round(&client, work.path(), &to).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(matches!(*error.fault, Fault::Denied { .. }), "{said}");
        assert!(
            said.contains("user `me`") && said.contains("docker login"),
            "{said}"
        );
        assert!(!said.contains("hunter3") && !said.contains(wrong), "{said}");
        assert!(registry.asked().len() <= 2, "{:?}", registry.asked());
    }
}

#[tokio::test]
async fn a_token_server_that_fails_is_told_apart_from_the_registry() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::with(Access::Token(None), true);
    let client = knowing(work.path(), "{}");
    registry.spoil("GET", "/token", RegistryFault::Status(500), usize::MAX);
    let error = round(&client, work.path(), &name(&registry, "app:1"))
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(
        matches!(
            *error.fault,
            Fault::Busy {
                status: 500,
                tries: 3,
                ..
            }
        ),
        "{said}"
    );
    assert!(said.contains("the token server"), "{said}");
    assert_eq!(registry.count("GET", "/token"), 3);
}

#[tokio::test]
async fn a_registry_that_repeats_the_credentials_does_not_bring_them_into_an_error() {
    let work = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::with(Access::Basic(BASIC.to_owned()), true);
    let config = format!(
        r#"{{"auths": {{"{}": {{"auth": "{BASIC}"}}}}}}"#,
        registry.host()
    );
    let client = knowing(work.path(), &config);
    registry.spoil("PUT", "/manifests/", RegistryFault::Echo, usize::MAX);
    let error = round(&client, work.path(), &name(&registry, "app:1"))
        .await
        .unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(said.contains("not with Basic ***"), "{said}");
    assert!(!said.contains(BASIC) && !said.contains("hunter2"), "{said}");
}
