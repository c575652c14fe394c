//! Texts that stand in no log and no error.

use std::fmt;

/// A password or token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever it is meant for.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Texts that were sent as credentials, so that no answer can bring one back into an error.
#[derive(Default)]
pub(crate) struct Hidden(Vec<String>);

/// Shorter texts would be found everywhere.
const SHORTEST: usize = 4;

impl Hidden {
    pub(crate) fn add(&mut self, text: &str) {
        if text.len() >= SHORTEST && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
        }
    }

    /// `text` on one line, short, without anything hidden.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for hidden in &self.0 {
            text = text.replace(hidden, "***");
        }
        let spaced = |c: char| if c.is_control() { ' ' } else { c };
        text.chars().take(LONGEST).map(spaced).collect()
    }
}

/// Longest text of a server that is repeated.
const LONGEST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_never_comes_back() {
        let mut hidden = Hidden::default();
        hidden.add("hunter2");
        hidden.add("a");
        assert_eq!(hidden.scrub("got hunter2\nfor a"), "got *** for a");
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
    }
}
