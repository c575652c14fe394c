//! What a mutation script may do with the content of a cut, and what it may not.

use rootfs::{Blob, Kind, TreePath};

use super::report::{Report, What};
use crate::stage::Stage;

/// The tree and the report while scripts run.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) stage: Stage,
    pub(super) report: Report,
    /// The largest file a script may read or write.
    pub(super) file_bytes: usize,
}

impl Session {
    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Result<String, String> {
        let path = absolute(path)?;
        let path = self.follow(path)?;
        if !self.report.knows(&path) {
            return Err(format!("cannot read file which is not selected: {path}"));
        }
        let bare = TreePath::new(path.trim_end_matches('/')).unwrap_or_else(|_| TreePath::root());
        let real = self
            .stage
            .tree
            .place(&bare)
            .map_err(|error| error.to_string())?;
        let Some(bytes) = self.stage.tree.blob(&real).and_then(Blob::bytes) else {
            return Err(format!("content is not a file: {path}"));
        };
        if bytes.len() > self.file_bytes {
            return Err(format!("{path} is larger than {} bytes", self.file_bytes));
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| format!("{path} is not UTF-8 text"))
    }

    /// Replaces the content of the file at `path`.
    pub(super) fn replace(&mut self, path: &str, data: &str) -> Result<(), String> {
        let path = absolute(path)?;
        let path = self.follow(path)?;
        let refused = || format!("cannot write file which is not mutable: {path}");
        let record = self
            .report
            .get(&path)
            .filter(|record| record.mutable)
            .ok_or_else(refused)?;
        let What::File { digest, .. } = record.what else {
            return Err(refused());
        };
        if data.len() > self.file_bytes {
            return Err(format!(
                "{path} would be larger than {} bytes",
                self.file_bytes
            ));
        }
        let (real, group) = (record.real.clone(), record.group);
        let blob = Blob::new(data.as_bytes().to_vec());
        let new = (blob.digest(), blob.size());
        self.stage
            .tree
            .set_content(&real, blob)
            .map_err(|error| error.to_string())?;
        // All names of one file change together.
        let names: Vec<String> = match group {
            None => vec![path],
            Some(_) => {
                let same = |record: &super::report::Record| record.group == group;
                let names = self.report.iter().filter(|(_, record)| same(record));
                names.map(|(path, _)| path.to_owned()).collect()
            }
        };
        for name in names {
            if let Some(record) = self.report.get_mut(&name) {
                record.changed = Some(new).filter(|(changed, _)| *changed != digest);
            }
        }
        Ok(())
    }

    /// The sorted names in the folder at `path`; folders end in a slash.
    pub(super) fn names(&self, path: &str) -> Result<Vec<String>, String> {
        let path = absolute(path)?;
        let bare = if path == "/" {
            path
        } else {
            path.trim_end_matches('/')
        };
        if !self.report.knows(bare) && !self.report.knows(&format!("{bare}/")) {
            return Err(format!(
                "cannot list directory which is not selected: {path}"
            ));
        }
        let folder = TreePath::new(bare).map_err(|error| error.to_string())?;
        let folder = self
            .stage
            .tree
            .place(&folder)
            .map_err(|error| error.to_string())?;
        if !self
            .stage
            .tree
            .get(&folder)
            .is_some_and(rootfs::Entry::is_directory)
        {
            return Err(format!("content is not a directory: {path}"));
        }
        let children = self.stage.tree.children(&folder);
        let mut names: Vec<String> = children
            .map(|(path, entry)| match entry.kind {
                Kind::Directory => format!("{}/", path.name()),
                _ => path.name().to_owned(),
            })
            .collect();
        names.sort();
        Ok(names)
    }

    /// Follows links at the end of `path`, as long as each is selected.
    fn follow(&self, path: &str) -> Result<String, String> {
        let mut path = path.to_owned();
        for _ in 0..40 {
            if !self.report.knows(&path) {
                return Ok(path);
            }
            let Some(What::Link { .. }) = self.report.get(&path).map(|record| &record.what) else {
                return Ok(path);
            };
            let link = TreePath::new(&path).map_err(|error| error.to_string())?;
            let real = self
                .stage
                .tree
                .place(&link)
                .map_err(|error| error.to_string())?;
            match self.stage.tree.link_target(&real) {
                Some((target, _)) => path = target.to_string(),
                None => return Ok(path),
            }
        }
        Err(format!("{path} goes through more than 40 symbolic links"))
    }
}

/// Checks that `path` is absolute and clean; one trailing slash may stay.
fn absolute(path: &str) -> Result<&str, String> {
    if !path.starts_with('/') {
        return Err(format!("content path must be absolute, got: {path}"));
    }
    let bare = if path == "/" {
        path
    } else {
        path.strip_suffix('/').unwrap_or(path)
    };
    TreePath::new(bare)
        .map(|_| path)
        .map_err(|error| error.to_string())
}
