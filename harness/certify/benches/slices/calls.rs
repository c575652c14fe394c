//! Processes and what they cost.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// One process from its start to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu_s: f64,
    pub(crate) wall_s: f64,
    /// The most memory that was resident, looked at every few milliseconds.
    pub(crate) peak_mib: f64,
}

/// The program under test.
pub(crate) fn certify() -> Command {
    Command::new(env!("CARGO_BIN_EXE_certify"))
}

/// The reference tool, if it is installed.
pub(crate) fn reference() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("chisel"))
        .find(|path| path.is_file())
}

/// Runs `call` to its end, which must be a good one.
pub(crate) fn cost(mut call: Command) -> Result<Cost> {
    let before = children_s()?;
    let began = Instant::now();
    let mut child = call
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {call:?}"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib: u64 = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
        peak_kib = peak_kib.max(kib.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(3));
    };
    let wall_s = began.elapsed().as_secs_f64();
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut said)?;
    }
    ensure!(ended.success(), "{call:?} ended with {ended}: {said}");
    Ok(Cost {
        cpu_s: children_s()? - before,
        wall_s,
        peak_mib: peak_kib as f64 / 1024.0,
    })
}

/// User and system time of all children that ended, in seconds. The kernel sums it up finely and
/// shows it in hundredths, so short calls are made many times.
fn children_s() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = text.rsplit_once(')').context("/proc/self/stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let both = ticks(13).zip(ticks(14)).map(|(user, system)| user + system);
    Ok(both.context("/proc/self/stat")? / 100.0)
}

/// CPU time of this process so far, in seconds.
pub(crate) fn own_s() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// CPU seconds that `work` took here.
pub(crate) fn own<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let before = own_s();
    let done = work()?;
    Ok((done, own_s() - before))
}

/// Median and range of several costs.
pub(crate) fn spread(costs: &[Cost]) -> Value {
    let of = |take: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(take).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        json!({"median": middle, "min": values.first(), "max": values.last()})
    };
    json!({
        "times": costs.len(),
        "cpu_s": of(|cost| cost.cpu_s),
        "wall_s": of(|cost| cost.wall_s),
        "peak_mib": of(|cost| cost.peak_mib),
    })
}

/// The mean of many short calls: one call is shorter than what the kernel shows.
pub(crate) fn mean(times: u32, mut call: impl FnMut() -> Command) -> Result<Value> {
    let mut total = 0.0;
    for _ in 0..times {
        total += cost(call())?.cpu_s;
    }
    Ok(json!({"times": times, "cpu_s_mean": total / f64::from(times)}))
}
