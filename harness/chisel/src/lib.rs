//! Releases, slices, selection, conflicts, globs and the cut itself.
