//! One call of a registry: identified, repeated where that is safe, redirected where that is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Method, Response, StatusCode, Url};

use crate::answer::{broken, refusal};
use crate::authority::{Action, Authorities};
use crate::challenge;
use crate::secret::Hidden;
use crate::transport::{authority, base, check, is_loopback, is_same_server};
use crate::upload::Body;
use crate::{Fault, Repository, Settings, trust};

/// Speaks to registries. Tokens are kept as long as it lives.
pub struct Client {
    pub(crate) settings: Settings,
    /// Through the environment's proxies.
    far: reqwest::Client,
    /// For this machine's own addresses.
    near: reqwest::Client,
    /// For hosts with certificates of their own.
    own: Mutex<BTreeMap<String, reqwest::Client>>,
    pub(crate) authorities: Authorities,
    hidden: Mutex<Hidden>,
}

/// A call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) repository: &'a Repository,
    pub(crate) action: Action,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body<'a>,
    pub(crate) repeat: Repeat,
    /// Until the answer begins.
    pub(crate) within: Duration,
}

/// Whether a call may be made again when it failed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes nothing, or the same again.
    Safe,
    /// Its caller begins anew.
    Never,
}

/// Most redirects of one call.
const MOST_REDIRECTS: u32 = 5;

impl Client {
    /// A client that has spoken to nobody yet.
    pub fn new(settings: Settings) -> Result<Self, Fault> {
        // Whoever came first installed the same provider; the workspace has no other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            far: built(builder(&settings))?,
            near: built(builder(&settings).no_proxy())?,
            own: Mutex::default(),
            settings,
            authorities: Authorities::none(),
            hidden: Mutex::default(),
        })
    }

    /// The address `v2/PATH/REST` of a repository.
    pub(crate) fn address(&self, repository: &Repository, rest: &str) -> Result<Url, Fault> {
        let mut url = base(repository.authority(), &self.settings)?;
        url.set_path(&format!("v2/{}/{rest}", repository.path()));
        Ok(url)
    }

    /// A call without content that may be repeated.
    pub(crate) fn ask<'a>(&self, method: Method, url: Url, repository: &'a Repository) -> Call<'a> {
        Call {
            method,
            url,
            repository,
            action: Action::Pull,
            headers: HeaderMap::new(),
            body: Body::Empty,
            repeat: Repeat::Safe,
            within: self.settings.patience.stall,
        }
    }

    /// Makes the call; the answer is whatever is neither a demand for credentials, nor a redirect,
    /// nor a plea to come back.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Response, Fault> {
        let patience = &self.settings.patience;
        let mut url = call.url.clone();
        let (mut tries, mut redirects, mut identified) = (1, 0, false);
        loop {
            let response = match self.once(call, &url).await {
                Ok(response) => response,
                Err(fault)
                    if call.repeat == Repeat::Never
                        || tries >= patience.tries
                        || !fault.is_passing() =>
                {
                    return Err(fault);
                }
                Err(_) => {
                    pause(patience.after(tries)).await;
                    tries += 1;
                    continue;
                }
            };
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && self.is_home(&url, call.repository) {
                if identified {
                    return Err(self.denied(call, response).await);
                }
                self.identify(call, &response).await?;
                identified = true;
            } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                return Err(self.denied(call, response).await);
            } else if is_busy(status) {
                let wait = self.wait(&response, tries)?;
                if tries >= patience.tries || call.repeat == Repeat::Never {
                    return Err(Fault::Busy {
                        at: authority(&url),
                        status: status.as_u16(),
                        said: self.said(response).await,
                        tries,
                    });
                }
                pause(wait).await;
                tries += 1;
            } else if status.is_redirection() && is_reading(&call.method) {
                redirects += 1;
                url = self.redirected(&url, &response, redirects)?;
            } else {
                return Ok(response);
            }
        }
    }

    async fn once(&self, call: &Call<'_>, url: &Url) -> Result<Response, Fault> {
        let at = authority(url);
        let mut request = self
            .http(url)?
            .request(call.method.clone(), url.clone())
            .headers(call.headers.clone());
        if self.is_home(url, call.repository)
            && let Some(value) = self.authorities.header(url, call.repository, call.action)
        {
            request = request.header(AUTHORIZATION, value);
        }
        let request = call.body.put_into(request).await?;
        let sent = tokio::time::timeout(call.within, request.send()).await;
        let limit = call.within;
        sent.map_err(|_| Fault::Deadline {
            at: at.clone(),
            limit,
        })?
        .map_err(|error| broken(error, &at))
    }

    /// Whether an address is the repository's own server: nobody else is told who asks.
    fn is_home(&self, url: &Url, repository: &Repository) -> bool {
        let home = base(repository.authority(), &self.settings);
        home.is_ok_and(|home| is_same_server(&home, url))
    }

    /// Finds credentials for what the registry demands.
    async fn identify(&self, call: &Call<'_>, response: &Response) -> Result<(), Fault> {
        let values = response.headers().get_all(WWW_AUTHENTICATE);
        let values = values.iter().filter_map(|value| value.to_str().ok());
        let at = authority(&call.url);
        let challenge = challenge::choose(values).ok_or_else(|| Fault::Denied {
            at,
            with: "access and does not say what it wants (no Basic, no Bearer)".to_owned(),
            said: String::new(),
        })?;
        self.answer(challenge, call).await
    }

    async fn denied(&self, call: &Call<'_>, response: Response) -> Fault {
        Fault::Denied {
            at: authority(&call.url),
            with: self
                .authorities
                .told(&call.url, call.repository, call.action),
            said: self.said(response).await,
        }
    }

    /// The pause that a busy server asks for, else ours.
    fn wait(&self, response: &Response, tries: u32) -> Result<Duration, Fault> {
        let patience = &self.settings.patience;
        let asked = response.headers().get(RETRY_AFTER);
        // A date is not worth a clock: our own pauses grow as well.
        let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let Some(seconds) = seconds else {
            return Ok(patience.after(tries));
        };
        if Duration::from_secs(seconds) > patience.longest_pause {
            return Err(Fault::Later {
                at: authority(response.url()),
                status: response.status().as_u16(),
                seconds,
            });
        }
        Ok(Duration::from_secs(seconds))
    }

    /// Where a redirect leads. Nobody there is told who asks, unless it is the same server.
    fn redirected(&self, from: &Url, response: &Response, redirects: u32) -> Result<Url, Fault> {
        let refuse = |why: &str| Fault::Redirect {
            at: authority(from),
            why: why.to_owned(),
        };
        if redirects > MOST_REDIRECTS {
            return Err(refuse("too often"));
        }
        let to = response.headers().get(LOCATION);
        let to = to.and_then(|value| from.join(value.to_str().ok()?).ok());
        let to = to.ok_or_else(|| refuse("to nowhere"))?;
        check(&to, from, &self.settings, ", as a redirect wants")?;
        Ok(to)
    }

    /// What the registry says of a refusal, as it may be shown.
    pub(crate) async fn said(&self, response: Response) -> String {
        let text = refusal(response, &self.settings).await;
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.scrub(&text)
    }

    /// Remembers a text that may stand in no error.
    pub(crate) fn hide(&self, text: &str) {
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.add(text);
    }

    /// The HTTP client for an address.
    pub(crate) fn http(&self, url: &Url) -> Result<reqwest::Client, Fault> {
        let authority = authority(url);
        let Some(folder) = self.settings.trust.folder(&authority) else {
            let any = if is_loopback(&authority) {
                &self.near
            } else {
                &self.far
            };
            return Ok(any.clone());
        };
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = own.get(&authority) {
            return Ok(client.clone());
        }
        let mut builder = trust::with(&folder, builder(&self.settings))?;
        if is_loopback(&authority) {
            builder = builder.no_proxy();
        }
        let client = built(builder)?;
        own.insert(authority, client.clone());
        Ok(client)
    }
}

fn builder(settings: &Settings) -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("certify/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(settings.patience.connect)
}

fn built(builder: ClientBuilder) -> Result<reqwest::Client, Fault> {
    builder
        .build()
        .map_err(|error| broken(error, "the HTTP client"))
}

pub(crate) fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

fn is_reading(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

#[allow(
    clippy::disallowed_methods,
    reason = "the registry says how long to stay away; nothing is measured here"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
