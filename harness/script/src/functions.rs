//! The functions that mutation scripts see: `content.read`, `content.write`, `content.list`.
//!
//! Scripts reach the content through a slot of the running thread, filled for the time of a script:
//! the interpreter's own way to carry host data needs an `unsafe impl`, which this crate forbids.

use std::any::Any;
use std::cell::RefCell;

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};
use starlark::starlark_module;
use starlark::values::none::NoneType;

use super::Content;

/// A content that can be taken out of the slot again.
trait Kept: Content {
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<C: Content + 'static> Kept for C {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

thread_local! {
    static SLOT: RefCell<Option<Box<dyn Kept>>> = const { RefCell::new(None) };
}

/// The functions of the language plus `print` and `content`.
pub(crate) fn globals() -> Globals {
    let mut globals = GlobalsBuilder::extended_by(&[LibraryExtension::Print]);
    globals.namespace("content", content);
    globals.build()
}

/// Runs `work` while scripts of this thread see `content`; returns it as they left it.
pub(crate) fn with<C: Content + 'static, R>(content: C, work: impl FnOnce() -> R) -> (C, R) {
    SLOT.set(Some(Box::new(content)));
    let result = work();
    let kept = SLOT.take().map(Kept::into_any);
    match kept.and_then(|kept| kept.downcast().ok()) {
        Some(content) => (*content, result),
        None => unreachable_slot(),
    }
}

#[allow(clippy::panic, reason = "only `with` fills and empties the slot")]
fn unreachable_slot() -> ! {
    panic!("the slot of the running script was emptied by somebody else")
}

#[starlark_module]
fn content(builder: &mut GlobalsBuilder) {
    /// The text of a selected file.
    fn read(path: &str) -> starlark::Result<String> {
        ask(|content| content.read(path))
    }

    /// Replaces the text of a mutable file.
    fn write(path: &str, data: &str) -> starlark::Result<NoneType> {
        ask(|content| content.write(path, data)).map(|()| NoneType)
    }

    /// The names in a selected folder.
    fn list(path: &str) -> starlark::Result<Vec<String>> {
        ask(|content| content.list(path))
    }
}

/// Asks the content in the slot.
fn ask<R>(question: impl FnOnce(&mut dyn Kept) -> Result<R, String>) -> starlark::Result<R> {
    let answer = SLOT.with_borrow_mut(|slot| match slot {
        Some(content) => question(content.as_mut()),
        None => Err("content is not at hand".to_owned()),
    });
    answer.map_err(|text| starlark::Error::new_other(std::io::Error::other(text)))
}
