//! Answers of an API server.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What it calls itself.
pub(super) const VERSION: &str = "v1.36.3+scripted";

/// A moment as objects tell it, in whole seconds.
pub(super) fn now() -> String {
    let now = engine::clock::Clock::system().utc();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn whole(status: u16, kind: &str, bytes: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(bytes.into()).map_err(|never: Infallible| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let kind = http::HeaderValue::from_str(kind).unwrap();
    response.headers_mut().insert("content-type", kind);
    response
}

/// An object.
pub(super) fn object(status: u16, object: &Value) -> Response<Body> {
    whole(status, "application/json", object.to_string())
}

/// Plain text.
pub(super) fn text(text: String) -> Response<Body> {
    whole(200, "text/plain", text)
}

/// A list of objects.
pub(super) fn list(kind: &str, version: u64, items: Vec<Value>) -> Response<Body> {
    object(
        200,
        &json!({"apiVersion": "v1", "kind": format!("{kind}List"), "items": items,
                "metadata": {"resourceVersion": version.to_string()}}),
    )
}

/// A refusal as `metav1.Status`.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    let mut status = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    if code == 429 {
        status["details"] = json!({"retryAfterSeconds": 1});
    }
    status
}

/// A refusal.
pub(super) fn refusal(code: u16, reason: &str, message: &str) -> Response<Body> {
    object(code, &status(code, reason, message))
}

/// There is no such object.
pub(super) fn not_found(kind: &str, name: &str) -> Response<Body> {
    refusal(404, "NotFound", &format!("{kind} \"{name}\" not found"))
}
