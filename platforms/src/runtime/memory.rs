//! Proportional set sizes, from the kernel's own sum over a process's mappings.

use probe::rollup_bytes;

/// Proportional set sizes of some processes, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mapped {
    /// Their sum.
    pub(crate) pss: u64,
    /// The anonymous part of it; nothing where a process could not be read or has none told apart.
    pub(crate) anonymous: Option<u64>,
    /// Processes that could be read.
    pub(crate) processes: u32,
}

impl Mapped {
    /// Reads every process. One that has ended meanwhile is left out of the sum.
    pub(crate) fn of(pids: impl IntoIterator<Item = u32>) -> Self {
        let texts = pids
            .into_iter()
            .map(|pid| fs_err::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok());
        Self::sum(texts)
    }

    fn sum(texts: impl Iterator<Item = Option<String>>) -> Self {
        let mut all = Self {
            anonymous: Some(0),
            ..Self::default()
        };
        for text in texts {
            let text = text.unwrap_or_default();
            if let Some(pss) = rollup_bytes(&text, "Pss:") {
                all.pss += pss;
                all.processes += 1;
            }
            let one = rollup_bytes(&text, "Pss_Anon:");
            all.anonymous = all.anonymous.zip(one).map(|(sum, one)| sum + one);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Mapped, rollup_bytes};

    #[test]
    fn reads_kibibytes_as_bytes() {
        let text = "00400000-7ffc000 ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:   120 kB\n";
        assert_eq!(rollup_bytes(text, "Pss:"), Some(122_880));
        assert_eq!(rollup_bytes(text, "Pss_Anon:"), None);
    }

    #[test]
    fn a_process_that_cannot_be_read_leaves_the_anonymous_sum_open() {
        let one = || Some("Pss:   120 kB\nPss_Anon:   20 kB\n".to_owned());
        let both = Mapped {
            pss: 245_760,
            anonymous: Some(40_960),
            processes: 2,
        };
        assert_eq!(Mapped::sum([one(), one()].into_iter()), both);
        let open = Mapped {
            anonymous: None,
            ..both
        };
        assert_eq!(Mapped::sum([one(), None, one()].into_iter()), open);
        let old = Some("Pss:   120 kB\n".to_owned());
        assert_eq!(Mapped::sum([one(), old].into_iter()), open);
    }
}
