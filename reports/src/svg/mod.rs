//! Drawings of a report, as deterministic SVG.
//!
//! Colours and strokes come from classes that the page's style sheet defines for light, dark and
//! print; meaning comes from shape and words. Every drawing has a title and a description.

mod bars;
mod canvas;
mod interval;
mod scale;
mod steps;
mod strip;

pub(crate) use bars::{Bar, bars};
pub(crate) use interval::interval;
pub(crate) use steps::{Arms, steps};
pub(crate) use strip::strip;

/// For which screen a drawing is made; text keeps its size, so the plot's width differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// A desk.
    Wide,
    /// A phone.
    Narrow,
}

impl Screen {
    /// Width in user units, which are CSS pixels at the intended size.
    pub(crate) const fn width(self) -> f64 {
        match self {
            Self::Wide => 900.0,
            Self::Narrow => 340.0,
        }
    }

    /// A suffix that keeps ids unique when both drawings stand in one page.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Wide => "w",
            Self::Narrow => "n",
        }
    }
}
