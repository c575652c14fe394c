//! One file per command.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod features;
pub(crate) mod kill;
pub(crate) mod on_v1;
pub(crate) mod profile;
pub(crate) mod run;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod version;
