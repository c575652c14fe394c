//! Fetching blobs to disk: hashed as they come, resumed where they broke off.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use fs_err::File;
use image::Descriptor;
use model::Hasher;
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use reqwest::{Method, Response, StatusCode};

use crate::answer::{broken, unexpected};
use crate::client::{Client, pause};
use crate::transport::authority;
use crate::{Fault, Repository};

/// A blob on its way.
struct Incoming<'a> {
    what: String,
    wanted: &'a Descriptor,
    file: File,
    path: &'a Path,
    hasher: Hasher,
    found: u64,
}

impl Client {
    /// Writes the blob to `path`; what is there at the end has the size and digest declared.
    pub(crate) async fn download(
        &self,
        repository: &Repository,
        wanted: &Descriptor,
        path: &Path,
    ) -> Result<(), Fault> {
        let what = format!("blob {}", wanted.digest.short());
        let limit = self.settings.limits.stored_bytes;
        if wanted.size > limit {
            return Err(Fault::TooLarge { what, limit });
        }
        let file = File::create(path).map_err(Fault::disk(what.as_str()))?;
        let mut incoming = Incoming {
            what,
            wanted,
            file,
            path,
            hasher: Hasher::new(),
            found: 0,
        };
        let limit = self.settings.patience.for_bytes(wanted.size);
        let whole = tokio::time::timeout(limit, self.fetch(repository, &mut incoming)).await;
        let at = repository.authority().to_owned();
        whole.map_err(|_| Fault::Deadline { at, limit })??;
        incoming.check()
    }

    async fn fetch(
        &self,
        repository: &Repository,
        incoming: &mut Incoming<'_>,
    ) -> Result<(), Fault> {
        let patience = &self.settings.patience;
        let mut tries = 1;
        loop {
            let why = match self.go_on(repository, incoming).await {
                Ok(()) if incoming.found == incoming.wanted.size => return Ok(()),
                Ok(()) => String::new(),
                Err(Fault::Unreachable { why, .. }) => format!(": {why}"),
                Err(Fault::Deadline { limit, .. }) => format!(": nothing came for {limit:?}"),
                Err(fault) => return Err(fault),
            };
            if tries >= patience.tries {
                return Err(Fault::Broken {
                    what: incoming.what.clone(),
                    declared: incoming.wanted.size,
                    found: incoming.found,
                    tries,
                    why,
                });
            }
            pause(patience.after(tries)).await;
            tries += 1;
        }
    }

    /// Asks for what is lacking and takes what comes.
    async fn go_on(
        &self,
        repository: &Repository,
        incoming: &mut Incoming<'_>,
    ) -> Result<(), Fault> {
        let url = self.address(repository, &format!("blobs/{}", incoming.wanted.digest))?;
        let mut call = self.ask(Method::GET, url, repository);
        if incoming.found > 0
            && let Ok(range) = HeaderValue::try_from(format!("bytes={}-", incoming.found))
        {
            call.headers.insert(RANGE, range);
        }
        let mut response = self.send(&call).await?;
        let at = authority(response.url());
        match response.status() {
            StatusCode::OK => incoming.restart()?,
            StatusCode::PARTIAL_CONTENT if incoming.is_continued_by(&response) => {}
            StatusCode::NOT_FOUND => {
                return Err(Fault::NotFound {
                    what: incoming.what.clone(),
                    said: self.said(response).await,
                });
            }
            status => return Err(unexpected(&at, status, self.said(response).await)),
        }
        let announced = response.content_length().unwrap_or(0);
        incoming.fits(incoming.found.saturating_add(announced))?;
        let limit = self.settings.patience.stall;
        loop {
            let piece = tokio::time::timeout(limit, response.chunk()).await;
            let piece = piece.map_err(|_| Fault::Deadline {
                at: at.clone(),
                limit,
            })?;
            match piece.map_err(|error| broken(error, &at))? {
                Some(piece) => incoming.take(&piece)?,
                None => return Ok(()),
            }
        }
    }
}

impl Incoming<'_> {
    /// Forgets what came: the server begins anew.
    fn restart(&mut self) -> Result<(), Fault> {
        if self.found > 0 {
            let told = || Fault::disk(self.what.as_str());
            self.file.set_len(0).map_err(told())?;
            self.file.seek(SeekFrom::Start(0)).map_err(told())?;
            self.hasher = Hasher::new();
            self.found = 0;
        }
        Ok(())
    }

    /// Whether an answer in part begins where the last one broke off.
    fn is_continued_by(&self, response: &Response) -> bool {
        let range = response.headers().get(CONTENT_RANGE);
        let range = range.and_then(|value| value.to_str().ok());
        let begins = format!("bytes {}-", self.found);
        range.is_some_and(|range| range.starts_with(&begins))
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let found = self.found + piece.len() as u64;
        self.fits(found)?;
        self.file
            .write_all(piece)
            .map_err(Fault::disk(self.what.as_str()))?;
        self.hasher.update(piece);
        self.found = found;
        Ok(())
    }

    fn fits(&self, found: u64) -> Result<(), Fault> {
        if found <= self.wanted.size {
            return Ok(());
        }
        Err(Fault::WrongSize {
            what: self.what.clone(),
            declared: self.wanted.size,
            found,
        })
    }

    fn check(self) -> Result<(), Fault> {
        let found = self.hasher.finish();
        if found == self.wanted.digest {
            return Ok(());
        }
        // Nobody may take it for what it is called.
        let _ = fs_err::remove_file(self.path);
        Err(Fault::WrongDigest {
            what: self.what,
            wanted: self.wanted.digest,
            found,
        })
    }
}
