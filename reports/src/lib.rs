//! One file per report format; the registry FORMATS.
