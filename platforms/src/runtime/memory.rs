//! Proportional set sizes, from the kernel's own sum over a process's mappings.

/// The proportional set size of a process and its anonymous part, in bytes; nothing when it ended.
pub(crate) fn pss(pid: u32) -> Option<(u64, u64)> {
    let text = fs_err::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some((
        field(&text, "Pss:")?,
        field(&text, "Pss_Anon:").unwrap_or(0),
    ))
}

/// A field of `smaps_rollup` in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn reads_kibibytes_as_bytes() {
        let text = "00400000-7ffc000 ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:   120 kB\n";
        assert_eq!(field(text, "Pss:"), Some(122_880));
        assert_eq!(field(text, "Pss_Anon:"), None);
    }
}
