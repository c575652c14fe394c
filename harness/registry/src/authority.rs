//! Who we are to which registry, and for how much.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::challenge::Challenge;
use crate::client::{Call, Client};
use crate::transport::authority;
use crate::{Credentials, Fault, Repository};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Reading.
    Pull,
    /// Writing, and reading beside it.
    Push,
}

impl Action {
    /// As token servers know it.
    pub(crate) fn scope(self, repository: &Repository) -> String {
        let actions = match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        };
        format!("repository:{}:{actions}", repository.path())
    }
}

/// What registries were told of us, by server, repository and action.
pub(crate) struct Authorities(Mutex<HashMap<Key, Authority>>);

type Key = (String, String, Action);

#[derive(Clone)]
struct Authority {
    header: HeaderValue,
    /// For people.
    told: String,
}

impl Authorities {
    pub(crate) fn none() -> Self {
        Self(Mutex::default())
    }

    /// The header that identifies us.
    pub(crate) fn header(&self, url: &Url, of: &Repository, action: Action) -> Option<HeaderValue> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&key(url, of, action))
            .map(|known| known.header.clone())
    }

    /// As whom we came, in words.
    pub(crate) fn told(&self, url: &Url, of: &Repository, action: Action) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&key(url, of, action));
        known.map_or_else(|| "anonymous access".to_owned(), |known| known.told.clone())
    }

    fn keep(&self, call: &Call<'_>, authority: Authority) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key(&call.url, call.repository, call.action), authority);
    }
}

fn key(url: &Url, of: &Repository, action: Action) -> Key {
    let server = format!("{}://{}", url.scheme(), authority(url));
    (server, of.path().to_owned(), action)
}

impl Client {
    /// Answers a challenge as far as credentials go; the next try carries the answer.
    pub(crate) async fn answer(&self, challenge: Challenge, call: &Call<'_>) -> Result<(), Fault> {
        let host = call.repository.host();
        let limit = self.settings.patience.helper;
        let found = self.settings.keychain.of(host, limit).await;
        let credentials = found.map_err(Fault::Credentials)?;
        let told = match &credentials {
            Credentials::Anonymous => "anonymous access".to_owned(),
            Credentials::Basic { user, .. } => format!("the credentials of user `{user}`"),
            Credentials::Identity(_) => "the identity token".to_owned(),
            Credentials::Token(_) => "the token of the file".to_owned(),
        };
        let text = match (challenge, credentials) {
            (_, Credentials::Token(token)) => {
                self.hide(token.reveal());
                format!("Bearer {}", token.reveal())
            }
            (Challenge::Basic, Credentials::Basic { user, password }) => {
                self.hide(password.reveal());
                let both = STANDARD.encode(format!("{user}:{}", password.reveal()));
                self.hide(&both);
                format!("Basic {both}")
            }
            (Challenge::Basic, _) => {
                return Err(Fault::Denied {
                    at: authority(&call.url),
                    with: format!("{told}: it wants a user and a password"),
                    said: String::new(),
                });
            }
            (
                Challenge::Bearer {
                    realm,
                    service,
                    scope,
                },
                credentials,
            ) => {
                let scope = scope.unwrap_or_else(|| call.action.scope(call.repository));
                let wanted = (realm.as_str(), service.as_deref(), scope.as_str());
                let token = self.token(wanted, &credentials, &call.url).await?;
                self.hide(token.reveal());
                format!("Bearer {}", token.reveal())
            }
        };
        let mut header = HeaderValue::try_from(text).map_err(|_| {
            Fault::Credentials(format!(
                "credentials for {host}: they cannot stand in a header"
            ))
        })?;
        header.set_sensitive(true);
        self.authorities.keep(call, Authority { header, told });
        Ok(())
    }
}
