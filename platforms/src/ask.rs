//! The probe asked one thing on this host: a call, a document.

use std::process::Stdio;

use camino::Utf8Path;
use engine::Inspection;
use model::UserId;
use tokio::io::AsyncWriteExt;

use crate::runtime::command;

/// Looks at the process `pid`, whose container runs as `user`. `filter` is a file with the system
/// call filter that its runtime installed, where the kernel does not show it.
pub(crate) async fn look(
    probe: &Utf8Path,
    what: &Inspection,
    pid: u32,
    user: UserId,
    filter: Option<&Utf8Path>,
) -> Result<serde_json::Value, String> {
    let pid = pid.to_string();
    let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
    match what {
        Inspection::Admission => Err("nothing on this platform admits containers".to_owned()),
        Inspection::Facts => ask(probe, &["facts", "--pid", &pid], None).await,
        Inspection::Hash => ask(probe, &["hash", "--pid", &pid], None).await,
        Inspection::Attempts(request) => {
            let mut call = vec!["attempts", "--pid", &pid, "--uid", &uid, "--gid", &gid];
            if let Some(filter) = filter {
                call.extend(["--filter", filter.as_str()]);
            }
            ask(probe, &call, Some(request.to_string())).await
        }
    }
    .map_err(|why| format!("`probe {}`: {why}", what_word(what)))
}

const fn what_word(what: &Inspection) -> &'static str {
    match what {
        Inspection::Admission => "admission",
        Inspection::Facts => "facts",
        Inspection::Hash => "hash",
        Inspection::Attempts(_) => "attempts",
    }
}

/// Its document, or what it said instead.
async fn ask(
    probe: &Utf8Path,
    arguments: &[&str],
    input: Option<String>,
) -> Result<serde_json::Value, String> {
    let mut call = command::new(probe);
    call.args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if input.is_some() {
        call.stdin(Stdio::piped());
    }
    let mut child = call.spawn().map_err(|error| error.to_string())?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin
            .write_all(text.as_bytes())
            .await
            .map_err(|error| error.to_string())?;
    }
    let output = child
        .wait_with_output()
        .await
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return serde_json::from_slice(&output.stdout).map_err(|error| error.to_string());
    }
    match serde_json::from_slice::<::probe::Failed>(&output.stdout) {
        Ok(failed) => Err(failed.error.to_string()),
        Err(_) => Err(format!(
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
