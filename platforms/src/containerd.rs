//! Images in a containerd of this host, by `ctr`: brought, looked at, taken away.
//!
//! What an import claims is not believed. Some end with status 0 and a printed error, and a name can
//! stand in the list with its content missing; so the image is asked for by name afterwards, and has
//! to be complete and of the right digest.

use std::time::Duration;

use camino::Utf8Path;
use model::RunId;

use crate::calling::{Program, Said};
use crate::kubernetes::names;

/// Longest wait for a list.
const LOOK: Duration = Duration::from_secs(60);
/// Longest wait until an archive is taken.
pub(crate) const TAKE: Duration = Duration::from_secs(300);

/// A containerd, in the name space of the kubelet's images.
#[derive(Debug, Clone)]
pub(crate) struct Containerd {
    ctr: Program,
}

impl Containerd {
    /// The one that `ctr` speaks to.
    pub(crate) const fn new(ctr: Program) -> Self {
        Self { ctr }
    }

    /// Brings the images of an archive, and says what was said about it: no more.
    pub(crate) async fn import(&self, archive: &Utf8Path) -> Result<Said, String> {
        self.ctr
            .feed(&["images", "import", "-"], archive, TAKE)
            .await
    }

    /// Makes sure that it holds all of the image `name` under one of `digests`, after an import that
    /// said `said`.
    pub(crate) async fn confirm(
        &self,
        name: &str,
        digests: &[String],
        said: &Said,
    ) -> Result<(), String> {
        let filter = format!("name=={name}");
        let looked = self.ctr.call(&["images", "check", &filter], LOOK).await?;
        let Some(held) = Held::find(&looked.stdout, name) else {
            return Err(format!(
                "there is no image {name} after the import: {}; {}",
                said.words(),
                looked.words()
            ));
        };
        if !digests.iter().any(|digest| digest == held.digest) {
            return Err(format!(
                "the image {name} is {}, and it should be {}: {}",
                held.digest,
                digests.join(" or "),
                said.words()
            ));
        }
        if held.status != "complete" {
            return Err(format!(
                "the image {name} is {}: {}; {}",
                held.status,
                said.words(),
                looked.words()
            ));
        }
        Ok(())
    }

    /// The name by which the kubelet takes the image `name`.
    pub(crate) async fn known_as(&self, name: &str) -> Result<String, String> {
        Ok(known_as(&self.list().await?, name))
    }

    /// Removes the images of a run, and makes sure that none is left.
    pub(crate) async fn sweep(&self, run: &RunId) -> Result<(), String> {
        let names = removable(run, &self.list().await?);
        if names.is_empty() {
            return Ok(());
        }
        let mut words = vec!["images", "rm"];
        words.extend(names.iter().map(String::as_str));
        let removed = self.ctr.call(&words, LOOK).await?;
        let left = removable(run, &self.list().await?);
        if left.is_empty() {
            return Ok(());
        }
        Err(format!(
            "still there: {}; {}",
            left.join(", "),
            removed.words()
        ))
    }

    async fn list(&self) -> Result<String, String> {
        self.ctr.call(&["images", "ls"], LOOK).await?.output()
    }
}

/// A row of `ctr images check`: name, type, digest, status, size, whether it is unpacked.
struct Held<'a> {
    digest: &'a str,
    status: &'a str,
}

impl<'a> Held<'a> {
    fn find(table: &'a str, name: &str) -> Option<Self> {
        table.lines().find_map(|line| {
            let mut columns = line.split_whitespace();
            if columns.next()? != name {
                return None;
            }
            let digest = columns.find(|column| column.starts_with("sha256:"))?;
            let status = columns.next()?;
            Some(Self { digest, status })
        })
    }
}

/// The name by which a kubelet takes the image that was brought as `name`, in a listing of `ctr images
/// ls`: somebody else's for the same content, if there is one, else `name`.
///
/// Since Kubernetes 1.35 a kubelet that has pulled an image under one name takes it by no other without
/// a pull, even one that was brought to the node ("not present with pull policy of Never").
pub(crate) fn known_as(listed: &str, name: &str) -> String {
    let rows = rows(listed);
    let digest = rows.iter().find(|(own, _)| *own == name);
    let others = rows.iter().filter(|(other, same)| {
        digest.is_some_and(|(_, digest)| digest == same)
            && !names::is_any_runs_image(other)
            && !other.starts_with("sha256:")
    });
    let mut others: Vec<&str> = others.map(|(other, _)| *other).collect();
    others.sort_unstable();
    others.first().map_or(name, |other| other).to_owned()
}

/// Name and digest of every row.
fn rows(listed: &str) -> Vec<(&str, &str)> {
    listed
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let name = columns.next()?;
            Some((name, columns.find(|column| column.starts_with("sha256:"))?))
        })
        .collect()
}

/// The names of a run's images in a listing of `ctr images ls`, and those that the kubelet's
/// interface gave to the same content, unless somebody else has a name for it as well.
pub(crate) fn removable(run: &RunId, listed: &str) -> Vec<String> {
    let rows = rows(listed);
    let ours = |name: &str| names::is_image_of(run, name);
    let given = |name: &str| name.starts_with("sha256:");
    let of_ours = rows.iter().filter(|(name, digest)| {
        ours(name)
            || given(name)
                && rows
                    .iter()
                    .any(|(other, same)| same == digest && ours(other))
                && rows
                    .iter()
                    .all(|(other, same)| same != digest || ours(other) || given(other))
    });
    of_ours.map(|(name, _)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_was_pulled_is_called_as_it_was_pulled() {
        let listed = "\
REF                      TYPE           DIGEST     SIZE  PLATFORMS   LABELS
certify.invalid/a:one    application/x  sha256:aa  1 MiB linux/amd64 -
certify.invalid/a:two    application/x  sha256:aa  1 MiB linux/amd64 -
sha256:11                application/x  sha256:aa  1 MiB linux/amd64 -
certify.invalid/b:one    application/x  sha256:bb  1 MiB linux/amd64 -
reg.invalid/b@sha256:bb  application/x  sha256:bb  1 MiB linux/amd64 -
";
        assert_eq!(
            known_as(listed, "certify.invalid/a:one"),
            "certify.invalid/a:one"
        );
        assert_eq!(
            known_as(listed, "certify.invalid/b:one"),
            "reg.invalid/b@sha256:bb"
        );
    }

    #[test]
    fn only_what_nobody_else_names_is_removed() {
        let run = RunId::new("20260101t000000z-abcd").unwrap();
        let listed = "\
REF                                           TYPE  DIGEST    SIZE  PLATFORMS  LABELS
certify.invalid/a-candidate:20260101t000000z-abcd  application/x  sha256:aa  1 MiB linux/amd64 -
sha256:11                                     application/x  sha256:aa  1 MiB linux/amd64 -
certify.invalid/b-candidate:20260101t000000z-abcd  application/x  sha256:bb  1 MiB linux/amd64 -
certify.invalid/b-candidate:20260101t000000z-ffff  application/x  sha256:bb  1 MiB linux/amd64 -
sha256:22                                     application/x  sha256:bb  1 MiB linux/amd64 -
registry.invalid/pause:3                      application/x  sha256:cc  1 MiB linux/amd64 -
sha256:33                                     application/x  sha256:cc  1 MiB linux/amd64 -
";
        let wanted = [
            "certify.invalid/a-candidate:20260101t000000z-abcd",
            "sha256:11",
            "certify.invalid/b-candidate:20260101t000000z-abcd",
        ];
        assert_eq!(removable(&run, listed), wanted);
    }
}
