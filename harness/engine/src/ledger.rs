//! The ledger: every object is announced in the journal before it is made and struck out when it
//! is gone, so a killed run can be swept and a finished one can prove that nothing is left.

use std::sync::Arc;

use crate::journal::{JournalWriter, Record};

/// A handle to announce and strike out objects.
#[derive(Debug, Clone)]
pub struct Ledger {
    journal: Arc<JournalWriter>,
    open: Arc<std::sync::Mutex<Vec<Object>>>,
}

/// Something that exists outside the run folder and must be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Unique in the run.
    pub name: String,
    /// What it is: `mount`, `cgroup`, `container`, `folder`, ...
    pub kind: String,
}

impl Ledger {
    /// A ledger that writes to `journal`.
    pub fn new(journal: Arc<JournalWriter>) -> Self {
        Self {
            journal,
            open: Arc::default(),
        }
    }

    /// Announces an object; call it before making the object.
    pub fn intend(&self, kind: &str, name: &str) -> std::io::Result<()> {
        let record = Record::Intent {
            object: name.to_owned(),
            kind: kind.to_owned(),
        };
        self.journal.append(&record)?;
        if let Ok(mut open) = self.open.lock() {
            open.push(Object {
                name: name.to_owned(),
                kind: kind.to_owned(),
            });
        }
        Ok(())
    }

    /// Strikes an object out; call it when it is known to be gone.
    pub fn removed(&self, name: &str) -> std::io::Result<()> {
        self.journal.append(&Record::Removed {
            object: name.to_owned(),
        })?;
        if let Ok(mut open) = self.open.lock() {
            open.retain(|object| object.name != name);
        }
        Ok(())
    }

    /// Objects announced and not struck out.
    pub fn left(&self) -> Vec<Object> {
        self.open
            .lock()
            .map(|open| open.clone())
            .unwrap_or_default()
    }
}
