//! `Contents` indexes of opened suites: fetched and verified as all other indexes are.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::future::try_join_all;

use super::Archive;
use super::load::{FORMS, fetch_listed, is_absent};
use super::suite::OpenedSuite;
use crate::contents::ContentsIndex;
use crate::fetch::{FetchError, FetchFault, Fetcher};
use crate::inrelease::ListedFile;
use crate::store::StoreError;

/// What was got of an archive's `Contents` indexes.
#[derive(Debug, Clone, Default)]
pub struct ArchiveContents {
    /// The indexes.
    pub indexes: Vec<ContentsIndex>,
    /// Those of them whose bytes are not what the `InRelease` lists, with what is wrong: mirrors
    /// and proxies replace these files late. They say where a file may be, and nothing more: a
    /// package is verified whatever named it.
    pub unverified: Vec<String>,
}

/// An index, and why it could not be verified.
type Got = (ContentsIndex, Option<String>);

impl Archive {
    /// The `Contents` indexes of every suite for the opened architecture and for `all`, in the
    /// order of the suites, from the cache where they are there. A suite that lists none gives
    /// none; so does one whose archive does not hold what it lists.
    pub async fn contents(&self, fetcher: &Fetcher) -> Result<ArchiveContents, FetchError> {
        let mut fetches = Vec::new();
        for suite in &self.suites {
            for stem in self.stems(suite) {
                fetches.push(one(suite, stem, fetcher));
            }
        }
        let mut found = ArchiveContents::default();
        for (index, doubt) in try_join_all(fetches).await?.into_iter().flatten() {
            found.indexes.push(index);
            found.unverified.extend(doubt);
        }
        Ok(found)
    }

    /// Debian keeps an index per component, Ubuntu one for all.
    fn stems(&self, suite: &OpenedSuite) -> Vec<String> {
        let of_suite =
            |part: &&super::Part| part.archive == suite.archive && part.suite == suite.suite;
        let components: BTreeSet<&str> = self
            .parts
            .iter()
            .filter(of_suite)
            .map(|part| part.component.as_str())
            .collect();
        let folders = components
            .into_iter()
            .map(|component| format!("{component}/"))
            .chain([String::new()]);
        let arch = self.arch.debian();
        folders
            .flat_map(|folder| [arch, "all"].map(|arch| format!("{folder}Contents-{arch}")))
            .collect()
    }
}

/// The smallest listed form that is there.
async fn one(
    suite: &OpenedSuite,
    stem: String,
    fetcher: &Fetcher,
) -> Result<Option<Got>, FetchError> {
    for (suffix, compression) in FORMS {
        let path = format!("{stem}{suffix}");
        let Some(listed) = suite.release.files.get(&path) else {
            continue;
        };
        let name = format!("{} {path}", suite.suite);
        let index = |packed| ContentsIndex::new(name.clone(), compression, packed);
        if let Some(packed) = kept(listed, fetcher) {
            let doubt = format!("{name}: not what InRelease lists");
            return Ok(Some((index(packed), Some(doubt))));
        }
        match fetch_listed(suite, &path, *listed, fetcher).await {
            Ok(packed) => return Ok(Some((index(packed), None))),
            Err(error) if is_absent(&error) => {}
            Err(error) if is_other(&error.fault) => {
                let doubt = format!("{name}: {}", error.fault);
                let packed = as_served(suite, &path, listed, fetcher).await?;
                return Ok(Some((index(packed), Some(doubt))));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Where a file that is not the listed one is kept: until the list names another.
fn kept_as(listed: &ListedFile) -> String {
    format!("{}.contents-as-served", listed.sha256.hex())
}

fn kept(listed: &ListedFile, fetcher: &Fetcher) -> Option<Bytes> {
    let found = fetcher.store().get_derived(&kept_as(listed));
    found.ok().flatten().map(Bytes::from)
}

/// Whatever the archive has under the name of a listed file, of about its size.
async fn as_served(
    suite: &OpenedSuite,
    path: &str,
    listed: &ListedFile,
    fetcher: &Fetcher,
) -> Result<Bytes, FetchError> {
    let address = suite.base.join(&format!("dists/{}/{path}", suite.suite));
    let most = listed.size.saturating_mul(2).saturating_add(1 << 20);
    let packed = fetcher.document(&address, most).await?;
    let stored = fetcher.store().put_derived(&kept_as(listed), &packed);
    match stored {
        Ok(()) => Ok(packed),
        Err(error) => Err(FetchError {
            address,
            fault: error.into(),
        }),
    }
}

/// Whether what came is something else than what is listed.
const fn is_other(fault: &FetchFault) -> bool {
    matches!(
        fault,
        FetchFault::Store(
            StoreError::Digest { .. } | StoreError::TooLong { .. } | StoreError::TooShort { .. }
        )
    )
}
