//! Programs in containers: `pods/exec` over a WebSocket, and what the probe says there.

use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use probe::{InPlace, Question, Repeat, Repeated, Stamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use super::answer::{self, Body};
use super::serve::Asked;
use super::{Shared, lock};
use crate::script::{Apart, ProgramFault};

/// The protocol that can say that an input has ended.
const PROTOCOL: &str = "v5.channel.k8s.io";
/// Channels of it. Source: `k8s.io/apimachinery/pkg/util/remotecommand`.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The strings of a JSON array.
pub(super) fn strings(list: &Value) -> Vec<String> {
    let words = list.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Starts a program in a container.
pub(super) fn exec(
    shared: &Arc<Shared>,
    asked: &Asked,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let container = asked.value("container").unwrap_or_default();
    let runs = asked.pod().is_some_and(|(namespace, pod)| {
        let store = lock(&shared.store);
        store.get("pods", namespace, pod).is_some_and(|pod| {
            let of = |kind: &str| pod["status"][kind].as_array().cloned().unwrap_or_default();
            let mut all = of("containerStatuses")
                .into_iter()
                .chain(of("initContainerStatuses"));
            all.any(|one| one["name"] == container && !one["state"]["running"].is_null())
        })
    });
    if !runs {
        let message = format!("container not found (\"{container}\")");
        return answer::refusal(500, "InternalError", &message);
    }
    let words: Vec<String> = asked
        .values("command")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let program = words.get(1).cloned().unwrap_or_default();
    let fault = shared
        .script
        .of_program(shared.number("programs"), &program);
    let key = request.headers().get(SEC_WEBSOCKET_KEY).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    let for_program = shared.clone();
    shared.spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else {
            return;
        };
        let io = TokioIo::new(upgraded);
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        if fault == Some(ProgramFault::Silent) {
            for_program.stop.cancelled().await;
        }
        // A client that goes away is its own matter.
        let _ = run(&for_program, &words, &mut socket, fault).await;
    });
    let empty = Empty::new().map_err(|never: std::convert::Infallible| match never {});
    let mut response = Response::new(empty.boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, "websocket".parse().unwrap());
    headers.insert(CONNECTION, "Upgrade".parse().unwrap());
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept.parse().unwrap());
    headers.insert(SEC_WEBSOCKET_PROTOCOL, PROTOCOL.parse().unwrap());
    response
}

async fn run(
    shared: &Shared,
    words: &[String],
    socket: &mut Socket,
    fault: Option<ProgramFault>,
) -> Option<()> {
    let documents = &shared.documents;
    let document = match words.get(1).map(String::as_str)? {
        "facts" => &documents.facts,
        "hash" => &documents.hash,
        "memory" => &documents.memory,
        "attempts" => {
            input(socket).await?;
            match shared.script.first_only {
                Some(_) => &unfiltered(&documents.attempts, true),
                None => &documents.attempts,
            }
        }
        "prober" => return prober(shared, words, socket, fault).await,
        _ => return None,
    };
    let text = format!("{document}\n");
    if fault == Some(ProgramFault::Broken) {
        send(socket, STDOUT, &text.as_bytes()[..text.len() / 2]).await?;
        return None;
    }
    send(socket, STDOUT, text.as_bytes()).await?;
    end(socket).await
}

/// What the first process of a container of its own tells of its attempts.
pub(super) fn apart(shared: &Shared) -> String {
    let good = &shared.documents.attempts;
    let told = match shared.script.first_only {
        Some(Apart::Refused) | None => good.clone(),
        Some(Apart::Allowed) => allowing(good.clone()),
        Some(Apart::Unfiltered) => unfiltered(good, false),
    };
    told.to_string()
}

/// Attempts under no filter, beside a target that has one or none.
fn unfiltered(attempts: &Value, target_has_one: bool) -> Value {
    let mut attempts = allowing(attempts.clone());
    attempts["identity"]["seccomp"] = if target_has_one {
        json!({"not-copied": "Permission denied"})
    } else {
        json!("none")
    };
    attempts
}

fn allowing(mut attempts: Value) -> Value {
    attempts["calls"]["new_user_namespace"] = json!({"result": "allowed", "refusal": null});
    attempts
}

/// Everything that comes on standard input, up to its end.
async fn input(socket: &mut Socket) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        match message.into_data().as_ref() {
            [STDIN, data @ ..] => all.extend_from_slice(data),
            [CLOSE, STDIN] => return Some(all),
            _ => {}
        }
    }
    None
}

/// The prober, as a process of this host.
async fn prober(
    shared: &Shared,
    words: &[String],
    socket: &mut Socket,
    fault: Option<ProgramFault>,
) -> Option<()> {
    let mut child = tokio::process::Command::new(&shared.probe)
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take()?, child.stdout.take()?);
    let mut piece = [0; 4096];
    loop {
        tokio::select! {
            read = stdout.read(&mut piece) => match read.ok()? {
                0 => return end(socket).await,
                count if fault == Some(ProgramFault::Broken) => {
                    send(socket, STDOUT, &piece[..count / 2]).await?;
                    return None;
                }
                count => send(socket, STDOUT, &piece[..count]).await?,
            },
            message = socket.next() => {
                if let [STDIN, data @ ..] = message?.ok()?.into_data().as_ref() {
                    stdin.write_all(data).await.ok()?;
                }
            }
        }
    }
}

async fn send(socket: &mut Socket, channel: u8, data: &[u8]) -> Option<()> {
    let mut bytes = vec![channel];
    bytes.extend_from_slice(data);
    socket.send(Message::Binary(Bytes::from(bytes))).await.ok()
}

async fn end(socket: &mut Socket) -> Option<()> {
    let status = json!({"metadata": {}, "status": "Success"});
    send(socket, STATUS, status.to_string().as_bytes()).await?;
    socket.close(None).await.ok()?;
    // A socket that is dropped with something unread in it takes back what it sent.
    while let Some(Ok(_)) = socket.next().await {}
    None
}

/// What `probe repeat` writes, told: as many starts as it is asked for at least, each of about twenty
/// milliseconds. Whether a start is an image's own cannot show here.
pub(super) fn repeated(container: &str, wish: &str) -> String {
    let wish: Repeat = serde_json::from_str(wish).unwrap();
    assert!(matches!(wish.question, Question::Http(_)), "{wish:?}");
    let now = |id| {
        let now = rustix::time::clock_gettime(id);
        u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).unwrap()
    };
    let monotonic_ns = now(rustix::time::ClockId::Monotonic);
    let first = Stamp {
        monotonic_ns,
        realtime_ns: now(rustix::time::ClockId::Realtime),
        boottime_ns: monotonic_ns,
        pid: 1,
    };
    // The same name starts the same way in every run.
    let mut noise = container.bytes().fold(7u64, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    // One start each, lap by lap.
    let (place, places) = wish.turn.map_or((0, 1), |turn| (turn.place, turn.places));
    let starts = (0..u64::from(wish.least)).map(|lap| {
        let number = lap * u64::from(places) + u64::from(place);
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let exec_ns = monotonic_ns + (wish.hold_ms + number * 30) * 1_000_000;
        InPlace {
            exec_ns,
            ready_ns: exec_ns + 20_000_000 + (noise >> 33) % 400_000,
        }
    });
    let repeated = Repeated {
        first,
        starts: starts.collect(),
        failed: None,
        disturbed: None,
    };
    let said = serde_json::to_string(&repeated).unwrap();
    format!("{}{said}", Repeated::PREFIX)
}
