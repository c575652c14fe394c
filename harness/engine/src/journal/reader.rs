//! Reading a journal, whole or cut off anywhere.

use std::collections::BTreeMap;

use camino::Utf8Path;
use model::{CellId, Digest, ImageFacts, Plan, PlatformFacts, Samples};

use super::{Header, ROOT, Record, Trailer, chain};

/// A journal as read: every record up to the first that is damaged or missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The intact records, in order.
    pub records: Vec<Record>,
    /// The chained digest of the last intact record.
    pub last: Option<Digest>,
    /// Why reading stopped before the end, if it did.
    pub damage: Option<String>,
}

/// A file that is no journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is none.
    #[error("no journal at {0}")]
    Absent(camino::Utf8PathBuf),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
}

impl Journal {
    /// Reads the journal at `path`. A damaged one is no error: it is an incomplete run.
    pub fn read(path: &Utf8Path) -> Result<Self, JournalError> {
        match fs_err::read(path) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(JournalError::Absent(path.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a journal's bytes up to the first damage.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut journal = Self {
            records: Vec::new(),
            last: None,
            damage: None,
        };
        let mut previous = ROOT.to_owned();
        let mut rest = bytes;
        while !rest.is_empty() {
            let number = journal.records.len();
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                journal.damage = Some(format!("record {number} is cut off"));
                break;
            };
            match line(&previous, &rest[..end]) {
                Ok((digest, record)) => {
                    previous = digest.hex();
                    journal.last = Some(digest);
                    journal.records.push(record);
                }
                Err(why) => {
                    journal.damage = Some(format!("record {number} {why}"));
                    break;
                }
            }
            rest = &rest[end + 1..];
        }
        journal
    }

    /// The first record, if it is a header.
    pub fn header(&self) -> Option<&Header> {
        match self.records.first() {
            Some(Record::Header(header)) => Some(header),
            _ => None,
        }
    }

    /// The trailer: present only when the journal is undamaged, the trailer is its last record and
    /// counts exactly the records before it.
    pub fn trailer(&self) -> Option<&Trailer> {
        match self.records.last() {
            Some(Record::Trailer(trailer))
                if self.damage.is_none()
                    && self.header().is_some()
                    && trailer.records + 1 == self.records.len() as u64 =>
            {
                Some(trailer)
            }
            _ => None,
        }
    }

    /// The plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.records.iter().find_map(|record| match record {
            Record::Plan(plan) => Some(plan),
            _ => None,
        })
    }

    /// Images built, in order.
    pub fn images(&self) -> impl Iterator<Item = &ImageFacts> {
        self.records.iter().filter_map(|record| match record {
            Record::Image(facts) => Some(facts),
            _ => None,
        })
    }

    /// Sessions opened, in order.
    pub fn sessions(&self) -> impl Iterator<Item = &PlatformFacts> {
        self.records.iter().filter_map(|record| match record {
            Record::Session(facts) => Some(facts),
            _ => None,
        })
    }

    /// Samples by cell.
    pub fn samples(&self) -> BTreeMap<CellId, Samples> {
        let mut cells: BTreeMap<CellId, Samples> = BTreeMap::new();
        for record in &self.records {
            match record {
                Record::Trial(trial) => {
                    cells
                        .entry(trial.cell.clone())
                        .or_default()
                        .trials
                        .push(trial.clone());
                }
                Record::Observation(fact) => {
                    cells
                        .entry(fact.cell.clone())
                        .or_default()
                        .observations
                        .push(fact.clone());
                }
                Record::CellEnd(end) => {
                    cells.entry(end.cell.clone()).or_default().end = Some(end.clone());
                }
                _ => {}
            }
        }
        cells
    }

    /// Objects announced and not known to be gone, in order of creation.
    pub fn left_behind(&self) -> Vec<(String, String)> {
        let mut left: Vec<(String, String)> = Vec::new();
        for record in &self.records {
            match record {
                Record::Intent { object, kind } => left.push((object.clone(), kind.clone())),
                Record::Removed { object } => left.retain(|(name, _)| name != object),
                _ => {}
            }
        }
        left
    }
}

fn line(previous: &str, bytes: &[u8]) -> Result<(Digest, Record), &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not text")?;
    let (hex, json) = text.split_once(' ').ok_or("has no checksum")?;
    let digest = chain(previous, json);
    if digest.hex() != hex {
        return Err("does not match its checksum");
    }
    let record = serde_json::from_str(json).map_err(|_| "has an unknown shape")?;
    Ok((digest, record))
}
