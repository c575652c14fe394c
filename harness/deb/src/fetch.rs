//! Fetching: in parallel, with retries and deadlines, hashed on the way into the store.

use std::sync::Arc;
use std::time::Duration;

use backon::{ConstantBuilder, ExponentialBuilder, Retryable};
use bytes::Bytes;
use fs_err as fs;
use model::Digest;
use reqwest::StatusCode;
use tokio::sync::Semaphore;

use crate::address::{Address, BadAddress, Place};
use crate::store::{Incoming, ObjectLock, Store, StoreError};

/// Fetches files of archives through one store. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    store: Store,
    pace: Pace,
    progress: Progress,
    gate: Arc<Semaphore>,
}

/// How often and how long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Most requests at one time.
    pub parallel: usize,
    /// Tries of one request; only transient faults are tried again.
    pub tries: usize,
    /// Pause before the second try; doubled for each further one.
    pub pause: Duration,
    /// Longest time one request may take, with its body.
    pub deadline: Duration,
    /// Longest time to wait for another program that fetches the same object.
    pub lock_deadline: Duration,
}

/// What the store says about an object.
enum Found {
    Content(Bytes),
    Right(ObjectLock),
}

/// Called with the number of bytes whenever some arrived.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// What a file must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Size in bytes.
    pub size: u64,
}

/// A file that could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("fetching {address}: {fault}")]
pub struct FetchError {
    /// What was fetched.
    pub address: Address,
    /// What went wrong, at the last try.
    #[source]
    pub fault: FetchFault,
}

/// What went wrong with a fetch.
#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    /// No answer: name, connection, TLS, or broken in the middle.
    #[error("{0}")]
    Network(String),
    /// No full answer within the deadline.
    #[error("no full answer within {0:?}")]
    Deadline(Duration),
    /// The server said no.
    #[error("server answered {0}")]
    Status(StatusCode),
    /// A local file that cannot be read.
    #[error("{0}")]
    File(std::io::Error),
    /// The content is not what was announced, or the cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address leads nowhere.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A document that is larger than such documents are.
    #[error("more than {0} bytes")]
    TooLong(u64),
    /// The runtime was shut down.
    #[error("interrupted")]
    Stopped,
    /// Another program holds the object for too long.
    #[error("another program is fetching it for more than {0:?}")]
    Locked(Duration),
}

impl Pace {
    /// Eight at a time, three tries, five minutes each.
    pub const STANDARD: Self = Self {
        parallel: 8,
        tries: 3,
        pause: Duration::from_millis(200),
        deadline: Duration::from_secs(300),
        lock_deadline: Duration::from_secs(600),
    };
}

impl FetchFault {
    /// Whether trying again may help.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Network(_) | Self::Deadline(_) | Self::Store(StoreError::TooShort { .. }) => true,
            Self::Status(status) => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            _ => false,
        }
    }
}

impl Fetcher {
    /// A fetcher that uses `client` (see [`crate::client`]) and keeps objects in `store`.
    pub fn new(client: reqwest::Client, store: Store, pace: Pace, progress: Progress) -> Self {
        Self {
            client,
            store,
            pace,
            progress,
            gate: Arc::new(Semaphore::new(pace.parallel.max(1))),
        }
    }

    /// The store objects are kept in.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Fetches a document whose digest is not known beforehand. It is not kept.
    pub async fn document(&self, address: &Address, most: u64) -> Result<Bytes, FetchError> {
        let once = || async {
            let mut body = Vec::new();
            let keep = |chunk: &[u8]| {
                body.extend_from_slice(chunk);
                match body.len() as u64 > most {
                    true => Err(FetchFault::TooLong(most)),
                    false => Ok(()),
                }
            };
            self.stream(address, keep).await?;
            Ok(Bytes::from(body))
        };
        self.repeat(once).await.map_err(|fault| FetchError {
            address: address.clone(),
            fault,
        })
    }

    /// The object `wanted`: from the store, else from `address`.
    pub async fn object(&self, address: &Address, wanted: Wanted) -> Result<Bytes, FetchError> {
        let found = async {
            match self.stored(wanted).await? {
                Found::Content(content) => Ok(content),
                Found::Right(lock) => self.download(address, wanted, lock).await,
            }
        };
        found.await.map_err(|fault| FetchError {
            address: address.clone(),
            fault,
        })
    }

    /// The stored content, or the right to write it. Waits while another program writes it.
    async fn stored(&self, wanted: Wanted) -> Result<Found, FetchFault> {
        let step = Duration::from_millis(20);
        let turns = self.pace.lock_deadline.as_millis() / step.as_millis();
        let wait = ConstantBuilder::default()
            .with_delay(step)
            .with_max_times(usize::try_from(turns).unwrap_or(usize::MAX));
        let turn = || async {
            if let Some(content) = self.read(wanted).await? {
                return Ok(Found::Content(content));
            }
            let lock = self.store.try_lock(&wanted.sha256)?;
            let lock = lock.ok_or(FetchFault::Locked(self.pace.lock_deadline))?;
            // Another program may have finished between the look and the lock.
            let content = self.read(wanted).await?;
            Ok(content.map_or(Found::Right(lock), Found::Content))
        };
        turn.retry(wait)
            .when(|fault| matches!(fault, FetchFault::Locked(_)))
            .await
    }

    /// Reads and hashes off the threads that wait for the network.
    async fn read(&self, wanted: Wanted) -> Result<Option<Bytes>, FetchFault> {
        if !self.store.has(&wanted.sha256) {
            return Ok(None);
        }
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || store.get(&wanted.sha256)).await;
        let content = read.map_err(stopped)??;
        Ok(content.filter(|content| content.len() as u64 == wanted.size))
    }

    async fn download(
        &self,
        address: &Address,
        wanted: Wanted,
        lock: ObjectLock,
    ) -> Result<Bytes, FetchFault> {
        let incoming = self.store.incoming(lock, wanted.sha256, wanted.size)?;
        let incoming = std::sync::Mutex::new(incoming);
        let fill = || async {
            let mut at_start = true;
            let keep = |chunk: &[u8]| {
                let mut incoming = locked(&incoming);
                if at_start {
                    incoming.restart()?;
                    at_start = false;
                }
                Ok(incoming.write(chunk)?)
            };
            self.stream(address, keep).await?;
            let mut incoming = locked(&incoming);
            if at_start {
                incoming.restart()?;
            }
            Ok(incoming.check_length()?)
        };
        self.repeat(fill).await?;
        let incoming = incoming
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let store = self.store.clone();
        let finished = tokio::task::spawn_blocking(move || incoming.finish(&store)).await;
        Ok(finished.map_err(stopped)??)
    }

    async fn repeat<T, F>(&self, once: impl FnMut() -> F) -> Result<T, FetchFault>
    where
        F: Future<Output = Result<T, FetchFault>>,
    {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.pace.pause)
            .with_max_times(self.pace.tries.saturating_sub(1))
            .with_jitter();
        once.retry(pauses).when(FetchFault::is_transient).await
    }

    /// Reads one address to its end, within the deadline.
    async fn stream(
        &self,
        address: &Address,
        keep: impl FnMut(&[u8]) -> Result<(), FetchFault>,
    ) -> Result<(), FetchFault> {
        let _turn = self.gate.acquire().await;
        let work = async {
            match address.place()? {
                Place::Remote(url) => self.stream_remote(url, keep).await,
                Place::Local(path) => self.stream_local(&path, keep).await,
            }
        };
        let deadline = self.pace.deadline;
        match tokio::time::timeout(deadline, work).await {
            Ok(done) => done,
            Err(_) => Err(FetchFault::Deadline(deadline)),
        }
    }

    async fn stream_remote(
        &self,
        url: reqwest::Url,
        mut keep: impl FnMut(&[u8]) -> Result<(), FetchFault>,
    ) -> Result<(), FetchFault> {
        let mut answer = self.client.get(url).send().await.map_err(network)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchFault::Status(answer.status()));
        }
        while let Some(chunk) = answer.chunk().await.map_err(network)? {
            keep(&chunk)?;
            (self.progress)(chunk.len() as u64);
        }
        Ok(())
    }

    async fn stream_local(
        &self,
        path: &camino::Utf8Path,
        mut keep: impl FnMut(&[u8]) -> Result<(), FetchFault>,
    ) -> Result<(), FetchFault> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || fs::read(path)).await;
        let content = read.map_err(stopped)?.map_err(FetchFault::File)?;
        keep(&content)?;
        (self.progress)(content.len() as u64);
        Ok(())
    }
}

fn locked(incoming: &std::sync::Mutex<Incoming>) -> std::sync::MutexGuard<'_, Incoming> {
    incoming
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn stopped(_: tokio::task::JoinError) -> FetchFault {
    FetchFault::Stopped
}

/// The whole chain of causes, without the address: it may hold a password.
pub(crate) fn network(error: reqwest::Error) -> FetchFault {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchFault::Network(text)
}
