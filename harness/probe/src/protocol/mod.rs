//! Requests, replies and documents, one file per verb.

pub(crate) mod attempts;
pub(crate) mod build;
pub(crate) mod facts;
pub(crate) mod failure;
pub(crate) mod memory;
pub(crate) mod prober;
pub(crate) mod repeat;
pub(crate) mod stamp;
pub(crate) mod tree;
