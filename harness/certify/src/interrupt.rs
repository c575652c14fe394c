//! Interrupts: the first asks the work to stop and clean up, the second ends it at once.

use std::sync::Arc;

use camino::Utf8PathBuf;
use engine::journal::{Journal, JournalWriter, Record};
use model::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What tells what is left behind by an end without cleaning up.
#[derive(Debug, Clone)]
pub enum Leftovers {
    /// The journal of a run.
    Journal(Arc<JournalWriter>),
    /// This folder, in which everything lies.
    Folder(Utf8PathBuf),
}

/// Watches for SIGINT and SIGTERM.
pub async fn watch(stop: CancellationToken, leftovers: Leftovers) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    let mut seen = 0;
    loop {
        let by = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        seen += 1;
        if seen > 1 {
            at_once(&leftovers);
        }
        stop.cancel();
        if let Leftovers::Journal(journal) = &leftovers {
            let _ = journal.append(&Record::Interrupted { by: by.to_owned() });
        }
        say(&format!("{by}: cleaning up; once more ends at once"));
    }
}

/// Ends the program without cleaning up, and names what is left.
#[allow(
    clippy::exit,
    reason = "the second interrupt must not wait for anything"
)]
fn at_once(leftovers: &Leftovers) -> ! {
    match leftovers {
        Leftovers::Journal(journal) => name_left(journal),
        Leftovers::Folder(folder) if folder.is_dir() => {
            say(&format!("left behind: folder {folder}"));
        }
        Leftovers::Folder(_) => {}
    }
    say("incomplete (exit 4): interrupted twice");
    std::process::exit(i32::from(u8::from(ExitCode::Incomplete)))
}

fn name_left(journal: &JournalWriter) {
    let left = Journal::read(journal.path())
        .map(|j| j.left_behind())
        .unwrap_or_default();
    for (name, kind) in &left {
        say(&format!("left behind: {kind} {name}"));
    }
    let folder = journal
        .path()
        .parent()
        .map_or_else(String::new, ToString::to_string);
    if !left.is_empty() {
        say(&format!("remove it with: cargo xtask sweep {folder}"));
    }
}

#[allow(
    clippy::print_stderr,
    reason = "the terminal may be in the middle of a line"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
