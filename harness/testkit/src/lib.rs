//! Fakes at real seams for tests: an archive in memory, packages, images.
