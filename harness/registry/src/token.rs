//! Tokens: asked for with user and password, with an identity token, or as nobody.
//!
//! Source: distribution's token authentication specification (`GET`) and its OAuth2 variant
//! (`POST`), which alone takes identity tokens.

use std::fmt::Write as _;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;

use crate::answer::{body, broken};
use crate::client::{Client, is_busy, pause};
use crate::transport::{authority, check};
use crate::{Credentials, Fault, Secret};

/// Longest answer of a token server.
const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

impl Client {
    /// A token of the realm for a service and a scope; `registry` is who sent us there.
    pub(crate) async fn token(
        &self,
        (realm, service, scope): (&str, Option<&str>, &str),
        credentials: &Credentials,
        registry: &Url,
    ) -> Result<Secret, Fault> {
        let url = Url::parse(realm).map_err(|error| Fault::Document {
            what: format!("the token server that {} names", authority(registry)),
            why: error.to_string(),
        })?;
        check(&url, registry, &self.settings, ", to ask for a token")?;
        let patience = &self.settings.patience;
        let mut tries = 1;
        loop {
            let request = self.request(&url, (service, scope), credentials)?;
            let sent = tokio::time::timeout(patience.stall, request.send()).await;
            let at = authority(&url);
            let sent = sent.map_err(|_| Fault::Deadline {
                at: at.clone(),
                limit: patience.stall,
            });
            let failed = match sent.and_then(|sent| sent.map_err(|error| broken(error, &at))) {
                Ok(response) if is_busy(response.status()) => Fault::Busy {
                    at: format!("the token server {at}"),
                    status: response.status().as_u16(),
                    said: self.said(response).await,
                    tries,
                },
                Ok(response) if !response.status().is_success() => {
                    return Err(self.refused(response, credentials).await);
                }
                Ok(response) => return read(response, &at, self).await,
                Err(fault) => fault,
            };
            if tries >= patience.tries || !failed.is_passing() {
                return Err(failed);
            }
            pause(patience.after(tries)).await;
            tries += 1;
        }
    }

    fn request(
        &self,
        url: &Url,
        (service, scope): (Option<&str>, &str),
        credentials: &Credentials,
    ) -> Result<RequestBuilder, Fault> {
        let mut asked = vec![("scope", scope)];
        asked.extend(service.map(|service| ("service", service)));
        if let Credentials::Identity(token) = credentials {
            self.hide(token.reveal());
            asked.extend([
                ("grant_type", "refresh_token"),
                ("client_id", "certify"),
                ("refresh_token", token.reveal()),
            ]);
            return Ok(self
                .http(url)?
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json")
                .body(form(&asked)));
        }
        let mut url = url.clone();
        url.query_pairs_mut().extend_pairs(asked);
        let request = self.http(&url)?.get(url).header(ACCEPT, "application/json");
        match credentials {
            Credentials::Basic { user, password } => {
                self.hide(password.reveal());
                Ok(request.basic_auth(user, Some(password.reveal())))
            }
            _ => Ok(request),
        }
    }

    async fn refused(&self, response: reqwest::Response, credentials: &Credentials) -> Fault {
        let (at, status) = (authority(response.url()), response.status());
        let said = self.said(response).await;
        let denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !denied {
            return Fault::Status {
                at: format!("the token server {at}"),
                status: status.as_u16(),
                said,
            };
        }
        let with = match credentials {
            Credentials::Basic { user, .. } => format!("the credentials of user `{user}`"),
            Credentials::Identity(_) => "the identity token".to_owned(),
            _ => "a token for anonymous access".to_owned(),
        };
        let at = format!("the token server {at}");
        Fault::Denied { at, with, said }
    }
}

async fn read(response: reqwest::Response, at: &str, client: &Client) -> Result<Secret, Fault> {
    let what = format!("the answer of the token server {at}");
    let within = client.settings.patience.document;
    let bytes = body(response, &what, LONGEST, within).await?;
    let not = |why: &str| Fault::Document {
        what: what.clone(),
        why: why.to_owned(),
    };
    // The reader's own words would repeat what stands there.
    let answer: Answer =
        serde_json::from_slice(&bytes).map_err(|_| not("it is no JSON of a token"))?;
    let token = answer.token.or(answer.access_token);
    let token = token.filter(|token| !token.is_empty());
    token
        .map(Secret::new)
        .ok_or_else(|| not("it holds no token"))
}

/// `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        for (part, end) in [(name, "="), (value, "")] {
            for byte in part.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    text.push(char::from(byte));
                } else {
                    let _ = write!(text, "%{byte:02X}");
                }
            }
            text.push_str(end);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_escaped() {
        let text = form(&[("scope", "repository:a/b:pull"), ("t", "a b&c=ä")]);
        assert_eq!(text, "scope=repository%3Aa%2Fb%3Apull&t=a%20b%26c%3D%C3%A4");
    }
}
