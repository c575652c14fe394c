//! The container under examination: held fast by its `/proc` folder, entered by its namespaces.

mod enter;
mod pinned;

pub(crate) use enter::{Doors, Sight};
pub(crate) use pinned::{Pinned, failure};
