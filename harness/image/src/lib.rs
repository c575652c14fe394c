//! OCI layers and layouts: writing, reading, inspection.
