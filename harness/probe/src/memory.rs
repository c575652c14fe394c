//! `probe memory`: what the processes of a container have mapped, read from inside it.
//!
//! For a container whose host is out of reach. The probe itself is left out of every sum.

use probe::{Failure, Memory, rollup_bytes};

/// Sums up every process of the caller's pid namespace but the caller.
pub(crate) fn memory() -> Result<Memory, Failure> {
    let own = std::process::id();
    let listed =
        std::fs::read_dir("/proc").map_err(|error| Failure::system("list /proc", &error))?;
    let pids = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut memory = Memory {
        processes: 0,
        pss_bytes: 0,
        pss_anon_bytes: 0,
        unreadable: Vec::new(),
    };
    for pid in pids.filter(|pid| *pid != own) {
        match std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
            Ok(text) => add(&mut memory, pid, &text),
            // Ended since it was listed.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT)) => {}
            Err(error) => memory.unreadable.push(format!("pid {pid}: {error}")),
        }
    }
    Ok(memory)
}

fn add(memory: &mut Memory, pid: u32, text: &str) {
    match (rollup_bytes(text, "Pss:"), rollup_bytes(text, "Pss_Anon:")) {
        (Some(pss), Some(anonymous)) => {
            memory.processes += 1;
            memory.pss_bytes += pss;
            memory.pss_anon_bytes += anonymous;
        }
        // A process that ends has no memory any more.
        _ if text.is_empty() => {}
        _ => memory
            .unreadable
            .push(format!("pid {pid}: its smaps_rollup lacks a sum")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::{Memory, add};

    #[test]
    fn sums_are_bytes_and_gaps_are_told() {
        let mut memory = Memory {
            processes: 0,
            pss_bytes: 0,
            pss_anon_bytes: 0,
            unreadable: Vec::new(),
        };
        let whole = "0-1 ---p 00000000 00:00 0 [rollup]\nPss:   120 kB\nPss_Anon:   20 kB\n";
        add(&mut memory, 1, whole);
        add(&mut memory, 7, whole);
        add(&mut memory, 8, "");
        assert!(memory.unreadable.is_empty());
        add(&mut memory, 9, "Pss:   120 kB\n");
        assert_eq!(memory.processes, 2);
        assert_eq!((memory.pss_bytes, memory.pss_anon_bytes), (245_760, 40_960));
        assert_eq!(memory.unreadable.len(), 1);
    }
}
