//! Programs run in a node of a kind cluster, through the daemon whose container it is.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use camino::Utf8Path;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;

pub(super) fn told(error: bollard::errors::Error) -> String {
    error.to_string()
}

/// Runs a program in a node; what it wrote on standard output.
pub(super) async fn read(client: &Docker, node: &str, words: &[&str]) -> Result<String, String> {
    run(client, node, words, None).await
}

/// Runs a program in a node with the file `input` as its standard input.
pub(super) async fn run(
    client: &Docker,
    node: &str,
    words: &[&str],
    input: Option<&Utf8Path>,
) -> Result<String, String> {
    let what = format!("`{}` in node {node}", words.join(" "));
    let failed = |why: String| format!("{what}: {why}");
    let wanted = CreateExecOptions {
        attach_stdin: Some(input.is_some()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(words.to_vec()),
        ..CreateExecOptions::default()
    };
    let made = client
        .create_exec(node, wanted)
        .await
        .map_err(|error| failed(told(error)))?;
    let started = client
        .start_exec(&made.id, None)
        .await
        .map_err(|error| failed(told(error)))?;
    let StartExecResults::Attached {
        mut output,
        input: mut stdin,
    } = started
    else {
        return Err(failed("it was not attached".to_owned()));
    };
    let feed = async {
        if let Some(path) = input {
            let mut file = tokio::fs::File::open(path).await?;
            tokio::io::copy(&mut file, &mut stdin).await?;
            stdin.shutdown().await?;
        }
        Ok::<(), std::io::Error>(())
    };
    let (mut said, mut complained) = (String::new(), String::new());
    let listen = async {
        while let Some(piece) = output.next().await {
            match piece.map_err(told)? {
                LogOutput::StdErr { message } => {
                    complained.push_str(&String::from_utf8_lossy(&message));
                }
                other => said.push_str(&other.to_string()),
            }
        }
        Ok::<(), String>(())
    };
    let (fed, heard) = futures::future::join(feed, listen).await;
    heard.map_err(failed)?;
    let ended = client
        .inspect_exec(&made.id)
        .await
        .map_err(|error| failed(told(error)))?;
    match ended.exit_code {
        Some(0) => {}
        code => return Err(failed(format!("status {code:?}: {}", complained.trim()))),
    }
    fed.map_err(|error| failed(error.to_string()))?;
    Ok(said)
}

/// Removes a node with its volumes, as `kind delete` does it; one that is gone is.
pub(super) async fn remove(client: &Docker, node: &str) -> Result<(), String> {
    let how = RemoveContainerOptionsBuilder::new().force(true).v(true);
    match client.remove_container(node, Some(how.build())).await {
        Ok(()) => Ok(()),
        // Gone, or somebody is at it already.
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 404 | 409,
            ..
        }) => Ok(()),
        Err(error) => Err(format!("node {node}: {}", told(error))),
    }
}

/// How a node's containerd stores unpacked images.
pub(super) async fn snapshotter(client: &Docker, node: &str) -> String {
    let text = read(client, node, &["containerd", "config", "dump"])
        .await
        .unwrap_or_default();
    let line = text.lines().map(str::trim).find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "snapshotter").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    line.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "overlayfs".to_owned())
}

/// The program that a node's containerd runs for a handler, else for its default one.
pub(super) async fn runtime(client: &Docker, node: &str, handler: Option<&str>) -> String {
    let text = read(client, node, &["containerd", "config", "dump"])
        .await
        .unwrap_or_default();
    let named = handler.and_then(|handler| program(&text, handler));
    named.unwrap_or_else(|| handler.unwrap_or("runc").to_owned())
}

/// `BinaryName` in the options of a handler, in a dump of containerd's configuration.
fn program(dump: &str, handler: &str) -> Option<String> {
    let end = format!(".runtimes.{handler}.options]");
    let lines = dump.lines().map(str::trim);
    let options = lines.skip_while(|line| !line.ends_with(&end)).skip(1);
    let mut own = options.take_while(|line| !line.starts_with('['));
    own.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (key.trim() == "BinaryName" && !value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn the_program_of_a_handler_is_read_from_its_own_options() {
        let dump = "\
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.crun]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.crun.options]
    BinaryName = '/usr/local/sbin/crun'
    SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    BinaryName = ''
[other]
    BinaryName = '/elsewhere'
";
        assert_eq!(
            program(dump, "crun").as_deref(),
            Some("/usr/local/sbin/crun")
        );
        assert_eq!(program(dump, "runc"), None);
        assert_eq!(program(dump, "youki"), None);
    }
}
