//! Taking turns: containers that share a folder do something one after another, lap by lap.
//!
//! Each has a named pipe in the folder and waits for a byte in its own; who is done puts one into the
//! next one's. The last to be started sends the first byte off, when all others are there.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use probe::Turn;

use crate::sys::clock;
use crate::sys::files::{self, Event};

/// What goes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// Do your part.
    Go,
    /// It is over.
    End,
}

/// A place in a lap.
pub(crate) struct Turns {
    own: File,
    next: File,
    place: u32,
    places: u32,
}

impl Turns {
    /// Takes the place.
    pub(crate) fn join(turn: &Turn) -> io::Result<Self> {
        let folder = Path::new(&turn.folder);
        let open = |place: u32| {
            let path = folder.join(place.to_string());
            // Whoever comes first makes it; the others may be other users.
            match files::make_pipe(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                // Open for both, so that what is in it stays whoever else has it open.
                _ => File::options().read(true).write(true).open(&path),
            }
        };
        Ok(Self {
            own: open(turn.place)?,
            next: open((turn.place + 1) % turn.places)?,
            place: turn.place,
            places: turn.places,
        })
    }

    /// Whether it begins every lap.
    pub(crate) const fn is_first(&self) -> bool {
        self.place == 0
    }

    /// Whether it is started last, when all others are there.
    pub(crate) const fn is_last(&self) -> bool {
        self.place + 1 == self.places
    }

    /// Waits for its turn until an instant.
    pub(crate) fn wait(&self, until_ns: u64) -> io::Result<Token> {
        let watched = [(self.own.as_fd(), Event::Readable)];
        if files::wait(&watched, Some(until_ns))?.is_none() {
            let now = clock::monotonic_ns();
            let why = format!(
                "the turn of place {} of {} did not come by {now} ns",
                self.place, self.places
            );
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        let mut byte = [0];
        (&self.own).read_exact(&mut byte)?;
        Ok(if byte == [GO] { Token::Go } else { Token::End })
    }

    /// Gives the turn to the next place.
    pub(crate) fn pass(&self, token: Token) -> io::Result<()> {
        let byte = match token {
            Token::Go => GO,
            Token::End => END,
        };
        (&self.next).write_all(&[byte])
    }
}

const GO: u8 = b'g';
const END: u8 = b'e';
