//! Credentials as docker keeps them: `config.json` and the helpers that it names.
//!
//! Source: docker's `cli/config/configfile` and `docker-credential-helpers`. A helper of the host
//! wins, then the store of all, then what stands in the file itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Hosts;
use serde::Deserialize;

use crate::Secret;
use crate::helper;

/// Where credentials are looked up; nothing is read before somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keychain {
    file: Option<PathBuf>,
    /// Where helpers lie, if not where a shell finds them.
    helpers: Option<PathBuf>,
}

/// What a registry is told of who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    Anonymous,
    /// A user and a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that is exchanged for a registry's tokens (OAuth2 refresh token).
    Identity(Secret),
    /// A registry's token itself.
    Token(Secret),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(default, rename = "registrytoken")]
    registry_token: Option<String>,
}

impl Keychain {
    /// No credentials for anyone.
    pub const fn empty() -> Self {
        Self {
            file: None,
            helpers: None,
        }
    }

    /// The file `config.json` of the folder `folder`.
    pub fn of_folder(folder: &Path) -> Self {
        Self {
            file: Some(folder.join("config.json")),
            helpers: None,
        }
    }

    /// The same with helpers from the folder `folder` instead of those a shell finds.
    #[must_use]
    pub fn with_helpers(mut self, folder: &Path) -> Self {
        self.helpers = Some(folder.to_owned());
        self
    }

    /// The user's own: `$DOCKER_CONFIG`, else `~/.docker`.
    pub fn of_user() -> Self {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = named("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(Path::new(&named("HOME")?).join(".docker")));
        folder.map_or(Self::empty(), |folder| Self::of_folder(&folder))
    }

    /// What `host` (with its port) is told. A file that is not there knows nobody.
    pub(crate) async fn of(&self, host: &str, limit: Duration) -> Result<Credentials, String> {
        let Some(path) = &self.file else {
            return Ok(Credentials::Anonymous);
        };
        let text = match fs_err::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Credentials::Anonymous);
            }
            Err(error) => return Err(format!("credentials: {error}")),
        };
        // The reader's own words would repeat what stands there.
        let file: File = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!(
                "credentials: {} is not what docker writes, at line {line} column {column}",
                path.display()
            )
        })?;
        let ask = async |name: &str| {
            let program = helper::program(name, self.helpers.as_deref())?;
            helper::ask(&program, &server(host), limit).await
        };
        let named = |keys: Vec<&String>| keys.into_iter().find(|key| is_for(key, host)).cloned();
        if let Some(key) = named(file.cred_helpers.keys().collect()) {
            return ask(&file.cred_helpers[&key]).await;
        }
        if let Some(store) = &file.creds_store {
            let found = ask(store).await?;
            if found != Credentials::Anonymous {
                return Ok(found);
            }
        }
        match named(file.auths.keys().collect()) {
            Some(key) => entry(&file.auths[&key]).ok_or_else(|| {
                format!(
                    "credentials: {} holds none for {host} that can be read",
                    path.display()
                )
            }),
            None => Ok(Credentials::Anonymous),
        }
    }
}

/// The name that helpers know a host by.
fn server(host: &str) -> String {
    let hub = &Hosts::known().docker_hub;
    if host == hub.name || host == hub.api {
        hub.credentials.clone()
    } else {
        host.to_owned()
    }
}

/// Whether a key of the file means `host`: keys may be addresses, of versions of the interface too.
fn is_for(key: &str, host: &str) -> bool {
    let bare = key.split_once("://").map_or(key, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    let bare = bare
        .strip_suffix("/v1")
        .or(bare.strip_suffix("/v2"))
        .unwrap_or(bare);
    let hub = &Hosts::known().docker_hub;
    let is_hub = |name: &str| name == hub.name || hub.aliases.iter().any(|alias| alias == name);
    bare.eq_ignore_ascii_case(host) || (is_hub(bare) && is_hub(host))
}

/// What an entry holds; none if it is damaged. An empty one knows nobody: helpers leave such.
fn entry(entry: &Entry) -> Option<Credentials> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(token) = filled(&entry.registry_token) {
        return Some(Credentials::Token(Secret::new(token)));
    }
    if let Some(token) = filled(&entry.identity_token) {
        return Some(Credentials::Identity(Secret::new(token)));
    }
    if let Some(auth) = filled(&entry.auth) {
        let bytes = STANDARD.decode(auth.trim()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        return Some(Credentials::Basic {
            user: user.to_owned(),
            password: Secret::new(password.trim_matches('\0')),
        });
    }
    match (filled(&entry.username), filled(&entry.password)) {
        (Some(user), Some(password)) => Some(Credentials::Basic {
            user,
            password: Secret::new(password),
        }),
        _ => Some(Credentials::Anonymous),
    }
}

#[cfg(test)]
#[path = "keychain_tests.rs"]
mod tests;
