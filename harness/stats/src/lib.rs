//! Pure arithmetic of certification: intervals, equivalence, slopes, stopping rules.
