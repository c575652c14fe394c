//! Indexes of an opened suite: fetched, verified, reduced, kept.

use model::{Arch, Digest};

use super::suite::OpenedSuite;
use crate::fetch::{FetchError, FetchFault, Fetcher, Wanted};
use crate::index::{BadIndex, Index, MAGIC};
use crate::inrelease::{AllPackages, ByHash, ListedFile};
use crate::store::StoreError;
use crate::unpack::{Compression, Limits, UnpackFault, unpack};

/// An index that cannot be used although its suite is the right one.
#[derive(Debug, thiserror::Error)]
pub enum IndexFault {
    /// The `InRelease` lists none.
    #[error("`{path}` is not listed")]
    Absent {
        /// The path without suffix.
        path: String,
    },
    /// Not fetched, or not what the `InRelease` says.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Not unpacked.
    #[error("`{path}`: {fault}")]
    Unpack {
        /// The path with suffix.
        path: String,
        /// What is wrong.
        #[source]
        fault: UnpackFault,
    },
    /// Unpacked, it is not what the `InRelease` says.
    #[error("`{path}` unpacked is {found}, wanted {wanted}")]
    Digest {
        /// The path without suffix.
        path: String,
        /// The digest of what came.
        found: Digest,
        /// The listed digest.
        wanted: Digest,
    },
    /// Not readable.
    #[error("`{path}`: {fault}")]
    Index {
        /// The path with suffix.
        path: String,
        /// What is wrong.
        #[source]
        fault: BadIndex,
    },
    /// The cache failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime was shut down.
    #[error("interrupted")]
    Stopped,
}

/// Forms of an index, the smallest first.
pub(super) const FORMS: [(&str, Compression); 3] = [
    (".xz", Compression::Xz),
    (".gz", Compression::Gzip),
    ("", Compression::None),
];

/// One index of a suite in one form.
#[derive(Debug, Clone)]
struct Form {
    /// Path below the suite's folder, with suffix.
    path: String,
    compression: Compression,
    listed: ListedFile,
    /// What it must be when unpacked, if that is listed.
    plain: Option<ListedFile>,
}

/// Loads all indexes of a component: one, or a second one for `all` where it stands apart.
pub(super) async fn load(
    suite: &OpenedSuite,
    component: &str,
    arch: Arch,
    fetcher: &Fetcher,
) -> Result<Vec<Index>, IndexFault> {
    let path = |arch: &str| format!("{component}/binary-{arch}/Packages");
    let mut indexes = vec![load_one(suite, &path(arch.debian()), arch, fetcher).await?];
    if suite.release.all_packages == AllPackages::Apart {
        match load_one(suite, &path("all"), arch, fetcher).await {
            Ok(index) => indexes.push(index),
            // An archive may have no such package at all.
            Err(IndexFault::Absent { .. }) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(indexes)
}

async fn load_one(
    suite: &OpenedSuite,
    path: &str,
    arch: Arch,
    fetcher: &Fetcher,
) -> Result<Index, IndexFault> {
    let files = &suite.release.files;
    let forms = FORMS.iter().filter_map(|(suffix, compression)| {
        let path_with = format!("{path}{suffix}");
        Some(Form {
            listed: *files.get(&path_with)?,
            path: path_with,
            compression: *compression,
            plain: files.get(path).copied(),
        })
    });
    let forms: Vec<Form> = forms.collect();
    for form in &forms {
        if let Some(index) = from_cache(form, arch, fetcher).await? {
            return Ok(index);
        }
    }
    let mut last = IndexFault::Absent {
        path: path.to_owned(),
    };
    for form in forms {
        match fetch_listed(suite, &form.path, form.listed, fetcher).await {
            Ok(packed) => return reduce(form, packed, arch, fetcher).await,
            // Archives list forms that they do not hold, above all the unpacked one.
            Err(error) if is_absent(&error) => last = error.into(),
            Err(error) => return Err(error.into()),
        }
    }
    Err(last)
}

/// The reduced form of an earlier run. A corrupt one is removed.
async fn from_cache(
    form: &Form,
    arch: Arch,
    fetcher: &Fetcher,
) -> Result<Option<Index>, IndexFault> {
    let (store, name) = (fetcher.store().clone(), cache_name(&form.listed, arch));
    blocking(move || {
        let Some(bytes) = store.get_derived(&name)? else {
            return Ok(None);
        };
        match Index::open(bytes.into()) {
            Ok(index) => Ok(Some(index)),
            Err(_) => {
                tracing::warn!("cached index {name} is corrupt, making it again");
                store.remove_derived(&name)?;
                Ok(None)
            }
        }
    })
    .await
}

/// By hash where that is offered: then an archive that is being updated does no harm.
pub(super) async fn fetch_listed(
    suite: &OpenedSuite,
    path: &str,
    listed: ListedFile,
    fetcher: &Fetcher,
) -> Result<bytes::Bytes, FetchError> {
    let dist = format!("dists/{}", suite.suite);
    let named = suite.base.join(&format!("{dist}/{path}"));
    let wanted = Wanted {
        sha256: listed.sha256,
        size: listed.size,
    };
    if suite.release.by_hash == ByHash::Offered
        && let Some((folder, _)) = path.rsplit_once('/')
    {
        let hex = wanted.sha256.hex();
        let by_hash = suite
            .base
            .join(&format!("{dist}/{folder}/by-hash/SHA256/{hex}"));
        match fetcher.object(&by_hash, wanted).await {
            // Partial mirrors leave the folder out.
            Err(error) if is_absent(&error) => {}
            found => return found,
        }
    }
    fetcher.object(&named, wanted).await
}

async fn reduce(
    form: Form,
    packed: bytes::Bytes,
    arch: Arch,
    fetcher: &Fetcher,
) -> Result<Index, IndexFault> {
    let (store, name) = (fetcher.store().clone(), cache_name(&form.listed, arch));
    blocking(move || {
        let limits = Limits {
            unpacked_bytes: form
                .plain
                .map_or(Limits::PACKAGE.unpacked_bytes, |p| p.size),
            ..Limits::PACKAGE
        };
        let path = form.path;
        let text =
            unpack(form.compression, &packed, &limits).map_err(|fault| IndexFault::Unpack {
                path: path.clone(),
                fault,
            })?;
        if let Some(plain) = form.plain {
            let found = Digest::of(&text);
            if found != plain.sha256 {
                return Err(IndexFault::Digest {
                    path,
                    found,
                    wanted: plain.sha256,
                });
            }
        }
        let index = Index::build(&String::from_utf8_lossy(&text), arch)
            .map_err(|fault| IndexFault::Index { path, fault })?;
        store.put_derived(&name, index.bytes())?;
        Ok(index)
    })
    .await
}

fn cache_name(listed: &ListedFile, arch: Arch) -> String {
    let layout = String::from_utf8_lossy(MAGIC);
    format!("{}.{arch}.{layout}", listed.sha256.hex())
}

pub(super) fn is_absent(error: &FetchError) -> bool {
    match &error.fault {
        FetchFault::Status(status) => matches!(status.as_u16(), 403 | 404 | 410),
        FetchFault::File(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexFault> + Send + 'static,
) -> Result<T, IndexFault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IndexFault::Stopped)?
}
