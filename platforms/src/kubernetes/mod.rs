//! Kubernetes: one engine for every kind of cluster.
//!
//! A kind of cluster says how it is found and how images reach its nodes ([`supply::Supply`]); all
//! else is here. Containers are pods in a namespace of the run's own, in which the cluster enforces
//! the Pod Security Standard `restricted`; the harness's own containers keep to it as well. No
//! daemon's socket, no node's file system and no privileged pod is needed.

mod apart;
mod call;
pub(crate) mod cluster;
mod container;
mod events;
pub(crate) mod facts;
mod inside;
mod laps;
pub(crate) mod local;
pub(crate) mod names;
pub(crate) mod objects;
mod pace;
mod pods;
pub(crate) mod pushed;
pub(crate) mod ready;
mod removal;
pub(crate) mod rights;
pub(crate) mod session;
mod starting;
mod state;
pub(crate) mod supply;
pub(crate) mod sweep;
mod timing;
pub(crate) mod wanted;
