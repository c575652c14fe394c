//! Opening the archives of a release: the first address of each that is the right one.

use std::fmt;

use futures::future::try_join_all;
use jiff::Timestamp;
use model::Arch;

use super::load::{IndexFault, load};
use super::spec::ArchiveSpec;
use super::suite::{OpenedSuite, SuiteFault, open_suite};
use super::{Archive, Part};
use crate::address::Address;
use crate::fetch::Fetcher;
use crate::sources::{AddressBook, NamedBy, Unusable};

/// Archives that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No address of an archive is the right one.
    #[error(
        "archive `{archive}`: no usable address for {}{}; name one with --mirror \
         {archive}=URL or CERTIFY_MIRROR={archive}=URL",
        .suites.join(", "),
        shown(.tried, .unusable)
    )]
    NoAddress {
        /// The archive.
        archive: String,
        /// The suites it must carry.
        suites: Vec<String>,
        /// What was tried, in order.
        tried: Vec<Tried>,
        /// Entries that were passed over.
        unusable: Vec<Unusable>,
    },
    /// An index is not what the verified `InRelease` says.
    #[error("archive `{archive}` at {base}, suite `{suite}`: {fault}")]
    Index {
        /// The archive.
        archive: String,
        /// The suite.
        suite: String,
        /// Its address.
        base: Address,
        /// What is wrong.
        #[source]
        fault: IndexFault,
    },
}

/// An address that was tried, and why it is not the right one.
#[derive(Debug)]
pub struct Tried {
    /// The address.
    pub address: Address,
    /// Who named it.
    pub named_by: NamedBy,
    /// What is wrong.
    pub fault: SuiteFault,
}

/// Opens all archives of a release for `arch` at the time `now`.
///
/// For each archive the first address of `book` whose `InRelease` of every asked suite verifies
/// with the archive's keys, carries its label and origin and is still valid is taken; the
/// indexes are then fetched from there. All archives, suites and indexes are read at one time.
pub async fn open(
    specs: &[ArchiveSpec],
    book: &AddressBook,
    (arch, now): (Arch, Timestamp),
    fetcher: &Fetcher,
) -> Result<Archive, OpenError> {
    let one = |spec| async move {
        let suites = search(spec, book, (arch, now), fetcher).await?;
        let mut parts = Vec::new();
        for suite in &suites {
            for component in &spec.components {
                parts.push(load_part(spec, suite, component, arch, fetcher));
            }
        }
        let parts = try_join_all(parts).await?;
        Ok::<_, OpenError>((suites, parts))
    };
    let opened = try_join_all(specs.iter().map(one)).await?;
    let mut archive = Archive {
        arch,
        suites: Vec::new(),
        parts: Vec::new(),
    };
    for (suites, parts) in opened {
        archive.suites.extend(suites);
        archive.parts.extend(parts.into_iter().flatten());
    }
    level_priorities(&mut archive.parts);
    Ok(archive)
}

/// A version space has the highest priority of its archives.
fn level_priorities(parts: &mut [Part]) {
    let highest: Vec<i32> = parts
        .iter()
        .map(|part| {
            let same = parts.iter().filter(|other| other.space == part.space);
            same.map(|other| other.priority)
                .max()
                .unwrap_or(part.priority)
        })
        .collect();
    for (part, priority) in parts.iter_mut().zip(highest) {
        part.priority = priority;
    }
}

async fn search(
    spec: &ArchiveSpec,
    book: &AddressBook,
    when: (Arch, Timestamp),
    fetcher: &Fetcher,
) -> Result<Vec<OpenedSuite>, OpenError> {
    let mut tried = Vec::new();
    for candidate in book.candidates(&spec.name) {
        let place = (&candidate.address, &candidate.named_by);
        let suites = spec.suites.iter();
        let suites = suites.map(|suite| open_suite(spec, suite, place, when, fetcher));
        match try_join_all(suites).await {
            Ok(suites) => return Ok(suites),
            Err(fault) => tried.push(Tried {
                address: candidate.address.clone(),
                named_by: candidate.named_by.clone(),
                fault,
            }),
        }
    }
    Err(OpenError::NoAddress {
        archive: spec.name.clone(),
        suites: spec.suites.clone(),
        tried,
        unusable: book.unusable().to_vec(),
    })
}

async fn load_part(
    spec: &ArchiveSpec,
    suite: &OpenedSuite,
    component: &str,
    arch: Arch,
    fetcher: &Fetcher,
) -> Result<Vec<Part>, OpenError> {
    let indexes = load(suite, component, arch, fetcher).await;
    let indexes = indexes.map_err(|fault| OpenError::Index {
        archive: spec.name.clone(),
        suite: suite.suite.clone(),
        base: suite.base.clone(),
        fault,
    })?;
    let part = |index| Part {
        archive: spec.name.clone(),
        // A name with a blank can be no group's.
        space: spec
            .version_group
            .clone()
            .unwrap_or_else(|| format!("archive {}", spec.name)),
        priority: spec.priority,
        suite: suite.suite.clone(),
        component: component.to_owned(),
        base: suite.base.clone(),
        index,
    };
    Ok(indexes.into_iter().map(part).collect())
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.address, self.named_by, self.fault)
    }
}

fn shown(tried: &[Tried], unusable: &[Unusable]) -> String {
    let tried = tried.iter().map(ToString::to_string);
    let unusable = unusable
        .iter()
        .map(|u| format!("{}: {}", u.named_by, u.why));
    let all: Vec<String> = tried.chain(unusable).collect();
    match all.is_empty() {
        true => ": none is known".to_owned(),
        false => format!(": tried {}", all.join("; ")),
    }
}
