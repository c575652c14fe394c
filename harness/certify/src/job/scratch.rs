//! The folder of a run for what it makes and removes again, outside the run folder.

use anyhow::{Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use engine::Ledger;
use model::RunId;

/// A folder below `TMPDIR`, announced in the ledger before it is made. Dropped without
/// [`Scratch::remove`], as after an error, it is removed as far as that goes.
#[derive(Debug)]
pub struct Scratch {
    run: RunId,
    path: Utf8PathBuf,
    ledger: Option<Ledger>,
}

impl Scratch {
    /// Makes the folder of a run.
    pub fn make(id: &RunId, ledger: Ledger) -> Result<Self> {
        let path = place(id);
        ledger.intend("folder", path.as_str())?;
        fs_err::create_dir_all(&path)?;
        Ok(Self {
            run: id.clone(),
            path,
            ledger: Some(ledger),
        })
    }

    /// Makes a folder that stands in no journal, for a verb that writes none.
    pub fn unrecorded(id: &RunId) -> Result<Self> {
        let path = place(id);
        fs_err::create_dir_all(&path)?;
        Ok(Self {
            run: id.clone(),
            path,
            ledger: None,
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The ledger it stands in, if it stands in one.
    pub const fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_ref()
    }

    /// Removes it and strikes it out of the ledger.
    pub fn remove(self) -> Result<()> {
        platforms::sweep(&self.run, "folder", self.path.as_str()).map_err(|why| {
            anyhow!(
                "could not remove {}: {why}; it is left behind, try: cargo xtask sweep",
                self.path
            )
        })?;
        if let Some(ledger) = &self.ledger {
            ledger.removed(self.path.as_str())?;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let remove = || platforms::sweep(&self.run, "folder", self.path.as_str());
        if self.path.is_dir() && remove().is_ok() {
            // The journal may be what failed; then its last word is that the folder was made.
            let _ = self
                .ledger
                .as_ref()
                .map(|ledger| ledger.removed(self.path.as_str()));
        }
    }
}

fn place(id: &RunId) -> Utf8PathBuf {
    let base = std::env::var("TMPDIR").unwrap_or_else(|_| "/tmp".to_owned());
    Utf8PathBuf::from(base).join(format!("certify-{id}"))
}
