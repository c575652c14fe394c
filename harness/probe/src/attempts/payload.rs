//! The smallest program: it ends with status 0.

use std::io;

/// Machine code of `exit(0)`.
#[cfg(target_arch = "x86_64")]
const CODE: &[u8] = &[
    0x31, 0xff, // xor edi, edi
    0xb8, 0x3c, 0x00, 0x00, 0x00, // mov eax, 60
    0x0f, 0x05, // syscall
];
#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;

/// Machine code of `exit(0)`.
#[cfg(target_arch = "aarch64")]
const CODE: &[u8] = &[
    0x00, 0x00, 0x80, 0xd2, // mov x0, #0
    0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93
    0x01, 0x00, 0x00, 0xd4, // svc #0
];
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// A static ELF of some 130 bytes, so that it fits into any writable path, however small.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the other architectures read a file"
)]
pub(crate) fn payload() -> io::Result<Vec<u8>> {
    const HEADERS: u64 = 64 + 56;
    const BASE: u64 = 0x40_0000;
    let size = HEADERS + CODE.len() as u64;
    let mut elf = Vec::new();
    // Identification: 64 bits, little endian, version 1, System V.
    elf.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    // Executable, machine, version, entry, program headers, section headers, flags.
    for half in [2, MACHINE] {
        elf.extend(half.to_le_bytes());
    }
    elf.extend(1_u32.to_le_bytes());
    for long in [BASE + HEADERS, 64, 0] {
        elf.extend(long.to_le_bytes());
    }
    elf.extend(0_u32.to_le_bytes());
    // Sizes and counts: this header, one program header, no section headers.
    for half in [64_u16, 56, 1, 64, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    // One segment, readable and executable: the whole file.
    for word in [1_u32, 5] {
        elf.extend(word.to_le_bytes());
    }
    for long in [0, BASE, BASE, size, size, 0x1_0000] {
        elf.extend(long.to_le_bytes());
    }
    elf.extend(CODE);
    Ok(elf)
}

/// This program itself, which is static too.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn payload() -> io::Result<Vec<u8>> {
    std::fs::read("/proc/self/exe")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_kernel_runs_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("payload");
        std::fs::write(&path, super::payload().expect("a program")).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))
            .expect("executable");
        // Another thread's fork may still hold the file open for writing: that passes.
        let status = (0..100).find_map(|_| match std::process::Command::new(&path).status() {
            Err(error) if error.raw_os_error() == Some(libc::ETXTBSY) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
                None
            }
            other => Some(other),
        });
        assert_eq!(status.expect("tried").expect("started").code(), Some(0));
    }
}
