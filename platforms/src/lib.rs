//! One file per platform; the registry PLATFORMS.
