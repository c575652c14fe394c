//! Programs run in a node of a kind cluster, through the daemon whose container it is.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
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
