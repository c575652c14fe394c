//! The traits Platform, Session and Suite, and the machinery that runs a plan.
