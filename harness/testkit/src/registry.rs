//! A registry in this process (OCI distribution specification 1.1), with faults on demand.
//!
//! It holds everything in memory, asks for credentials if it is told to, has the interface for
//! referrers or not, and notes who asked for what.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use model::Digest;

use crate::http::{Answer, Request};

/// Serves until dropped.
#[derive(Debug)]
pub struct FakeRegistry {
    port: u16,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// Whom it lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Open,
    /// `Authorization: Basic` with this text, in base64.
    Basic(String),
    /// Tokens of its own `/token`, which gives them to the holder of this text, in base64, else to
    /// everyone.
    Token(Option<String>),
    /// Tokens of its own `/token`, which takes this identity token for them (OAuth2).
    Identity(String),
}

/// What goes wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryFault {
    /// This status without a body; 401 with a challenge.
    Status(u16),
    /// Busy (429), for so many seconds.
    Busy(u64),
    /// All headers, but only so many bytes of the body.
    Truncated(usize),
    /// A body of the right size whose first byte is wrong.
    WrongBytes,
    /// One byte more than there is.
    Longer,
    /// Moved to this address.
    Redirect(String),
    /// The body under this media type.
    MediaType(String),
    /// One byte of the body at a time, with a pause after each.
    Drip(Duration),
    /// No answer until it is dropped.
    Silent,
    /// The connection is closed without an answer.
    Reset,
    /// Refused (403), in words that repeat the credentials.
    Echo,
}

/// A request, as it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// What it said of who asks.
    pub authorization: Option<String>,
    /// The part it asked for.
    pub range: Option<String>,
}

#[derive(Debug)]
struct Shared {
    port: u16,
    access: Access,
    has_referrers: bool,
    state: Mutex<State>,
    stopping: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By digest.
    blobs: BTreeMap<String, Vec<u8>>,
    /// By repository and tag or digest: media type and bytes.
    manifests: HashMap<(String, String), (String, Vec<u8>)>,
    /// Method and part of the path, the fault, and how many more answers it spoils.
    faults: Vec<(String, String, RegistryFault, usize)>,
    asked: Vec<Asked>,
    tokens: Vec<(String, String)>,
    stop: bool,
}

impl FakeRegistry {
    /// An empty one that lets everyone in and has the interface for referrers.
    pub fn start() -> Self {
        Self::with(Access::Open, true)
    }

    /// An empty one.
    pub fn with(access: Access, has_referrers: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            port,
            access,
            has_referrers,
            state: Mutex::default(),
            stopping: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        let listener = std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if for_thread.state().stop {
                    break;
                }
                let shared = Arc::clone(&for_thread);
                std::thread::spawn(move || {
                    // A client that goes away is its own matter.
                    let _ = shared.serve(connection);
                });
            }
        });
        Self {
            port,
            shared,
            listener: Some(listener),
        }
    }

    /// Its host with its port, as it stands in names.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Holds a blob.
    pub fn hold(&self, bytes: &[u8]) {
        let digest = Digest::of(bytes).to_string();
        self.shared.state().blobs.insert(digest, bytes.to_vec());
    }

    /// Holds a manifest under a tag and under its digest.
    pub fn hold_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) {
        let mut state = self.shared.state();
        let held = (media_type.to_owned(), bytes.to_vec());
        for name in [tag.to_owned(), Digest::of(bytes).to_string()] {
            let key = (repository.to_owned(), name);
            state.manifests.insert(key, held.clone());
        }
    }

    /// The manifest under a tag or digest.
    pub fn manifest(&self, repository: &str, name: &str) -> Option<Vec<u8>> {
        let key = (repository.to_owned(), name.to_owned());
        self.shared
            .state()
            .manifests
            .get(&key)
            .map(|(_, bytes)| bytes.clone())
    }

    /// Spoils the next `times` answers to `method` for paths that contain `path`.
    pub fn spoil(&self, method: &str, path: &str, fault: RegistryFault, times: usize) {
        let fault = (method.to_owned(), path.to_owned(), fault, times);
        self.shared.state().faults.push(fault);
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.state().asked.clone()
    }

    /// How often `method` was asked for paths that contain `path`.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let asked = self.asked().into_iter();
        asked
            .filter(|asked| asked.method == method && asked.path.contains(path))
            .count()
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.shared.state().stop = true;
        self.shared.stopping.notify_all();
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let Some(request) = Request::read(connection.try_clone()?)? else {
            return Ok(());
        };
        let fault = self.note(&request);
        let mut answer = match &fault {
            Some(RegistryFault::Reset) => return Ok(()),
            Some(RegistryFault::Silent) => {
                self.wait(Duration::from_secs(600));
                return Ok(());
            }
            Some(RegistryFault::Status(401)) => self.challenge(&request),
            Some(RegistryFault::Status(status)) => Answer::of(*status),
            Some(RegistryFault::Busy(seconds)) => {
                Answer::of(429).with("Retry-After", seconds.to_string())
            }
            Some(RegistryFault::Redirect(to)) => Answer::of(307).with("Location", to),
            Some(RegistryFault::Echo) => {
                let said = request.header("authorization").unwrap_or_default();
                refused(403, "DENIED", &format!("not with {said}"))
            }
            _ if request.path == "/token" => self.token(&request),
            _ if !self.lets_in(&request) => self.challenge(&request),
            _ => self.answer(&request),
        };
        match fault {
            Some(RegistryFault::WrongBytes) => answer.body[0] ^= 0xff,
            Some(RegistryFault::Longer) => answer.body.push(b'x'),
            Some(RegistryFault::MediaType(kind)) => answer = answer.with("Content-Type", kind),
            Some(RegistryFault::Truncated(keep)) => {
                answer.head(&mut connection)?;
                return connection.write_all(&answer.body[..keep.min(answer.body.len())]);
            }
            Some(RegistryFault::Drip(pause)) => {
                answer.head(&mut connection)?;
                for byte in &answer.body {
                    connection.write_all(std::slice::from_ref(byte))?;
                    self.wait(pause);
                }
                return Ok(());
            }
            _ => {}
        }
        answer.head(&mut connection)?;
        if request.method != "HEAD" {
            connection.write_all(&answer.body)?;
        }
        Ok(())
    }

    /// Notes the request and takes the fault that is meant for it.
    fn note(&self, request: &Request) -> Option<RegistryFault> {
        let mut state = self.state();
        let path = match &*request.query {
            "" => request.path.clone(),
            query => format!("{}?{query}", request.path),
        };
        let text = |name| request.header(name).map(str::to_owned);
        state.asked.push(Asked {
            method: request.method.clone(),
            path: path.clone(),
            authorization: text("authorization"),
            range: text("range"),
        });
        let spoilt = state.faults.iter_mut();
        let (.., fault, times) = spoilt.into_iter().find(|(method, part, _, times)| {
            *method == request.method && path.contains(part.as_str()) && *times > 0
        })?;
        *times = times.saturating_sub(1);
        Some(fault.clone())
    }

    /// Waits, unless it is dropped.
    fn wait(&self, pause: Duration) {
        let waiting = |state: &mut State| !state.stop;
        let _ = self
            .stopping
            .wait_timeout_while(self.state(), pause, waiting);
    }

    fn lets_in(&self, request: &Request) -> bool {
        let said = request.header("authorization").unwrap_or_default();
        match &self.access {
            Access::Open => true,
            Access::Basic(text) => said == format!("Basic {text}"),
            Access::Token(_) | Access::Identity(_) => {
                let wanted = scope(request);
                let state = self.state();
                let mut tokens = state.tokens.iter();
                tokens.any(|(token, scope)| {
                    said == format!("Bearer {token}") && scope.starts_with(&wanted)
                })
            }
        }
    }

    fn challenge(&self, request: &Request) -> Answer {
        let challenge = match &self.access {
            Access::Basic(_) => "Basic realm=\"fake\"".to_owned(),
            _ => format!(
                "Bearer realm=\"http://127.0.0.1:{}/token\",service=\"fake\",scope=\"{}\"",
                self.port,
                scope(request)
            ),
        };
        refused(401, "UNAUTHORIZED", "who are you").with("WWW-Authenticate", challenge)
    }

    /// Gives a token out.
    fn token(&self, request: &Request) -> Answer {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (is_fine, scope) = match &self.access {
            Access::Identity(token) => {
                let given = |name| Request::parameter(&body, name);
                let fine = request.method == "POST"
                    && given("grant_type").as_deref() == Some("refresh_token")
                    && given("refresh_token").as_deref() == Some(token);
                (fine, given("scope"))
            }
            Access::Token(Some(text)) => {
                let said = request.header("authorization");
                let fine = said == Some(&format!("Basic {text}"));
                (fine, Request::parameter(&request.query, "scope"))
            }
            _ => (true, Request::parameter(&request.query, "scope")),
        };
        let (true, Some(scope)) = (is_fine, scope) else {
            return refused(401, "UNAUTHORIZED", "no token for you");
        };
        let mut state = self.state();
        let token = format!("token-{}", state.tokens.len());
        state.tokens.push((token.clone(), scope));
        Answer::of(200)
            .with("Content-Type", "application/json")
            .body(format!(r#"{{"access_token":"{token}","expires_in":60}}"#))
    }

    fn answer(&self, request: &Request) -> Answer {
        let Some(rest) = request.path.strip_prefix("/v2/") else {
            return Answer::of(404);
        };
        for (part, answer) in [
            (
                "/blobs/uploads/",
                Self::upload as fn(&Self, &Request, &str, &str) -> Answer,
            ),
            ("/blobs/", Self::blob),
            ("/manifests/", Self::manifest),
            ("/referrers/", Self::referrers),
        ] {
            if let Some((repository, name)) = rest.split_once(part) {
                return answer(self, request, repository, name);
            }
        }
        Answer::of(if rest.is_empty() { 200 } else { 404 })
    }

    fn upload(&self, request: &Request, repository: &str, _: &str) -> Answer {
        if request.method == "POST" {
            let to = format!("/v2/{repository}/blobs/uploads/1?state=x");
            return Answer::of(202).with("Location", to);
        }
        let digest = Digest::of(&request.body).to_string();
        if Request::parameter(&request.query, "digest").as_deref() != Some(&digest) {
            return refused(400, "DIGEST_INVALID", "not what was announced");
        }
        self.state()
            .blobs
            .insert(digest.clone(), request.body.clone());
        Answer::of(201).with("Docker-Content-Digest", digest)
    }

    fn blob(&self, request: &Request, _: &str, digest: &str) -> Answer {
        let state = self.state();
        let Some(bytes) = state.blobs.get(digest) else {
            return refused(404, "BLOB_UNKNOWN", "no such blob");
        };
        let range = request.header("range");
        let from = range.and_then(|text| text.strip_prefix("bytes=")?.strip_suffix('-'));
        match from.and_then(|from| from.parse::<usize>().ok()) {
            Some(from) if from < bytes.len() => {
                let last = bytes.len() - 1;
                let part = format!("bytes {from}-{last}/{}", bytes.len());
                Answer::of(206)
                    .with("Content-Range", part)
                    .body(&bytes[from..])
            }
            _ => Answer::of(200).body(bytes.clone()),
        }
    }

    fn manifest(&self, request: &Request, repository: &str, name: &str) -> Answer {
        let mut state = self.state();
        if request.method != "PUT" {
            let key = (repository.to_owned(), name.to_owned());
            return match state.manifests.get(&key) {
                Some((kind, bytes)) => Answer::of(200)
                    .with("Content-Type", kind)
                    .with("Docker-Content-Digest", Digest::of(bytes).to_string())
                    .body(bytes.clone()),
                None => refused(404, "MANIFEST_UNKNOWN", "no such manifest"),
            };
        }
        let document: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let named = |key: &str| document[key].as_array().cloned().unwrap_or_default();
        let blobs = named("layers")
            .into_iter()
            .chain([document["config"].clone()]);
        for blob in blobs.filter(|blob| !blob.is_null()) {
            if !state.blobs.contains_key(blob["digest"].as_str().unwrap()) {
                return refused(400, "MANIFEST_BLOB_UNKNOWN", "a blob is lacking");
            }
        }
        let digest = Digest::of(&request.body).to_string();
        let kind = request.header("content-type").unwrap_or_default();
        for name in [name, &digest] {
            let held = (kind.to_owned(), request.body.clone());
            let key = (repository.to_owned(), name.to_owned());
            state.manifests.insert(key, held);
        }
        let answer = Answer::of(201).with("Docker-Content-Digest", digest);
        match document["subject"]["digest"].as_str() {
            Some(subject) if self.has_referrers => answer.with("OCI-Subject", subject),
            _ => answer,
        }
    }

    fn referrers(&self, _: &Request, repository: &str, subject: &str) -> Answer {
        if !self.has_referrers {
            return Answer::of(404);
        }
        let state = self.state();
        let mut all = BTreeMap::new();
        for ((at, _), (kind, bytes)) in &state.manifests {
            let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            if at == repository && document["subject"]["digest"] == subject {
                let digest = Digest::of(bytes).to_string();
                let found = serde_json::json!({
                    "mediaType": kind, "digest": digest, "size": bytes.len(),
                    "artifactType": document["artifactType"],
                    "annotations": document["annotations"],
                });
                all.insert(digest, found);
            }
        }
        let kind = "application/vnd.oci.image.index.v1+json";
        let list = serde_json::json!({
            "schemaVersion": 2, "mediaType": kind, "manifests": all.into_values().collect::<Vec<_>>(),
        });
        Answer::of(200)
            .with("Content-Type", kind)
            .body(list.to_string())
    }
}

/// What a request needs a token for.
fn scope(request: &Request) -> String {
    let rest = request.path.trim_start_matches("/v2/");
    let ends = ["/blobs/", "/manifests/", "/referrers/"];
    let repository = ends.iter().find_map(|end| Some(rest.split_once(end)?.0));
    let actions = match &*request.method {
        "GET" | "HEAD" => "pull",
        _ => "pull,push",
    };
    format!("repository:{}:{actions}", repository.unwrap_or_default())
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    let text = serde_json::json!({"errors": [{"code": code, "message": message}]});
    Answer::of(status)
        .with("Content-Type", "application/json")
        .body(text.to_string())
}
