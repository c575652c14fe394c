//! The functions that mutation scripts see: `content.read`, `content.write`, `content.list`.
//!
//! Scripts reach the cut through a slot of the running thread, filled for the time of a script:
//! the interpreter's own way to carry host data needs an `unsafe impl`, which this crate forbids.

use std::cell::RefCell;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};
use starlark::starlark_module;
use starlark::values::none::NoneType;

use super::session::Session;

thread_local! {
    static SLOT: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// The functions of the language plus `print` and `content`.
pub(super) fn globals() -> Globals {
    let mut globals = GlobalsBuilder::extended_by(&[LibraryExtension::Print]);
    globals.namespace("content", content);
    globals.build()
}

/// Runs `work` while scripts of this thread see `session`; returns it as they left it.
pub(super) fn with_session<R>(session: Session, work: impl FnOnce() -> R) -> (Session, R) {
    SLOT.set(Some(session));
    let result = work();
    // Only this function empties the slot, so what was put in is still there.
    (SLOT.take().unwrap_or_default(), result)
}

#[starlark_module]
fn content(builder: &mut GlobalsBuilder) {
    /// The text of a selected file.
    fn read(path: &str) -> starlark::Result<String> {
        ask(|session| session.read(path))
    }

    /// Replaces the text of a mutable file.
    fn write(path: &str, data: &str) -> starlark::Result<NoneType> {
        ask(|session| session.write(path, data)).map(|()| NoneType)
    }

    /// The names in a selected folder.
    fn list(path: &str) -> starlark::Result<Vec<String>> {
        ask(|session| session.list(path))
    }
}

/// Asks the session in the slot.
fn ask<R>(question: impl FnOnce(&mut Session) -> Result<R, String>) -> starlark::Result<R> {
    let answer = SLOT.with_borrow_mut(|slot| match slot {
        Some(session) => question(session),
        None => Err("content is not at hand".to_owned()),
    });
    answer.map_err(|text| starlark::Error::new_other(std::io::Error::other(text)))
}
