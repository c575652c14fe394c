//! What the container's first process may do, which the attempts must be allowed as well: its
//! groups, its capabilities, its system call filters.

use std::io::Read as _;
use std::path::Path;

use probe::{Capabilities, Failure, FailureKind, SeccompCarried};

use crate::facts;
use crate::sys::seccomp::{self, Filters};
use crate::target::Pinned;

/// Longest file of given filters: one program of the kernel's greatest length.
const GIVEN_MAX: u64 = 4096 * 8;

/// The rights of a target.
pub(crate) struct Rights {
    /// Supplementary groups, as the container numbers them.
    pub(crate) groups: Vec<u32>,
    /// Capability sets.
    pub(crate) capabilities: Capabilities,
    /// System call filters, to be carried by what is executed.
    pub(crate) filters: Filters,
    /// Where they are from.
    pub(crate) seccomp: SeccompCarried,
}

impl Rights {
    /// Reads them. `given` is the filter that the runtime says it has installed, for callers to
    /// whom the kernel shows none.
    pub(crate) fn of(target: &Pinned, given: Option<Filters>) -> Result<Self, Failure> {
        let status = facts::status_inside(target)?;
        let (filters, seccomp) = if status.seccomp.is_none_or(|mode| mode == 0) {
            (Filters::none(), SeccompCarried::None)
        } else {
            match seccomp::read(target.pid()) {
                Err(_) if is_under_as_many(&status) => {
                    let count = status.seccomp_filters.unwrap_or(0);
                    (Filters::none(), SeccompCarried::Inherited(count))
                }
                Ok(filters) => {
                    let count = filters.count();
                    (filters, SeccompCarried::Copied(count))
                }
                Err(error) => instead(&error.to_string(), status.seccomp_filters, given),
            }
        };
        Ok(Self {
            groups: status.groups,
            capabilities: status.capabilities,
            filters,
            seccomp,
        })
    }
}

/// Whether this program is itself under as many filters as the target: so it is when a cluster
/// started it inside the container.
fn is_under_as_many(target: &probe::Status) -> bool {
    let own = Pinned::own()
        .ok()
        .and_then(|own| facts::status_inside(&own).ok());
    own.is_some_and(|own| {
        own.seccomp == target.seccomp
            && own.seccomp_filters.is_some_and(|count| count > 0)
            && own.seccomp_filters == target.seccomp_filters
    })
}

/// The given filters where the target has as many, else none and why.
fn instead(why: &str, wanted: Option<u32>, given: Option<Filters>) -> (Filters, SeccompCarried) {
    let not_copied = |why: String| (Filters::none(), SeccompCarried::NotCopied(why));
    match (given, wanted) {
        (None, _) => not_copied(why.to_owned()),
        (Some(given), Some(wanted)) if given.count() == wanted => {
            (given, SeccompCarried::Given(wanted))
        }
        (Some(given), Some(wanted)) => not_copied(format!(
            "{why}; the runtime gave {} filter(s), the target has {wanted}",
            given.count()
        )),
        (Some(_), None) => not_copied(format!("{why}; the kernel does not count filters")),
    }
}

/// Reads the file with the one filter that the runtime installed; an empty one says that it
/// installed none.
pub(crate) fn given(path: &str) -> Result<Option<Filters>, Failure> {
    let bad = |what: String| Failure::new(FailureKind::BadInput, format!("{path}: {what}"));
    let mut bytes = Vec::new();
    std::fs::File::open(Path::new(path))
        .and_then(|file| file.take(GIVEN_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| bad(error.to_string()))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let one = Filters::one(&bytes);
    one.map(Some)
        .ok_or_else(|| bad("not a filter program".to_owned()))
}

#[cfg(test)]
mod tests {
    use probe::SeccompCarried;

    use super::{Filters, instead};

    #[test]
    fn a_given_filter_counts_only_where_the_target_has_one() {
        let one = || Filters::one(&[6, 0, 0, 0, 0, 0, 0xff, 0x7f]);
        let carried = |wanted, given| instead("refused", wanted, given).1;
        assert_eq!(carried(Some(1), one()), SeccompCarried::Given(1));
        for (wanted, given) in [(Some(2), one()), (None, one()), (Some(1), None)] {
            let carried = carried(wanted, given);
            assert!(
                matches!(carried, SeccompCarried::NotCopied(_)),
                "{carried:?}"
            );
        }
    }

    #[test]
    fn programs_are_whole_instructions() {
        for bytes in [&[][..], &[0; 7], &[0; 9], &[0; 4097 * 8]] {
            assert!(Filters::one(bytes).is_none(), "{}", bytes.len());
        }
    }
}
