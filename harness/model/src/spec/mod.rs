//! Image specs: what an image is made of, how it runs, how one sees that it works.
//!
//! One file `images/<name>.yaml` per image. Unknown keys and bad values are refused with the source
//! line shown.

mod baseline;
mod content;
mod finish;
mod image;
mod readiness;
mod release;
mod runtime;
mod variation;

pub use baseline::Baseline;
pub use content::{FileSource, Inside, LayerFormat, UserFile};
pub use finish::FinishStep;
pub use image::{Control, ImageSpec, SpecError};
pub use readiness::{Exchange, HttpExpectation, Readiness, SmokeRequest};
pub use release::ForRelease;
pub use runtime::{Resources, RuntimeConfig, UserId, WritablePath};
pub use variation::{Addition, Change, Variation};
