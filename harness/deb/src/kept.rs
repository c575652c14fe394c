//! A document that nobody signs and that changes: kept on disk with what its server calls its
//! version (RFC 9110, section 8.8.3), and fetched again only when that changed.

use std::io::Write as _;
use std::time::Duration;

use backon::{ConstantBuilder, ExponentialBuilder, Retryable};
use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use jiff::Timestamp;
use model::Digest;
use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::address::{Address, Place};
use crate::fetch::{FetchError, FetchFault, network};
use crate::store::{StoreError, failed};

/// Where a document is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    path: Utf8PathBuf,
}

/// A kept document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCopy {
    /// Its bytes.
    pub bytes: Bytes,
    /// When its server was last known to call it the newest.
    pub checked: Timestamp,
    /// Whether it came over the network just now or was kept.
    pub origin: KeptOrigin,
}

/// Where the bytes of a document came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptOrigin {
    /// Over the network.
    Fetched,
    /// From the disk; the server says that it did not change.
    Unchanged,
    /// From the disk; no server was asked.
    Unasked,
}

/// How a document is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPace {
    /// Most bytes of the document.
    pub most_bytes: u64,
    /// Tries; only transient faults are tried again.
    pub tries: usize,
    /// Longest time for one try.
    pub deadline: Duration,
    /// Longest time to wait for another program that fetches the same document.
    pub lock_deadline: Duration,
}

/// The line before a kept document.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    address: String,
    etag: Option<String>,
    checked: Timestamp,
    sha256: Digest,
}

/// Most bytes of a head.
const HEAD_BYTES: usize = 4096;

impl Kept {
    /// The document kept as the file `path`.
    pub fn at(path: Utf8PathBuf) -> Self {
        Self { path }
    }

    /// The kept copy of what was fetched from `address`. One that was damaged is none.
    pub fn read(&self, address: &Address) -> Result<Option<KeptCopy>, StoreError> {
        let found = self.read_whole(address)?;
        Ok(found.map(|(head, bytes)| KeptCopy {
            bytes,
            checked: head.checked,
            origin: KeptOrigin::Unasked,
        }))
    }

    /// The newest document at `address`, at the time `now`: the kept one where the server says that
    /// it did not change.
    pub async fn refresh(
        &self,
        address: &Address,
        client: &reqwest::Client,
        pace: KeptPace,
        now: Timestamp,
    ) -> Result<KeptCopy, FetchError> {
        let fetched = async {
            let _lock = self.lock(pace.lock_deadline).await?;
            let kept = self.read_whole(address)?;
            let etag = kept.as_ref().and_then(|(head, _)| head.etag.clone());
            let once = || ask(client, address, etag.as_deref(), pace);
            let pauses = ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(200))
                .with_max_times(pace.tries.saturating_sub(1))
                .with_jitter();
            let answer = once.retry(pauses).when(FetchFault::is_transient).await?;
            let (etag, bytes, origin) = match (answer, kept) {
                (Answer::Unchanged, Some((head, bytes))) => {
                    (head.etag, bytes, KeptOrigin::Unchanged)
                }
                (Answer::Unchanged, None) => {
                    return Err(FetchFault::Status(StatusCode::NOT_MODIFIED));
                }
                (Answer::Content(etag, bytes), _) => (etag, bytes, KeptOrigin::Fetched),
            };
            let head = Head {
                address: address.to_string(),
                etag,
                checked: now,
                sha256: Digest::of(&bytes),
            };
            self.write(&head, &bytes)?;
            Ok(KeptCopy {
                bytes,
                checked: now,
                origin,
            })
        };
        fetched.await.map_err(|fault| FetchError {
            address: address.clone(),
            fault,
        })
    }

    fn read_whole(&self, address: &Address) -> Result<Option<(Head, Bytes)>, StoreError> {
        let whole = match fs::read(&self.path) {
            Ok(whole) => Bytes::from(whole),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&self.path, error)),
        };
        let start = &whole[..whole.len().min(HEAD_BYTES)];
        let Some(end) = memchr::memchr(b'\n', start) else {
            return Ok(None);
        };
        let bytes = whole.slice(end + 1..);
        let head = serde_json::from_slice::<Head>(&whole[..end]).ok();
        let right =
            |head: &Head| head.address == address.to_string() && head.sha256 == Digest::of(&bytes);
        Ok(head.filter(right).map(|head| (head, bytes)))
    }

    /// Writes head and document under another name and renames them, so that nothing half-written
    /// is ever read.
    fn write(&self, head: &Head, bytes: &[u8]) -> Result<(), StoreError> {
        let part = self.beside(".part");
        let line = serde_json::to_string(head).unwrap_or_default();
        let written = fs::File::create(&part).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&part, &self.path)
        });
        written.map_err(|error| failed(&part, error))
    }

    /// Waits until no other program holds the document.
    async fn lock(&self, deadline: Duration) -> Result<fs::File, FetchFault> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        let path = self.beside(".lock");
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        let step = Duration::from_millis(20);
        let turns = usize::try_from(deadline.as_millis() / step.as_millis());
        let wait = ConstantBuilder::default()
            .with_delay(step)
            .with_max_times(turns.unwrap_or(usize::MAX));
        let turn = || async {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(()),
                Err(rustix::io::Errno::WOULDBLOCK) => Err(FetchFault::Locked(deadline)),
                Err(error) => Err(failed(&path, error.into()).into()),
            }
        };
        let held = |fault: &FetchFault| matches!(fault, FetchFault::Locked(_));
        turn.retry(wait).when(held).await?;
        Ok(file)
    }

    fn beside(&self, suffix: &str) -> Utf8PathBuf {
        Utf8Path::new(&format!("{}{suffix}", self.path)).to_owned()
    }
}

enum Answer {
    Unchanged,
    Content(Option<String>, Bytes),
}

/// One request, with its body, within the deadline.
async fn ask(
    client: &reqwest::Client,
    address: &Address,
    etag: Option<&str>,
    pace: KeptPace,
) -> Result<Answer, FetchFault> {
    let Place::Remote(url) = address.place()? else {
        return Err(FetchFault::Network(
            "it is no address of a network".to_owned(),
        ));
    };
    let mut request = client.get(url);
    if let Some(etag) = etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    let work = async {
        let mut answer = request.send().await.map_err(network)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(Answer::Unchanged),
            status => return Err(FetchFault::Status(status)),
        }
        let etag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        let etag = etag
            .filter(|tag| tag.len() < HEAD_BYTES / 4)
            .map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(network)? {
            if (body.len() + chunk.len()) as u64 > pace.most_bytes {
                return Err(FetchFault::TooLong(pace.most_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer::Content(etag, body.into()))
    };
    match tokio::time::timeout(pace.deadline, work).await {
        Ok(done) => done,
        Err(_) => Err(FetchFault::Deadline(pace.deadline)),
    }
}
