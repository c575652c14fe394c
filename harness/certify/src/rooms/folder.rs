//! The run folder: what lies where, how a run is found again.

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use model::RunId;

/// A run folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    root: Utf8PathBuf,
}

impl RunFolder {
    /// Makes the folder of a new run: `out`, or `target/certify/<run>` under the working
    /// directory, to which `latest` then points.
    pub fn create(out: Option<&Utf8Path>, run: &RunId) -> Result<Self> {
        let Some(out) = out else {
            let runs = Utf8PathBuf::from("target/certify");
            let root = runs.join(run.as_str());
            fs_err::create_dir_all(&root)?;
            point_latest(&runs, run)?;
            return Ok(Self { root });
        };
        let occupied = out.exists() && out.read_dir_utf8().map_or(true, |mut d| d.next().is_some());
        if occupied {
            bail!("the run folder {out} is not empty; give an absent or an empty one");
        }
        fs_err::create_dir_all(out)?;
        Ok(Self {
            root: out.to_owned(),
        })
    }

    /// Finds a run: an existing folder wins, then a run id, then `latest`.
    pub fn find(name: &str) -> Result<Self> {
        let path = Utf8PathBuf::from(name);
        if path.is_dir() {
            return Ok(Self { root: path });
        }
        let known = Utf8PathBuf::from("target/certify").join(name);
        if known.is_dir() {
            return Ok(Self { root: known });
        }
        bail!("there is no run `{name}`: no such folder, and no such run under target/certify")
    }

    /// The folder itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The journal.
    pub fn journal(&self) -> Utf8PathBuf {
        self.root.join("journal")
    }

    /// The folder of one arm of an image.
    pub fn image(&self, image: &str, arm: &str, arch: &str) -> Utf8PathBuf {
        self.root.join("images").join(image).join(arm).join(arch)
    }

    /// Writes a derived file under a temporary name, syncs and renames it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Utf8PathBuf> {
        use std::io::Write;
        let path = self.root.join(name);
        let parent = path.parent().unwrap_or(&self.root);
        fs_err::create_dir_all(parent)?;
        let temporary = path.with_extension("part");
        let mut file = fs_err::File::create(&temporary)?;
        file.write_all(bytes)
            .with_context(|| format!("writing {temporary}"))?;
        file.sync_all()?;
        fs_err::rename(&temporary, &path)?;
        Ok(path)
    }
}

/// Points `latest` at the run, atomically.
fn point_latest(runs: &Utf8Path, run: &RunId) -> Result<()> {
    let next = runs.join(format!(".latest-{run}"));
    fs_err::os::unix::fs::symlink(run.as_str(), &next)?;
    fs_err::rename(&next, runs.join("latest"))?;
    Ok(())
}
