//! The rooms: a value enters one, leaves as another type. One file per room.

pub mod archives;
mod baseline;
mod bounded;
pub mod building;
pub mod composing;
pub mod cut_cache;
mod finish;
mod finish_cache;
pub mod folder;
mod foreign;
mod image_cache;
pub mod importing;
pub mod intent;
pub mod known;
mod layout;
pub mod metadata;
mod own_words;
mod places;
pub mod planning;
pub mod release_cache;
pub mod reporting;
mod sealed;
pub mod source;
pub mod userfiles;
pub mod wanted;

use anyhow::anyhow;
use chisel::SliceKey;

use crate::{Failure, OrExit};

/// The names of slices that `texts` are: in a spec, a lock or on the command line.
pub fn slice_keys(texts: &[String]) -> Result<Vec<SliceKey>, Failure> {
    let key = |text: &String| text.parse().map_err(|error| anyhow!("{error}"));
    texts
        .iter()
        .map(key)
        .collect::<anyhow::Result<_>>()
        .or_usage()
}
