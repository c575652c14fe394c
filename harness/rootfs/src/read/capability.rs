//! File capabilities: `security.capability`, versions 1 to 3 (linux/capability.h).

use crate::{Tree, TreePath};

/// The extended attribute that holds them.
const ATTRIBUTE: &str = "security.capability";

/// What a file grants to whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCapabilities {
    /// Version of the encoding: 1, 2 or 3.
    pub version: u8,
    /// Whether the permitted ones are in effect at once.
    pub is_effective: bool,
    /// Granted, by name: `cap_net_bind_service`.
    pub permitted: Vec<String>,
    /// Granted when the caller has them as inheritable.
    pub inheritable: Vec<String>,
    /// The user that is root in the name space the grant is for (version 3).
    pub root_id: Option<u32>,
}

/// Bytes that are no file capabilities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("file capabilities of {len} bytes and version {version} cannot be decoded")]
pub struct BadCapability {
    len: usize,
    version: u8,
}

/// Capabilities by number (linux/capability.h).
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

impl FileCapabilities {
    /// Decodes the value of `security.capability`.
    pub fn decode(value: &[u8]) -> Result<Self, BadCapability> {
        let word = |index: usize| {
            let bytes = value.get(index * 4..index * 4 + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let magic = word(0).unwrap_or(0);
        let version = (magic >> 24) as u8;
        let len = value.len();
        let pairs = match (version, len) {
            (1, 12) => 1,
            (2, 20) | (3, 24) => 2,
            _ => return Err(BadCapability { len, version }),
        };
        let set = |first: usize| {
            let words = (0..pairs).filter_map(|pair| Some((pair, word(first + pair * 2)?)));
            let bits = words.fold(0u64, |bits, (pair, word)| {
                bits | u64::from(word) << (32 * pair)
            });
            names(bits)
        };
        Ok(Self {
            version,
            is_effective: magic & 1 != 0,
            permitted: set(1),
            inheritable: set(2),
            root_id: (version == 3).then(|| word(5)).flatten(),
        })
    }
}

/// Every file with capabilities, decoded or not.
pub fn capabilities(tree: &Tree) -> Vec<(TreePath, Result<FileCapabilities, BadCapability>)> {
    tree.iter()
        .filter_map(|(path, entry)| {
            let value = entry.xattrs.get(ATTRIBUTE)?;
            Some((path.clone(), FileCapabilities::decode(value)))
        })
        .collect()
}

fn names(bits: u64) -> Vec<String> {
    let name = |number: usize| match NAMES.get(number) {
        Some(name) => format!("cap_{name}"),
        None => format!("cap_{number}"),
    };
    (0..64)
        .filter(|number| bits >> number & 1 != 0)
        .map(name)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin};

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn decodes_every_version() {
        let ping = FileCapabilities::decode(&bytes(&[0x0200_0001, 1 << 13, 0, 0, 0])).unwrap();
        assert_eq!(ping.permitted, ["cap_net_raw"]);
        assert!(ping.is_effective && ping.inheritable.is_empty() && ping.root_id.is_none());
        let new = bytes(&[0x0300_0000, 0, 1 << 10, 1 << 7, 1 << 31, 1000]);
        let new = FileCapabilities::decode(&new).unwrap();
        assert_eq!(new.permitted, ["cap_bpf"]);
        assert_eq!(new.inheritable, ["cap_net_bind_service", "cap_63"]);
        assert_eq!((new.root_id, new.is_effective), (Some(1000), false));
        let old = FileCapabilities::decode(&bytes(&[0x0100_0001, 1, 2])).unwrap();
        assert_eq!(
            (&*old.permitted[0], &*old.inheritable[0]),
            ("cap_chown", "cap_dac_override")
        );
    }

    #[test]
    fn refuses_other_lengths_and_versions() {
        let good = bytes(&[0x0200_0001, 1 << 13, 0, 0, 0]);
        for end in 0..good.len() {
            assert!(FileCapabilities::decode(&good[..end]).is_err());
        }
        assert!(FileCapabilities::decode(&bytes(&[0x0400_0000, 0, 0, 0, 0])).is_err());
    }

    #[test]
    fn finds_them_in_a_tree() {
        let mut tree = Tree::new();
        for (path, value) in [("/a", bytes(&[0x0200_0001, 1, 0, 0, 0])), ("/b", vec![1])] {
            let mut entry = Entry::file(Blob::new(&b"x"[..]), 0o755, Origin::User);
            entry.xattrs.insert(ATTRIBUTE.into(), value);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        let found = capabilities(&tree);
        assert!(found[0].1.is_ok() && found[1].1.is_err());
    }
}
