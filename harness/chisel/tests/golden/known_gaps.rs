//! Recorded cases in which this crate does not do what the reference tool did, and why.

/// One case and the reason.
pub(crate) struct Gap {
    pub(crate) case: &'static str,
    pub(crate) reason: &'static str,
}

/// All of them. A listed case that passes fails the test.
pub(crate) const KNOWN_GAPS: &[Gap] = &[];
