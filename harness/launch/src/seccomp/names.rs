//! Names of system calls to numbers, and what the native architecture is.

use oci_spec::runtime::Arch;

use super::SeccompError;

/// The architecture this program was built for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Native {
    /// The kernel's `AUDIT_ARCH_*` value, as it stands in `seccomp_data`.
    pub(super) audit: u32,
    /// Its OCI name.
    oci: Arch,
    /// Numbers from here on belong to another calling convention (x32), if there is one.
    pub(super) foreign_from: Option<u32>,
}

impl Native {
    /// Whether a profile that asks for `arch` gets it.
    pub(super) fn covers(&self, arch: Arch) -> bool {
        arch == self.oci || arch == Arch::ScmpArchNative
    }
}

/// The native architecture; refused where arguments would be read wrongly.
pub(super) fn native() -> Result<Native, SeccompError> {
    if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
        Ok(Native {
            audit: 0xc000_003e,
            oci: Arch::ScmpArchX86_64,
            foreign_from: Some(0x4000_0000),
        })
    } else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
        Ok(Native {
            audit: 0xc000_00b7,
            oci: Arch::ScmpArchAarch64,
            foreign_from: None,
        })
    } else {
        Err(SeccompError::Architecture(std::env::consts::ARCH))
    }
}

/// The number of a system call, if this architecture has it.
pub(super) fn number(name: &str) -> Option<u32> {
    let known: syscalls::Sysno = name.parse().ok()?;
    u32::try_from(known.id()).ok()
}
