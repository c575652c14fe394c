//! Java: class files, jars, and the modules and files of a runtime.

mod class;
mod jar;
mod modules;
mod runtime;

pub(crate) use class::Class;
pub(crate) use jar::jar;
pub(crate) use modules::module_of;
pub(crate) use runtime::{is_left_out, is_long_term, needs_screen, release_of, runtimes};

/// Class files and jars for tests of other modules.
#[cfg(test)]
pub(crate) mod tests_support {
    pub(crate) use super::class::tests::made;
    pub(crate) use super::jar::tests::packed;
}
