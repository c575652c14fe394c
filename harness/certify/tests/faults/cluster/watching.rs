//! Watches: every change behind a resource version, bookmarks, and the ways in which they end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answer::{self, Body};
use super::serve::{Asked, piece};
use super::store::{Change, is_selected};
use super::{Shared, lock};
use crate::script::WatchEnd;

/// How often a watch without events says how far it is.
const BOOKMARKS: Duration = Duration::from_millis(300);

type Pieces = mpsc::Sender<io::Result<Frame<bytes::Bytes>>>;

/// What a watch shows.
struct Watch {
    kind: &'static str,
    word: &'static str,
    namespace: String,
    labels: Option<String>,
    fields: Option<String>,
    /// Everything up to it was shown.
    version: u64,
    shown: usize,
}

pub(super) fn watch(
    shared: &Arc<Shared>,
    asked: &Asked,
    (kind, word): (&'static str, &'static str),
    namespace: &str,
) -> Response<Body> {
    let version = asked.value("resourceVersion").and_then(|v| v.parse().ok());
    let watch = Watch {
        kind,
        word,
        namespace: namespace.to_owned(),
        labels: asked.value("labelSelector").map(str::to_owned),
        fields: asked.value("fieldSelector").map(str::to_owned),
        version: version.unwrap_or(0),
        shown: 0,
    };
    let (pieces, mut received) = mpsc::channel(64);
    let for_watch = shared.clone();
    shared.spawn(async move {
        // A client that goes away is its own matter.
        let _ = follow(&for_watch, watch, &pieces).await;
    });
    let stream = futures::stream::poll_fn(move |context| received.poll_recv(context));
    Response::new(StreamBody::new(stream).boxed_unsync())
}

async fn follow(shared: &Shared, mut watch: Watch, pieces: &Pieces) -> Result<(), Closed> {
    let mut changed = shared.changed.subscribe();
    loop {
        let compacted = lock(&shared.store).compacted;
        if watch.version < compacted {
            let message = format!("too old resource version: {} ({compacted})", watch.version);
            return refuse(pieces, &message).await;
        }
        changed.mark_unchanged();
        for change in news(shared, &watch) {
            watch.version = change.version;
            let number = shared.number("watched");
            match shared.script.of_watch(number, watch.shown) {
                None => {}
                Some(WatchEnd::Closed) => return Ok(()),
                Some(WatchEnd::Broken) => {
                    let cut = io::Error::other("cut by the script");
                    return pieces.send(Err(cut)).await.map_err(|_| Closed);
                }
                Some(WatchEnd::Gone) => {
                    shared.change(|store| store.compacted = store.version());
                    let now = lock(&shared.store).version();
                    let message = format!("too old resource version: {} ({now})", watch.version);
                    return refuse(pieces, &message).await;
                }
                Some(WatchEnd::Silent) => {
                    shared.stop.cancelled().await;
                    return Ok(());
                }
            }
            watch.shown += 1;
            let event = json!({"type": change.how, "object": change.object});
            send(pieces, &event).await?;
        }
        if tokio::time::timeout(BOOKMARKS, changed.changed())
            .await
            .is_err()
        {
            let version = watch.version.to_string();
            let metadata = json!({"resourceVersion": version, "creationTimestamp": null});
            let object = json!({"apiVersion": "v1", "kind": watch.word, "metadata": metadata,
                                "spec": {"containers": []}});
            send(pieces, &json!({"type": "BOOKMARK", "object": object})).await?;
        }
    }
}

/// What changed since the watch last showed something.
fn news(shared: &Shared, watch: &Watch) -> Vec<Change> {
    let store = lock(&shared.store);
    let new = store.changes.iter().filter(|change| {
        change.version > watch.version
            && change.kind == watch.kind
            && change.namespace == watch.namespace
            && is_selected(
                &change.object,
                watch.labels.as_deref(),
                watch.fields.as_deref(),
            )
    });
    new.cloned().collect()
}

/// Nobody listens any more.
struct Closed;

async fn refuse(pieces: &Pieces, message: &str) -> Result<(), Closed> {
    let status = answer::status(410, "Expired", message);
    send(pieces, &json!({"type": "ERROR", "object": status})).await
}

async fn send(pieces: &Pieces, event: &Value) -> Result<(), Closed> {
    let frame = Frame::data(piece(event));
    pieces.send(Ok(frame)).await.map_err(|_| Closed)
}
