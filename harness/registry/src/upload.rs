//! Sending blobs: only those that are not there, each in one piece.

use std::path::Path;

use bytes::Bytes;
use model::Digest;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use tokio_util::io::ReaderStream;

use crate::answer::unexpected;
use crate::authority::Action;
use crate::client::{Call, Client, Repeat, pause};
use crate::transport::{authority, check};
use crate::{Fault, Repository};

/// What a call carries. It can be read again for another try.
#[derive(Debug, Clone)]
pub(crate) enum Body<'a> {
    /// Nothing.
    Empty,
    /// Bytes at hand.
    Bytes(Bytes),
    /// A file of so many bytes.
    File { path: &'a Path, size: u64 },
}

/// What became of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It was there.
    Present,
    /// It was sent.
    Uploaded,
}

/// Pieces in which files are read.
const PIECE: usize = 128 << 10;

impl Body<'_> {
    fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    pub(crate) async fn put_into(&self, request: RequestBuilder) -> Result<RequestBuilder, Fault> {
        match self {
            Self::Empty => Ok(request),
            Self::Bytes(bytes) => Ok(request.body(bytes.clone())),
            Self::File { path, size } => {
                let file = tokio::fs::File::open(path).await;
                let file = file.map_err(Fault::disk(format!("`{}`", path.display())))?;
                let pieces = ReaderStream::with_capacity(file, PIECE);
                let body = reqwest::Body::wrap_stream(pieces);
                Ok(request.header(CONTENT_LENGTH, *size).body(body))
            }
        }
    }
}

impl Client {
    /// Makes sure that the blob is there.
    pub(crate) async fn upload(
        &self,
        repository: &Repository,
        digest: Digest,
        body: Body<'_>,
    ) -> Result<Sent, Fault> {
        if self.has_blob(repository, digest).await? {
            return Ok(Sent::Present);
        }
        let patience = &self.settings.patience;
        let mut tries = 1;
        loop {
            match self.send_blob(repository, digest, body.clone()).await {
                Ok(()) => return Ok(Sent::Uploaded),
                Err(fault) if fault.is_passing() && tries < patience.tries => {
                    pause(patience.after(tries)).await;
                    tries += 1;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    async fn has_blob(&self, repository: &Repository, digest: Digest) -> Result<bool, Fault> {
        let url = self.address(repository, &format!("blobs/{digest}"))?;
        let call = Call {
            action: Action::Push,
            ..self.ask(Method::HEAD, url, repository)
        };
        let response = self.send(&call).await?;
        match response.status() {
            status if status.is_success() => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status => Err(unexpected(&authority(&call.url), status, String::new())),
        }
    }

    /// One upload, from its beginning.
    async fn send_blob(
        &self,
        repository: &Repository,
        digest: Digest,
        body: Body<'_>,
    ) -> Result<(), Fault> {
        let url = self.address(repository, "blobs/uploads/")?;
        let begin = Call {
            action: Action::Push,
            ..self.ask(Method::POST, url, repository)
        };
        let begun = self.send(&begin).await?;
        let (status, at) = (begun.status(), authority(&begin.url));
        if status != StatusCode::ACCEPTED {
            return Err(unexpected(&at, status, self.said(begun).await));
        }
        let mut to = location(begun.headers(), &begin.url)?;
        check(&to, &begin.url, &self.settings, ", to send a blob to")?;
        let pair = ("digest", digest.to_string());
        to.query_pairs_mut().append_pair(pair.0, &pair.1);
        let octets = HeaderValue::from_static("application/octet-stream");
        let call = Call {
            method: Method::PUT,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, octets)]),
            within: self.settings.patience.for_bytes(body.size()),
            body,
            repeat: Repeat::Never,
            url: to,
            ..begin
        };
        let done = self.send(&call).await?;
        match done.status() {
            StatusCode::CREATED => Ok(()),
            status => Err(unexpected(&at, status, self.said(done).await)),
        }
    }
}

/// Where an upload goes on.
fn location(headers: &HeaderMap, from: &Url) -> Result<Url, Fault> {
    let to = headers.get(LOCATION);
    let to = to.and_then(|value| from.join(value.to_str().ok()?).ok());
    to.ok_or_else(|| Fault::Redirect {
        at: authority(from),
        why: "an upload to nowhere".to_owned(),
    })
}
