//! How long a release is maintained.

use jiff::civil::Date;

use super::Release;
use super::archive::{Archive, Pro, bad};
use super::raw::RawMaintenance;
use crate::error::{Error, ErrorClass, Result};

/// The dates of a release's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Maintenance {
    /// Before this day the release is unstable.
    pub standard: Date,
    /// From this day only subscribers get fixes.
    pub expanded: Option<Date>,
    /// From this day only subscribers with the legacy option do.
    pub legacy: Option<Date>,
    /// From this day nobody does.
    pub end_of_life: Date,
}

/// Ubuntu releases whose definitions carry no dates: version, standard, expanded, legacy, end.
/// Source: the public Ubuntu release cycle.
const KNOWN: [(&str, &str, &str, &str, &str); 9] = [
    (
        "20.04",
        "2020-04-23",
        "2025-05-29",
        "2030-04-23",
        "2032-04-27",
    ),
    (
        "22.04",
        "2022-04-21",
        "2027-06-01",
        "2032-04-21",
        "2034-04-25",
    ),
    ("22.10", "2022-10-20", "", "", "2023-07-20"),
    ("23.04", "2023-04-20", "", "", "2024-01-25"),
    ("23.10", "2023-10-12", "", "", "2024-07-11"),
    (
        "24.04",
        "2024-04-25",
        "2029-05-31",
        "2034-04-25",
        "2036-04-29",
    ),
    ("24.10", "2024-10-10", "", "", "2025-07-10"),
    ("25.04", "2025-04-17", "", "", "2026-01-15"),
    ("25.10", "2025-10-09", "", "", "2026-07-09"),
];

impl Maintenance {
    /// Reads the block; without one the dates of a known Ubuntu version.
    pub(super) fn read(raw: Option<&RawMaintenance>, version: &str) -> Result<Self> {
        let known = KNOWN.iter().find(|known| known.0 == version);
        let none = RawMaintenance {
            standard: None,
            expanded: None,
            legacy: None,
            end_of_life: None,
        };
        let built_in = known.map(|&(_, standard, expanded, legacy, end)| {
            let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            RawMaintenance {
                standard: text(standard),
                expanded: text(expanded),
                legacy: text(legacy),
                end_of_life: text(end),
            }
        });
        let raw = raw.or(built_in.as_ref()).unwrap_or(&none);
        let date = |text: &Option<String>, field: &str| match text {
            None => Ok(None),
            Some(text) => parse(text)
                .map(Some)
                .ok_or_else(|| wrong(format!("expected format for {field:?} is YYYY-MM-DD"))),
        };
        let unset = |field: &str| wrong(format!("{field:?} is unset"));
        Ok(Self {
            standard: date(&raw.standard, "standard")?.ok_or_else(|| unset("standard"))?,
            expanded: date(&raw.expanded, "expanded")?,
            legacy: date(&raw.legacy, "legacy")?,
            end_of_life: date(&raw.end_of_life, "end-of-life")?
                .ok_or_else(|| unset("end-of-life"))?,
        })
    }

    /// Whether the release is still unstable on `today`.
    pub fn is_unstable(&self, today: Date) -> bool {
        today < self.standard
    }

    /// Whether the life of the release is over on `today`.
    pub fn is_over(&self, today: Date) -> bool {
        today >= self.end_of_life
    }

    /// Whether `archive` still gets fixes on `today`.
    pub fn maintains(&self, archive: &Archive, today: Date) -> bool {
        let until = match archive.pro {
            None => self.expanded.unwrap_or(self.end_of_life),
            Some(Pro::EsmApps | Pro::EsmInfra) => self.legacy.unwrap_or(self.end_of_life),
            Some(Pro::Fips | Pro::FipsUpdates) => self.end_of_life,
        };
        today < until
    }
}

/// A reason to refuse a release that the user may ask to ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The release is not out yet.
    Unstable,
    /// No archive of the release is maintained any more.
    Unmaintained,
}

impl Release {
    /// Refuses a release that is unstable or no longer maintained on `today`, unless `ignored`.
    /// Only archives that are `usable` count: without credentials a subscription maintains nothing.
    pub fn check_maintained(
        &self,
        today: Date,
        ignored: &[Ignored],
        usable: impl Fn(&Archive) -> bool,
    ) -> Result<()> {
        let fail = |text: &str| Err(Error::new(ErrorClass::Maintenance, text));
        if self.maintenance.is_unstable(today) && !ignored.contains(&Ignored::Unstable) {
            return fail(
                "this release is in the \"unstable\" maintenance status; --ignore=unstable takes it \
                 all the same",
            );
        }
        let maintained =
            |archive: &Archive| usable(archive) && self.maintenance.maintains(archive, today);
        if !self.archives.values().any(maintained) && !ignored.contains(&Ignored::Unmaintained) {
            return fail(
                "no archive has \"maintained\" maintenance status; a subscription's archive may, with \
                 its credentials; --ignore=unmaintained takes it all the same",
            );
        }
        Ok(())
    }
}

/// `YYYY-MM-DD` and nothing else.
fn parse(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

/// An error about the maintenance block.
fn wrong(text: impl std::fmt::Display) -> Error {
    let text = bad(format!("cannot parse maintenance: {text}")).to_string();
    Error::new(ErrorClass::Maintenance, text)
}
