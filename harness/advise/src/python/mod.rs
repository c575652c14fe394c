//! Python: sources split into statements, their imports, and the world modules are looked for in.

mod imports;
mod lines;
mod survey;
mod world;

pub(crate) use imports::{Import, imports};
pub(crate) use survey::{Survey, survey};
pub(crate) use world::{Place, STARTS_WITH, World, is_hidden_word, secretly};
