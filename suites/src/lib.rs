//! One file per suite and per check family; the registry SUITES.
