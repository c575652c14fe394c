//! Writing a journal.

use std::io::Write;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err::File;
use model::Digest;

use super::{ROOT, Record, chain};

/// An open journal. Records are appended in the order `append` is called; each is on the disk
/// when `append` returns, except trials, which are synced with the next record that is not one:
/// an fsync between timed starts would be part of what is measured.
#[derive(Debug)]
pub struct JournalWriter {
    path: Utf8PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    previous: String,
    records: u64,
}

impl JournalWriter {
    /// Makes a new journal; an existing file is refused.
    pub fn create(path: &Utf8Path) -> std::io::Result<Self> {
        let file = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)?;
        let state = State {
            file,
            previous: ROOT.to_owned(),
            records: 0,
        };
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(state),
        })
    }

    /// Appends one record.
    pub fn append(&self, record: &Record) -> std::io::Result<Digest> {
        let json = serde_json::to_string(record)?;
        let mut state = self
            .state
            .lock()
            .map_err(|_| std::io::Error::other("journal poisoned"))?;
        let digest = chain(&state.previous, &json);
        let hex = digest.hex();
        // One write: a kill leaves a whole line or a cut one, which the reader notices.
        state.file.write_all(format!("{hex} {json}\n").as_bytes())?;
        if !matches!(record, Record::Trial(_) | Record::Span { .. }) {
            state.file.sync_data()?;
        }
        state.previous = hex;
        state.records += 1;
        Ok(digest)
    }

    /// Records written.
    pub fn records(&self) -> u64 {
        self.state.lock().map_or(0, |state| state.records)
    }

    /// The file.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}
