//! Clocks: reading them and sleeping until an instant.
#![allow(unsafe_code)]

/// `CLOCK_MONOTONIC` in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// `CLOCK_REALTIME` in nanoseconds since the epoch.
pub(crate) fn realtime_ns() -> u64 {
    read(libc::CLOCK_REALTIME)
}

/// `CLOCK_BOOTTIME` in nanoseconds.
pub(crate) fn boottime_ns() -> u64 {
    read(libc::CLOCK_BOOTTIME)
}

/// Sleeps until an instant of `CLOCK_MONOTONIC`; returns at once when it has passed.
pub(crate) fn sleep_until(monotonic_ns: u64) {
    let until = libc::timespec {
        tv_sec: libc::time_t::try_from(monotonic_ns / NANOS).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::try_from(monotonic_ns % NANOS).unwrap_or(0),
    };
    // SAFETY: `until` is valid for the call; no remainder is asked for with an absolute time.
    while unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &raw const until,
            std::ptr::null_mut(),
        )
    } == libc::EINTR
    {}
}

/// Asks the kernel to wake this thread as exactly as it can (its default slack is 50 us).
pub(crate) fn wake_exactly() {
    // SAFETY: takes numbers only; a refusal leaves the default.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

const NANOS: u64 = 1_000_000_000;

fn read(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is valid for writing; the three clocks exist on every supported kernel.
    unsafe { libc::clock_gettime(clock, &raw mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * NANOS + u64::try_from(now.tv_nsec).unwrap_or(0)
}
