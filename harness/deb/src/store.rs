//! The cache on disk: objects named by their digest, bounded in size.
//!
//! An object is written under a temporary name, synced and renamed, so that nothing half-written
//! is ever seen. It is hashed again whenever it is read; one that changed is removed. Two
//! programs that want the same object queue on its lock.

use std::io::{self, Seek, Write};

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use model::{Digest, Hasher};
use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock};

/// A folder of objects.
#[derive(Debug, Clone)]
pub struct Store {
    root: Utf8PathBuf,
    most_bytes: u64,
}

/// The store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room left: on the disk, or within the quota.
    #[error("cache `{path}`: no space left")]
    Full {
        /// The file that was being written.
        path: Utf8PathBuf,
    },
    /// Anything else the file system refused.
    #[error("cache `{path}`")]
    Io {
        /// The file that was touched.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Content that is not what its name says.
    #[error("content is {found}, wanted {wanted}")]
    Digest {
        /// The digest of what came.
        found: Digest,
        /// The digest that was asked for.
        wanted: Digest,
    },
    /// More bytes than announced.
    #[error("more than the {size} bytes announced")]
    TooLong {
        /// The announced size.
        size: u64,
    },
    /// Fewer bytes than announced.
    #[error("only {found} of {size} bytes")]
    TooShort {
        /// What came.
        found: u64,
        /// The announced size.
        size: u64,
    },
}

/// The right to write one object, until dropped.
#[derive(Debug)]
pub struct ObjectLock {
    file: fs::File,
    path: Utf8PathBuf,
}

/// An object on its way into the store. Dropped without [`Incoming::finish`], it leaves nothing.
pub struct Incoming {
    file: Option<fs::File>,
    part: Utf8PathBuf,
    hasher: Hasher,
    content: Vec<u8>,
    wanted: Digest,
    size: u64,
    // Dropped after the part is gone.
    _lock: ObjectLock,
}

impl Store {
    /// Opens or makes the store below `root`. At most `most_bytes` of objects are kept: the
    /// least recently used go first. What a killed program left half-written is removed.
    pub fn open(root: &Utf8Path, most_bytes: u64) -> Result<Self, StoreError> {
        let store = Self {
            root: root.to_owned(),
            most_bytes,
        };
        for folder in ["sha256", "part", "lock", "index"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(|e| failed(&path, e))?;
        }
        store.sweep_parts()?;
        Ok(store)
    }

    /// The folder that the store was opened on.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The content of an object, hashed again. None when it is absent or was corrupt: then it is
    /// removed. Marks it as used.
    pub fn get(&self, digest: &Digest) -> Result<Option<Bytes>, StoreError> {
        let path = self.object(digest);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(&path, e)),
        };
        if Digest::of(&content) != *digest {
            tracing::warn!("cache object {path} is corrupt, fetching it again");
            remove(&path)?;
            return Ok(None);
        }
        touch(&path)?;
        Ok(Some(content.into()))
    }

    /// Whether a file of that name is there; its content is not looked at.
    pub fn has(&self, digest: &Digest) -> bool {
        self.object(digest).is_file()
    }

    /// Takes the lock of an object if no one else has it.
    pub fn try_lock(&self, digest: &Digest) -> Result<Option<ObjectLock>, StoreError> {
        self.try_lock_name(&digest.hex())
    }

    /// Starts to write the object `wanted` of `size` bytes, which `lock` was taken for.
    pub fn incoming(
        &self,
        lock: ObjectLock,
        wanted: Digest,
        size: u64,
    ) -> Result<Incoming, StoreError> {
        let part = self.part(&wanted.hex());
        let file = fs::File::create(&part).map_err(|e| failed(&part, e))?;
        Ok(Incoming {
            file: Some(file),
            part,
            hasher: Hasher::new(),
            content: Vec::with_capacity(usize::try_from(size.min(1 << 30)).unwrap_or_default()),
            wanted,
            size,
            _lock: lock,
        })
    }

    /// Where a derived file, such as a parsed index, is kept.
    pub(crate) fn derived(&self, name: &str) -> Utf8PathBuf {
        self.root.join("index").join(name)
    }

    /// Reads a derived file and marks it as used.
    pub(crate) fn get_derived(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.derived(name);
        match fs::read(&path) {
            Ok(content) => {
                touch(&path)?;
                Ok(Some(content))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed(&path, e)),
        }
    }

    /// Writes a derived file in one step.
    pub(crate) fn put_derived(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        // Whoever holds the lock writes the same bytes.
        let Some(_lock) = self.try_lock_name(name)? else {
            return Ok(());
        };
        let (path, part) = (self.derived(name), self.part(name));
        let written = fs::File::create(&part).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&part, &path)
        });
        if let Err(e) = written {
            remove(&part)?;
            return Err(failed(&path, e));
        }
        self.evict(&path)
    }

    /// Removes a derived file that turned out to be corrupt.
    pub(crate) fn remove_derived(&self, name: &str) -> Result<(), StoreError> {
        remove(&self.derived(name))
    }

    fn object(&self, digest: &Digest) -> Utf8PathBuf {
        self.root.join("sha256").join(digest.hex())
    }

    fn part(&self, name: &str) -> Utf8PathBuf {
        self.root.join("part").join(name)
    }

    fn try_lock_name(&self, name: &str) -> Result<Option<ObjectLock>, StoreError> {
        use std::os::unix::fs::MetadataExt;
        let path = self.root.join("lock").join(name);
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| failed(&path, e))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(e) => return Err(failed(&path, e.into())),
        }
        // The holder before us removes the file: a lock on a removed one guards nothing.
        let ours = file.metadata().map_err(|e| failed(&path, e))?.ino();
        match fs::metadata(&path) {
            Ok(there) if there.ino() == ours => Ok(Some(ObjectLock { file, path })),
            _ => Ok(None),
        }
    }

    /// Removes parts whose writer is gone: their lock is free.
    fn sweep_parts(&self) -> Result<(), StoreError> {
        for part in list(&self.root.join("part"))? {
            let name = part.path.file_name().unwrap_or_default();
            if let Some(_lock) = self.try_lock_name(name)? {
                remove(&part.path)?;
            }
        }
        Ok(())
    }

    /// Removes the least recently used files until the bound holds; `fresh` stays.
    fn evict(&self, fresh: &Utf8Path) -> Result<(), StoreError> {
        let mut all = list(&self.root.join("sha256"))?;
        all.extend(list(&self.root.join("index"))?);
        let mut total: u64 = all.iter().map(|file| file.size).sum();
        all.sort_by_key(|file| file.used);
        for file in all {
            if total <= self.most_bytes {
                break;
            }
            if file.path != fresh {
                remove(&file.path)?;
                total = total.saturating_sub(file.size);
            }
        }
        Ok(())
    }
}

impl Incoming {
    /// Adds bytes. More than announced are refused at once.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let found = self.content.len() as u64 + bytes.len() as u64;
        if found > self.size {
            return Err(StoreError::TooLong { size: self.size });
        }
        self.hasher.update(bytes);
        self.content.extend_from_slice(bytes);
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(|e| failed(&self.part, e)),
            None => Ok(()),
        }
    }

    /// Forgets everything written, for another try.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.hasher = Hasher::new();
        self.content.clear();
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(|e| failed(&self.part, e))
    }

    /// Whether all announced bytes are there.
    pub fn check_length(&self) -> Result<(), StoreError> {
        let found = self.content.len() as u64;
        match found < self.size {
            true => Err(StoreError::TooShort {
                found,
                size: self.size,
            }),
            false => Ok(()),
        }
    }

    /// Checks size and digest, and gives the object its name.
    pub fn finish(mut self, store: &Store) -> Result<Bytes, StoreError> {
        self.check_length()?;
        let digest = std::mem::take(&mut self.hasher).finish();
        if digest != self.wanted {
            return Err(StoreError::Digest {
                found: digest,
                wanted: self.wanted,
            });
        }
        let path = store.object(&digest);
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(|e| failed(&self.part, e))?;
        }
        fs::rename(&self.part, &path).map_err(|e| failed(&path, e))?;
        sync_folder(&store.root.join("sha256"))?;
        store.evict(&path)?;
        Ok(std::mem::take(&mut self.content).into())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After a rename the part is gone already; nothing can be done about another error here.
        let _ = fs::remove_file(&self.part);
    }
}

impl Drop for ObjectLock {
    fn drop(&mut self) {
        // Removed while still locked, so that no one can hold a lock on the removed file.
        let _ = fs::remove_file(&self.path);
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

struct Listed {
    path: Utf8PathBuf,
    size: u64,
    used: (i64, i64),
}

/// The files of a folder. One that vanishes meanwhile is left out.
fn list(folder: &Utf8Path) -> Result<Vec<Listed>, StoreError> {
    use std::os::unix::fs::MetadataExt;
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let file = file.map_err(|e| failed(folder, e))?;
        let (Ok(path), Ok(facts)) = (Utf8PathBuf::from_path_buf(file.path()), file.metadata())
        else {
            continue;
        };
        files.push(Listed {
            path,
            size: facts.len(),
            used: (facts.mtime(), facts.mtime_nsec()),
        });
    }
    Ok(files)
}

/// Marks a file as used now. One that another program removed meanwhile is no fault.
fn touch(path: &Utf8Path) -> Result<(), StoreError> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    let flags = rustix::fs::AtFlags::empty();
    match rustix::fs::utimensat(rustix::fs::CWD, path.as_str(), &times, flags) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(e) => Err(failed(path, e.into())),
    }
}

fn remove(path: &Utf8Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(path, e)),
        _ => Ok(()),
    }
}

/// Makes a rename durable.
fn sync_folder(path: &Utf8Path) -> Result<(), StoreError> {
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed(path, e))
}

pub(crate) fn failed(path: &Utf8Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
        _ => StoreError::Io { path, source },
    }
}
