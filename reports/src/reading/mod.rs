//! What a report says, decided once for every format.
//!
//! Everything here is text ready to be shown: foreign text has been through [`crate::text`],
//! numbers through [`crate::numbers`]. No markup of any format.

mod checks;
mod claims;
mod commands;
mod comparison;
mod controls;
mod headline;
mod lead;
mod overview;
mod place;
mod tone;
mod trust;

pub(crate) use checks::{Finding, Tally, findings};
pub(crate) use claims::{Claims, Row as ClaimRow, audited};
pub(crate) use commands::{Command, commands, show_samples};
pub(crate) use comparison::{Question, questions};
pub(crate) use controls::{breach, ids, refusal, voiding};
pub(crate) use headline::headline;
pub(crate) use overview::{Overview, Row, Size, overview, sizes};
pub(crate) use place::{Place, places, standing_word};
pub(crate) use tone::{Chip, Tone};
pub(crate) use trust::verdict_code;
