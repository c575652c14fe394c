//! Images loaded into a node, as `kind load image-archive` does it.

use async_trait::async_trait;
use camino::Utf8Path;
use model::{Digest, RunId};

use super::find::Found;
use super::nodes;
use crate::identity::digests;
use crate::kubernetes::names;
use crate::kubernetes::supply::Supply;
use crate::kubernetes::wanted::Reference;

/// The name space of containerd in which the kubelet's images lie.
const KUBELETS: &str = "--namespace=k8s.io";

/// Images of a run in the nodes of a cluster.
pub(super) struct NodeImages {
    found: Found,
    run: RunId,
}

impl NodeImages {
    pub(super) fn new(found: Found, run: RunId) -> Self {
        Self { found, run }
    }

    /// Removes the run's images from every node.
    pub(super) async fn sweep(&self) -> Result<(), String> {
        let client = &self.found.daemon.client;
        for node in self.found.nodes().await? {
            let listed = nodes::read(client, &node, &["ctr", KUBELETS, "images", "ls"]).await?;
            for name in removable(&self.run, &listed) {
                nodes::read(client, &node, &["ctr", KUBELETS, "images", "rm", &name]).await?;
            }
        }
        Ok(())
    }
}

/// The names of a run's images in a listing of `ctr images ls`, and those that the kubelet's
/// interface gave to the same content, unless somebody else has a name for it as well.
fn removable(run: &RunId, listed: &str) -> Vec<String> {
    let rows: Vec<(&str, &str)> = listed
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let name = columns.next()?;
            Some((name, columns.find(|column| column.starts_with("sha256:"))?))
        })
        .collect();
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

#[async_trait]
impl Supply for NodeImages {
    async fn deliver(
        &self,
        node: &str,
        layout: &Utf8Path,
        manifest: Digest,
        name: &str,
        archive: &Utf8Path,
    ) -> Result<Reference, String> {
        let (from, to, tag) = (layout.to_owned(), archive.to_owned(), name.to_owned());
        let written = tokio::task::spawn_blocking(move || {
            image::write_daemon_archive(from.as_std_path(), manifest, &tag, to.as_std_path())
        });
        let written = written.await.map_err(|error| error.to_string())?;
        written.map_err(|error| error.to_string())?;
        let client = &self.found.daemon.client;
        let snapshotter = format!("--snapshotter={}", nodes::snapshotter(client, node).await);
        let words = [
            "ctr",
            KUBELETS,
            "images",
            "import",
            "--all-platforms",
            &snapshotter,
            "-",
        ];
        let loaded = nodes::run(client, node, &words, Some(archive)).await;
        fs_err::remove_file(archive).map_err(|error| error.to_string())?;
        loaded?;
        let listed = nodes::read(client, node, &["ctr", KUBELETS, "images", "ls", "-q"]).await?;
        if !listed.lines().any(|line| line == name) {
            return Err(format!(
                "node {node} took the archive but has no image {name}"
            ));
        }
        Ok(Reference {
            name: name.to_owned(),
            pull: "Never",
            digests: digests(layout, manifest)?,
        })
    }

    async fn remove(&self) -> Result<(), String> {
        self.sweep().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
