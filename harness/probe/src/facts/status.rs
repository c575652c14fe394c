//! `/proc/PID/status`. Source: proc_pid_status(5).

use std::str::FromStr;

use probe::{Capabilities, Ids, Status};

/// Parses it; the error names the field that is missing or odd.
pub(crate) fn status(text: &str) -> Result<Status, String> {
    let fields = Fields(
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
            .collect(),
    );
    let state = fields.get("State")?.chars().next();
    Ok(Status {
        // Not trimmed like the others: a name may begin or end with a space.
        comm: super::unescape(comm(text)?),
        state: state.ok_or("`State` is empty")?,
        ns_pids: match fields.find("NSpid") {
            Some(value) => numbers("NSpid", value)?,
            None => vec![fields.number("Pid")?],
        },
        ppid: fields.number("PPid")?,
        uids: fields.ids("Uid")?,
        gids: fields.ids("Gid")?,
        groups: numbers("Groups", fields.get("Groups")?)?,
        threads: fields.number("Threads")?,
        capabilities: Capabilities {
            inheritable: fields.mask("CapInh")?,
            permitted: fields.mask("CapPrm")?,
            effective: fields.mask("CapEff")?,
            bounding: fields.mask("CapBnd")?,
            ambient: fields.mask("CapAmb")?,
        },
        no_new_privs: fields.optional::<u8>("NoNewPrivs")?.map(|set| set != 0),
        seccomp: fields.optional("Seccomp")?,
        seccomp_filters: fields.optional("Seccomp_filters")?,
        signals_caught: fields.mask("SigCgt")?,
        signals_ignored: fields.mask("SigIgn")?,
        signals_blocked: fields.mask("SigBlk")?,
    })
}

fn comm(text: &str) -> Result<&str, String> {
    let first = text.lines().next().unwrap_or_default();
    let name = first.strip_prefix("Name:\t");
    name.ok_or_else(|| "`Name` is not the first line".to_owned())
}

struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn find(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(seen, _)| *seen == name);
        found.map(|(_, value)| *value)
    }

    fn get(&self, name: &str) -> Result<&'a str, String> {
        self.find(name)
            .ok_or_else(|| format!("`{name}` is missing"))
    }

    fn number<T: FromStr>(&self, name: &str) -> Result<T, String> {
        let value = self.get(name)?;
        value.parse().map_err(|_| odd(name, value))
    }

    fn optional<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let value = self.find(name);
        value
            .map(|text| text.parse().map_err(|_| odd(name, text)))
            .transpose()
    }

    fn mask(&self, name: &str) -> Result<u64, String> {
        let value = self.get(name)?;
        u64::from_str_radix(value, 16).map_err(|_| odd(name, value))
    }

    fn ids(&self, name: &str) -> Result<Ids, String> {
        let value = self.get(name)?;
        match numbers(name, value)?.as_slice() {
            [real, effective, saved, file_system] => Ok(Ids {
                real: *real,
                effective: *effective,
                saved: *saved,
                file_system: *file_system,
            }),
            _ => Err(odd(name, value)),
        }
    }
}

fn numbers(name: &str, value: &str) -> Result<Vec<u32>, String> {
    let parsed = value.split_whitespace().map(str::parse);
    parsed
        .collect::<Result<_, _>>()
        .map_err(|_| odd(name, value))
}

fn odd(name: &str, value: &str) -> String {
    format!("`{name}` is `{value}`")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::status;

    const TEXT: &str = "Name:\ta b\\n:c\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\n\
        PPid:\t1\nUid:\t65532\t65532\t65532\t65532\nGid:\t1\t2\t3\t4\nGroups:\t5 6 \nNSpid:\t7\t1\n\
        Threads:\t3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000001001000\n\
        SigCgt:\t0000000000004002\n\
        CapInh:\t0\nCapPrm:\t1\nCapEff:\t2\nCapBnd:\t000001ffffffffff\nCapAmb:\t0\n\
        NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    #[test]
    fn reads_every_field() {
        let got = status(TEXT).expect("a status");
        assert_eq!(
            (got.comm.as_str(), got.state, got.ppid, got.threads),
            ("a b\\n:c", 'S', 1, 3)
        );
        assert_eq!((got.uids.real, got.gids.saved), (65532, 3));
        assert_eq!((got.groups, got.ns_pids), (vec![5, 6], vec![7, 1]));
        assert_eq!(
            (got.capabilities.effective, got.capabilities.bounding),
            (2, 0x1ff_ffff_ffff)
        );
        assert_eq!(
            (got.no_new_privs, got.seccomp, got.seccomp_filters),
            (Some(true), Some(2), Some(1))
        );
        assert_eq!(
            (got.signals_caught, got.signals_ignored),
            (0x4002, 0x100_1000)
        );
    }

    #[test]
    fn old_kernels_and_odd_text() {
        let old = TEXT
            .replace("Seccomp_filters:\t1\n", "")
            .replace("NSpid:\t7\t1\n", "");
        let got = status(&old).expect("a status");
        assert_eq!((got.seccomp_filters, got.ns_pids), (None, vec![7]));
        for (from, to) in [
            ("Uid:", "Vid:"),
            ("Name:", "Nane:"),
            ("CapEff:\t2", "CapEff:\tz"),
            ("NoNewPrivs:\t1", "NoNewPrivs:\tyes"),
            ("Gid:\t1\t2", "Gid:\t1"),
            ("S (sleeping)", ""),
        ] {
            assert!(status(&TEXT.replace(from, to)).is_err(), "{from}");
        }
        assert!(status("").is_err());
    }
}
