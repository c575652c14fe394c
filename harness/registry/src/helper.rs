//! Credential helpers: `docker-credential-NAME get`, the server on standard input, JSON out.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;

use crate::{Credentials, Secret, command};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The user name that says that the secret is an identity token.
const IDENTITY: &str = "<token>";

/// What helpers say when they know nobody, wherever they are from.
const NONE: &str = "credentials not found";

/// The program of the helper `name`: in `folder`, else as a shell finds it.
pub(crate) fn program(name: &str, folder: Option<&Path>) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Err("credentials: the file names a helper by no name of a program".to_owned());
    }
    let program = format!("docker-credential-{name}");
    Ok(match folder {
        Some(folder) => folder.join(program).display().to_string(),
        None => program,
    })
}

/// Asks the helper `program` for `server`, within `limit`. Nothing that it says stands in an error.
pub(crate) async fn ask(
    program: &str,
    server: &str,
    limit: Duration,
) -> Result<Credentials, String> {
    let done = tokio::time::timeout(limit, run(program, server)).await;
    let (fine, said) = done.map_err(|_| format!("{program} gave no answer within {limit:?}"))??;
    if !fine {
        let text = String::from_utf8_lossy(&said);
        if text.contains(NONE) {
            return Ok(Credentials::Anonymous);
        }
        return Err(format!(
            "{program} failed for {server}; run it by hand to see why"
        ));
    }
    let answer: Answer = serde_json::from_slice(&said)
        .map_err(|_| format!("{program} gave an answer for {server} that is not of its kind"))?;
    let secret = Secret::new(answer.secret);
    Ok(match answer.username.as_str() {
        IDENTITY => Credentials::Identity(secret),
        _ => Credentials::Basic {
            user: answer.username,
            password: secret,
        },
    })
}

/// Whether it ended well, and what it wrote.
async fn run(program: &str, server: &str) -> Result<(bool, Vec<u8>), String> {
    let told = |error: std::io::Error| format!("{program} cannot be run: {error}");
    let mut child = command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(told)?;
    if let Some(mut input) = child.stdin.take() {
        // One that needs no input may be gone already.
        let _ = input.write_all(server.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(told)?;
    Ok((output.status.success(), output.stdout))
}
