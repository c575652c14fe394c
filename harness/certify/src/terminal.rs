//! What a person at the terminal sees: one line per step and cell on standard error.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use engine::{Event, Listener};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{Failure, told};

/// A listener that speaks to a terminal, or in plain lines where there is none.
pub struct Terminal {
    bar: Option<ProgressBar>,
    /// Serializes lines of several threads.
    line: Mutex<()>,
    /// Whether steps are left untold.
    silent: bool,
}

impl Terminal {
    /// A terminal on standard error.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) =
                ProgressStyle::with_template("{prefix:>9}  {msg}  {wide_bar} {pos}/{len}")
            {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            line: Mutex::new(()),
            silent: false,
        }
    }

    /// One that tells of failures alone.
    pub fn silent() -> Self {
        Self {
            bar: None,
            line: Mutex::new(()),
            silent: true,
        }
    }

    /// Says one line: a right-aligned verb and its object.
    pub fn say(&self, verb: &str, text: &str) {
        if !self.silent {
            self.plain(&format!("{verb:>9}  {text}"));
        }
    }

    /// Says one line as it is.
    pub fn plain(&self, text: &str) {
        let _guard = self.line.lock();
        let text = plain(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| write(&text)),
            None => write(&text),
        }
    }

    /// Says why there is no verdict, with the exit code as the last line.
    pub fn failure(&self, failure: &Failure) {
        let code = u8::from(failure.exit);
        self.plain(&format!("error: {}", told(&failure.error)));
        self.plain(&format!("{} (exit {code})", failure.exit.word()));
    }

    /// How wide it is.
    pub fn columns(&self) -> usize {
        const USUAL: usize = 100;
        match rustix::termios::tcgetwinsize(std::io::stderr()) {
            Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
            _ => USUAL,
        }
    }

    fn progress(&self, cell: &str, done: u64, of: u64, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(of.max(done));
            bar.set_position(done);
            bar.set_prefix("Measure");
            bar.set_message(format!("{cell}  {note}"));
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Listener for Terminal {
    fn on(&self, event: &Event) {
        match event {
            Event::StepStarted { .. } | Event::CellStarted { .. } => {}
            Event::StepEnded { verb, object, ms } => {
                self.say(verb, &format!("{object:<60} {}", seconds(*ms)));
            }
            Event::CellProgress {
                cell,
                done,
                of,
                note,
            } => {
                self.progress(cell.as_str(), u64::from(*done), u64::from(*of), note);
            }
            Event::CellEnded {
                cell,
                outcome,
                summary,
                ms,
            } => {
                self.clear();
                let word = match outcome {
                    model::Outcome::Pass => "observed".to_owned(),
                    other => other.to_string(),
                };
                let rest = if summary.is_empty() {
                    String::new()
                } else {
                    format!("  {summary}")
                };
                let text = format!("{:<48} {word:<11} {}{rest}", cell.as_str(), seconds(*ms));
                self.say("Measure", &text);
            }
            Event::Note(text) => self.say("Note", text),
        }
    }
}

/// Text of images and packages may hold anything: control characters are not passed on.
fn plain(text: &str) -> String {
    let keep = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(keep).collect()
}

fn seconds(ms: f64) -> String {
    format!(
        "{:.1} s",
        Duration::from_secs_f64((ms / 1000.0).max(0.0)).as_secs_f64()
    )
}

#[allow(clippy::disallowed_methods, reason = "this is the program's voice")]
fn write(text: &str) {
    // A closed standard error is no reason to stop certifying.
    let _ = writeln!(anstream::stderr(), "{text}");
}
