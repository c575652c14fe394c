//! Tests of `config.json`: every way in which docker and its kin write one.

#![allow(clippy::unwrap_used)]

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

fn basic(user: &str, password: &str) -> Credentials {
    Credentials::Basic {
        user: user.to_owned(),
        password: Secret::new(password),
    }
}

async fn of(text: &str, host: &str) -> Result<Credentials, String> {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("config.json"), text).unwrap();
    Keychain::of_folder(folder.path()).of(host, LIMIT).await
}

#[tokio::test]
async fn every_form_of_an_entry_is_read() {
    let file = format!(
        r#"{{"auths": {{
            "reg.example:5000": {{"auth": "{}"}},
            "https://old.example/v1/": {{"auth": "{}"}},
            "plain.example": {{"username": "me", "password": "pw"}},
            "id.example": {{"auth": "eDo=", "identitytoken": "refresh"}},
            "token.example": {{"registrytoken": "bearer"}},
            "empty.example": {{}},
            "{}": {{"auth": "{}"}}
        }}, "psFormat": "x"}}"#,
        STANDARD.encode("me:a:b"),
        STANDARD.encode("old:pw"),
        Hosts::known().docker_hub.credentials,
        STANDARD.encode("hub:pw"),
    );
    for (host, wanted) in [
        ("reg.example:5000", basic("me", "a:b")),
        ("reg.example", Credentials::Anonymous),
        ("old.example", basic("old", "pw")),
        ("plain.example", basic("me", "pw")),
        ("id.example", Credentials::Identity(Secret::new("refresh"))),
        ("token.example", Credentials::Token(Secret::new("bearer"))),
        ("empty.example", Credentials::Anonymous),
        (&Hosts::known().docker_hub.api, basic("hub", "pw")),
        (&Hosts::known().docker_hub.name, basic("hub", "pw")),
        ("other.example", Credentials::Anonymous),
    ] {
        assert_eq!(of(&file, host).await.unwrap(), wanted, "{host}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_told_without_its_content() {
    for text in [
        r#"{"auths": {"reg.example": "hunter2"}}"#,
        r#"{"auths": {"reg.example": {"auth": "hunter2!"}}}"#,
        r#"{"auths": {"reg.example": {"auth": "aHVudGVyMg=="}}}"#,
        r#"{"credHelpers": {"reg.example": "../hunter2"}}"#,
    ] {
        let said = of(text, "reg.example").await.unwrap_err();
        assert!(said.starts_with("credentials: "), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn nothing_is_known_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for keychain in [Keychain::of_folder(folder.path()), Keychain::empty()] {
        let found = keychain.of("reg.example", LIMIT).await;
        assert_eq!(found.unwrap(), Credentials::Anonymous);
    }
}
