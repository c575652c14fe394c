//! Lines from standard input, heard without ever blocking a poll.

use crate::sys::files::{self, Event};

/// Longest line; longer input ends the program, since nothing after it could be trusted.
const LINE_MAX: usize = 256 << 10;

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A whole line without its end.
    Line(String),
    /// Nothing whole.
    Nothing,
    /// The end of input, or input beyond all bounds.
    End,
}

/// Standard input, cut into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Self { buffer: Vec::new() }
    }

    /// Waits for input.
    pub(crate) fn hear(&mut self) -> Heard {
        match self.whole_line() {
            Some(line) => Heard::Line(line),
            None => self.fill(),
        }
    }

    /// Takes what is there.
    pub(crate) fn hear_now(&mut self) -> Heard {
        if let Some(line) = self.whole_line() {
            return Heard::Line(line);
        }
        match files::wait(&[(files::stdin(), Event::Readable)], Some(0)) {
            Ok(Some(_)) => self.fill(),
            Ok(None) => Heard::Nothing,
            Err(_) => Heard::End,
        }
    }

    fn fill(&mut self) -> Heard {
        let mut chunk = [0; 4096];
        match files::read_stdin(&mut chunk) {
            Ok(0) | Err(_) => return Heard::End,
            Ok(got) => self.buffer.extend_from_slice(&chunk[..got]),
        }
        match self.whole_line() {
            Some(line) => Heard::Line(line),
            None if self.buffer.len() > LINE_MAX => Heard::End,
            None => Heard::Nothing,
        }
    }

    fn whole_line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let line = self.buffer.drain(..=end).collect::<Vec<_>>();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }
}
