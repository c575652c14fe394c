//! The socket of the containerd that the kubelet uses.

use camino::Utf8Path;

/// The kubelet's argument.
const ENDPOINT: &str = "--container-runtime-endpoint=";

/// Reads it from the file with the kubelet's arguments.
pub(super) fn read(arguments: &Utf8Path) -> Result<String, String> {
    let text = fs_err::read_to_string(arguments).map_err(|error| error.to_string())?;
    find(&text).ok_or_else(|| format!("{arguments} has no {ENDPOINT}..."))
}

fn find(text: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(ENDPOINT))?;
    let value = value.trim().trim_matches(['"', '\'']);
    let path = value.strip_prefix("unix://").unwrap_or(value);
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_socket_is_found_as_snaps_write_it() {
        for (line, wanted) in [
            (
                "--container-runtime-endpoint=\"/run/containerd/containerd.sock\"",
                Some("/run/containerd/containerd.sock"),
            ),
            (
                "--container-runtime-endpoint=unix:///var/snap/k8s/common/run/containerd.sock",
                Some("/var/snap/k8s/common/run/containerd.sock"),
            ),
            ("--container-runtime-endpoint=\"\"", None),
            ("--container-runtime-endpoint=npipe:////./pipe", None),
            ("--root-dir=\"/var/lib/kubelet\"", None),
        ] {
            let text = format!("--anonymous-auth=\"false\"\n{line}\n--read-only-port=\"0\"\n");
            assert_eq!(find(&text).as_deref(), wanted, "{line}");
        }
    }
}
