//! One suite at one address: fetched, verified, and compared with what was asked for.

use jiff::Timestamp;
use model::{Arch, Digest};

use super::spec::ArchiveSpec;
use crate::address::Address;
use crate::fetch::{FetchError, Fetcher};
use crate::inrelease::{BadRelease, InRelease};
use crate::signed::{BadSignature, Signer};
use crate::sources::NamedBy;

/// A suite whose `InRelease` is what it must be.
#[derive(Debug, Clone)]
pub struct OpenedSuite {
    /// Name of the archive.
    pub archive: String,
    /// The suite that was asked for.
    pub suite: String,
    /// The base address of the archive.
    pub base: Address,
    /// Who named the address.
    pub named_by: NamedBy,
    /// What the `InRelease` says.
    pub release: InRelease,
    /// Who signed it.
    pub signer: Signer,
    /// Digest of the verified text.
    pub digest: Digest,
}

/// Why a suite at an address is not the right one.
#[derive(Debug, thiserror::Error)]
pub enum SuiteFault {
    /// Not reachable or not there.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Not signed by the release's keys.
    #[error("InRelease of `{suite}`: {fault}")]
    Signature {
        /// The suite.
        suite: String,
        /// What is wrong.
        #[source]
        fault: BadSignature,
    },
    /// Signed, and still not readable.
    #[error("InRelease of `{suite}`: {fault}")]
    Release {
        /// The suite.
        suite: String,
        /// What is wrong.
        #[source]
        fault: BadRelease,
    },
    /// A field says that it is another archive or suite.
    #[error("InRelease of `{suite}`: {field} is `{found}`, not `{wanted}`")]
    Other {
        /// The suite.
        suite: String,
        /// The field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        wanted: String,
    },
    /// `Valid-Until` has passed.
    #[error("InRelease of `{suite}`: valid until {until}, now it is {now}")]
    Expired {
        /// The suite.
        suite: String,
        /// The end of its validity.
        until: Timestamp,
        /// The time it was checked at.
        now: Timestamp,
    },
    /// The runtime was shut down.
    #[error("interrupted")]
    Stopped,
    /// A component or architecture that the suite does not have.
    #[error("InRelease of `{suite}`: no `{wanted}` among {field} `{found}`")]
    Lacks {
        /// The suite.
        suite: String,
        /// The field.
        field: &'static str,
        /// What it lists.
        found: String,
        /// What was asked for.
        wanted: String,
    },
}

/// Most bytes of an `InRelease`; Debian's largest has 150 kB.
const MOST_BYTES: u64 = 16 << 20;

/// Fetches and checks one suite.
pub(super) async fn open_suite(
    spec: &ArchiveSpec,
    suite: &str,
    place: (&Address, &NamedBy),
    (arch, now): (Arch, Timestamp),
    fetcher: &Fetcher,
) -> Result<OpenedSuite, SuiteFault> {
    let (base, named_by) = place;
    let address = base.join(&format!("dists/{suite}/InRelease"));
    let message = fetcher.document(&address, MOST_BYTES).await?;
    let signature = |fault| SuiteFault::Signature {
        suite: suite.to_owned(),
        fault,
    };
    // Some ten milliseconds of arithmetic: off the threads that wait, so that suites overlap.
    let keys = spec.keys.clone();
    let verified = tokio::task::spawn_blocking(move || keys.verify(&message, now)).await;
    let signed = verified
        .map_err(|_| SuiteFault::Stopped)?
        .map_err(signature)?;
    let release = InRelease::read(&signed.text).map_err(|fault| SuiteFault::Release {
        suite: suite.to_owned(),
        fault,
    })?;
    check(spec, suite, &release, arch, now)?;
    Ok(OpenedSuite {
        archive: spec.name.clone(),
        suite: suite.to_owned(),
        base: base.clone(),
        named_by: named_by.clone(),
        digest: Digest::of(signed.text.as_bytes()),
        signer: signed.signer,
        release,
    })
}

/// Whether a verified `InRelease` is the one that was asked for.
fn check(
    spec: &ArchiveSpec,
    suite: &str,
    release: &InRelease,
    arch: Arch,
    now: Timestamp,
) -> Result<(), SuiteFault> {
    let differs = |field, found: Option<&String>, wanted: &str| SuiteFault::Other {
        suite: suite.to_owned(),
        field,
        found: found.cloned().unwrap_or_default(),
        wanted: wanted.to_owned(),
    };
    for (field, found, wanted) in [
        ("Origin", &release.origin, &spec.origin),
        ("Label", &release.label, &spec.label),
    ] {
        if let Some(wanted) = wanted
            && found.as_ref() != Some(wanted)
        {
            return Err(differs(field, found.as_ref(), wanted));
        }
    }
    // Without this an address could show a properly signed other suite.
    let is_it = |name: &Option<String>| name.as_deref() == Some(suite);
    if !is_it(&release.codename) && !is_it(&release.suite) {
        let found = release.codename.as_ref().or(release.suite.as_ref());
        return Err(differs("Codename", found, suite));
    }
    if let Some(until) = release.valid_until.filter(|until| *until < now) {
        return Err(SuiteFault::Expired {
            suite: suite.to_owned(),
            until,
            now,
        });
    }
    let lacks = |field, found: &[String], wanted: &str| SuiteFault::Lacks {
        suite: suite.to_owned(),
        field,
        found: found.join(" "),
        wanted: wanted.to_owned(),
    };
    if !release.architectures.iter().any(|a| a == arch.debian()) {
        return Err(lacks(
            "Architectures",
            &release.architectures,
            arch.debian(),
        ));
    }
    for component in &spec.components {
        let prefixed = spec
            .component_prefix
            .as_ref()
            .map(|p| format!("{p}/{component}"));
        let is_it = |c: &String| c == component || Some(c) == prefixed.as_ref();
        if !release.components.iter().any(is_it) {
            return Err(lacks("Components", &release.components, component));
        }
    }
    Ok(())
}
