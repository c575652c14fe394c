//! One file per report format; the registry [`FORMATS`].
//!
//! Room 8's outer wall: a [`model::Report`] comes in, text goes out. Knows no platform, no suite
//! and no run folder, and reads nothing but the report, so every document can be rebuilt from
//! `report.json` alone.
//!
//! What a report *says* (its headline, how a comparison reads, which sections there are) is
//! decided once in `reading`; how a number is written, once in `numbers`; how foreign text is made
//! harmless, once in `text`. The formats only lay it out.

pub mod certificate;
mod format;
mod html;
mod json;
mod junit;
mod markdown;
mod numbers;
mod reading;
pub mod schema;
mod svg;
pub mod terminal;
mod text;

pub use format::{FORMATS, Format, RenderError, find};
