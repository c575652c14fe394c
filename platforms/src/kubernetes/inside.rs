//! The probe started inside a running container by the cluster (`pods/exec`): it has the container's
//! user, rights, filter, mounts and processes, and no more.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::call;
use super::names::PROBE;
use crate::prober::Prober;

/// Longest time for one document.
const DOCUMENT: Duration = Duration::from_secs(90);
/// What a stream holds back.
const BUFFER: usize = 1 << 16;

/// Asks the probe in `container` of `pod` for one document.
pub(crate) async fn ask(
    api: &Api<Pod>,
    (pod, container): (&str, &str),
    words: &[&str],
    input: Option<String>,
) -> Result<serde_json::Value, String> {
    let what = format!("`probe {}` in {pod}", words.first().unwrap_or(&""));
    let told = |why: String| format!("{what}: {why}");
    let said = tokio::time::timeout(DOCUMENT, run(api, (pod, container), words, input)).await;
    let late = |_| told(format!("no document within {} s", DOCUMENT.as_secs()));
    let (output, errors) = said.map_err(late)?.map_err(told)?;
    if let Ok(failed) = serde_json::from_slice::<probe::Failed>(&output) {
        return Err(told(failed.error.to_string()));
    }
    serde_json::from_slice(&output).map_err(|error| {
        let errors = String::from_utf8_lossy(&errors);
        told(format!("no document: {error}; {}", errors.trim()))
    })
}

async fn run(
    api: &Api<Pod>,
    (pod, container): (&str, &str),
    words: &[&str],
    input: Option<String>,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut process = start(api, (pod, container), words, input.is_some()).await?;
    let (Some(mut stdout), Some(mut stderr)) = (process.stdout(), process.stderr()) else {
        return Err("it has no output".to_owned());
    };
    let stdin = process.stdin();
    let feed = async {
        if let (Some(text), Some(mut stdin)) = (input, stdin) {
            stdin.write_all(text.as_bytes()).await?;
            stdin.shutdown().await?;
        }
        Ok::<(), std::io::Error>(())
    };
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let read = futures::future::try_join3(
        feed,
        stdout.read_to_end(&mut output),
        stderr.read_to_end(&mut errors),
    );
    read.await.map_err(|error| error.to_string())?;
    Ok((output, errors))
}

async fn start(
    api: &Api<Pod>,
    (pod, container): (&str, &str),
    words: &[&str],
    has_input: bool,
) -> Result<AttachedProcess, String> {
    let mut command = vec![PROBE];
    command.extend(words);
    let wanted = AttachParams::default()
        .container(container)
        .stdin(has_input)
        .stdout(true)
        .stderr(true)
        .max_stdin_buf_size(BUFFER)
        .max_stdout_buf_size(BUFFER)
        .max_stderr_buf_size(BUFFER);
    let started = call::once(
        "start a program in the container",
        api.exec(pod, command, &wanted),
    );
    started.await.map_err(|error| error.to_string())
}

/// A prober that was started in a container of a pod, and what carries its lines.
pub(crate) struct Talk {
    pub(crate) prober: Prober,
    /// The connection ends with it.
    _process: AttachedProcess,
}

impl Talk {
    /// Starts a prober in `container`.
    pub(crate) async fn begin(api: &Api<Pod>, pod: &str, container: &str) -> Result<Self, String> {
        let mut process = start(api, (pod, container), &["prober"], true).await?;
        let (Some(input), Some(output)) = (process.stdin(), process.stdout()) else {
            return Err("the prober has no streams".to_owned());
        };
        let prober = tokio::time::timeout(call::ANSWER, Prober::over(input, output)).await;
        let prober = prober.map_err(|_| "the prober does not answer".to_owned())??;
        Ok(Self {
            prober,
            _process: process,
        })
    }
}
