//! A file tree in memory: entries, content store, readers of what lies in it.
