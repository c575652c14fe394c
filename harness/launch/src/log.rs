//! The log file, and libcontainer's own errors in it.
//!
//! The program in the container and its forerunners share standard error with the caller of
//! `create`, so a driver asks for a file. Only errors are written: warnings about absent cgroup
//! controllers are normal. The file is opened before any namespace is entered.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use fs_err::{File, OpenOptions};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::arguments::LogFormat;
use crate::error::Result;

/// Where errors go; nowhere without a file.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    file: Option<Arc<File>>,
    format: LogFormat,
}

impl Log {
    /// Opens `path` for appending.
    pub(crate) fn open(path: Option<&Path>, format: LogFormat) -> Result<Self> {
        let file = path
            .map(|path| OpenOptions::new().create(true).append(true).open(path))
            .transpose()?
            .map(Arc::new);
        Ok(Self { file, format })
    }

    /// Receives what libcontainer reports, in this process and those it clones.
    pub(crate) fn listen(self) {
        if self.file.is_some() {
            // Fails only when set twice; then the first one stays.
            let _ = tracing::subscriber::set_global_default(self);
        }
    }

    /// Writes one error, as one line in one write.
    pub(crate) fn error(&self, message: &str) {
        let Some(file) = &self.file else { return };
        let line = match self.format {
            LogFormat::Json => {
                format!(
                    "{}\n",
                    serde_json::json!({"level": "error", "msg": message})
                )
            }
            LogFormat::Text => format!("level=error msg={message:?}\n"),
        };
        // A full disk must not turn one error into another.
        let _ = file.as_ref().write_all(line.as_bytes());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::ERROR
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message::new();
        event.record(&mut message);
        self.error(&message.text());
    }

    // Spans are disabled above; the trait wants an answer all the same.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// An event's message, and its fields behind it.
struct Message {
    message: String,
    fields: String,
}

impl Message {
    const fn new() -> Self {
        Self {
            message: String::new(),
            fields: String::new(),
        }
    }

    fn text(self) -> String {
        self.message + &self.fields
    }
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push_str(&format!(" {field}={value:?}"));
        }
    }
}
