//! Debian packages and archives: .deb files, indexes, InRelease, versions, fetching, closure.
