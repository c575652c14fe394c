//! Reading answers: within limits of bytes and time, and what a registry says when it refuses.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use crate::transport::authority;
use crate::trust::is_about_certificates;
use crate::{Fault, Settings};

/// Longest refusal that is read.
const LONGEST_REFUSAL: u64 = 16 << 10;

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The whole body, at most `limit` bytes, within `within`.
pub(crate) async fn body(
    response: Response,
    what: &str,
    limit: u64,
    within: Duration,
) -> Result<Bytes, Fault> {
    let at = authority(response.url());
    let whole = tokio::time::timeout(within, read(response, what, limit)).await;
    whole.map_err(|_| Fault::Deadline { at, limit: within })?
}

async fn read(mut response: Response, what: &str, limit: u64) -> Result<Bytes, Fault> {
    let too_large = || Fault::TooLarge {
        what: what.to_owned(),
        limit,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let at = authority(response.url());
    let mut whole = BytesMut::new();
    loop {
        let piece = response.chunk().await;
        match piece.map_err(|error| broken(error, &at))? {
            Some(piece) => whole.extend_from_slice(&piece),
            None => return Ok(whole.freeze()),
        }
        if whole.len() as u64 > limit {
            return Err(too_large());
        }
    }
}

/// What a registry says of a refusal: ` (CODE: message)`, or nothing that can be read.
pub(crate) async fn refusal(response: Response, settings: &Settings) -> String {
    let within = settings.patience.stall;
    let text = match body(response, "a refusal", LONGEST_REFUSAL, within).await {
        Ok(bytes) => bytes,
        Err(_) => return String::new(),
    };
    let Ok(refusal) = serde_json::from_slice::<Refusal>(&text) else {
        return String::new();
    };
    let reasons: Vec<String> = refusal
        .errors
        .into_iter()
        .map(|reason| format!("{}: {}", reason.code, reason.message))
        .collect();
    if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({})", reasons.join("; "))
    }
}

/// A status that is neither success nor known to the caller.
pub(crate) fn unexpected(at: &str, status: StatusCode, said: String) -> Fault {
    Fault::Status {
        at: at.to_owned(),
        status: status.as_u16(),
        said,
    }
}

/// A connection that failed. Addresses are left out: they may be signed.
pub(crate) fn broken(error: reqwest::Error, at: &str) -> Fault {
    let error = error.without_url();
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        why = format!("{why}: {inner}");
        cause = inner.source();
    }
    let at = at.to_owned();
    if is_about_certificates(&error) {
        Fault::Untrusted { at, why }
    } else {
        Fault::Unreachable { at, why }
    }
}
