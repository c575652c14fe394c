//! Readers of what lies in a tree.
