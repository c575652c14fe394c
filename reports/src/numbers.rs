//! How every number is written, in every format.
//!
//! Disk in decimal megabytes, memory in MiB (the kernel's own unit), ratios with two decimals,
//! intervals with an en dash, counts with thousands separators, a space before each unit.

use model::Estimate;

/// What stands where a number could not be formed.
pub(crate) const UNKNOWN: &str = "not known";

/// `1,212`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with `decimals` decimals and thousands separators; never `-0`.
pub(crate) fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    }
}

/// Bytes on disk: `46.8 MB`, `812.4 kB`, `96 B`.
pub(crate) fn disk(bytes: f64) -> String {
    match bytes.abs() {
        b if !b.is_finite() => UNKNOWN.to_owned(),
        b if b < 1e3 => format!("{} B", decimal(bytes, 0)),
        b if b < 1e6 => format!("{} kB", decimal(bytes / 1e3, 1)),
        _ => format!("{} MB", decimal(bytes / 1e6, 1)),
    }
}

/// Bytes of memory: `9.2 MiB`, `812.4 KiB`, `7.8 GiB`.
pub(crate) fn memory(bytes: f64) -> String {
    const KIB: f64 = 1024.0;
    match bytes.abs() {
        b if !b.is_finite() => UNKNOWN.to_owned(),
        b if b < KIB * KIB => format!("{} KiB", decimal(bytes / KIB, 1)),
        b if b < KIB * KIB * KIB => format!("{} MiB", decimal(bytes / KIB / KIB, 1)),
        _ => format!("{} GiB", decimal(bytes / KIB / KIB / KIB, 1)),
    }
}

/// Whether a metric counts bytes on disk rather than in memory.
pub(crate) fn is_disk(metric: &str) -> bool {
    metric.starts_with("size.") || metric.contains("disk")
}

/// A value of a metric in its unit.
pub(crate) fn value(metric: &str, unit: &str, value: f64) -> String {
    match unit {
        _ if !value.is_finite() => UNKNOWN.to_owned(),
        "bytes" if is_disk(metric) => disk(value),
        "bytes" => memory(value),
        "ms" if value.abs() >= 10_000.0 => format!("{} s", decimal(value / 1e3, 1)),
        "ms" => format!("{} ms", decimal(value, 1)),
        "" => decimal(value, 2),
        unit => format!("{} {}", decimal(value, 1), crate::text::one_line(unit)),
    }
}

/// A ratio: `0.99`.
pub(crate) fn ratio(value: f64) -> String {
    decimal(value, 2)
}

/// A ratio that stands beside a limit: a third decimal where two would hide which side it is on.
pub(crate) fn ratio_beside(value: f64, limit: f64) -> String {
    let differs = (value - limit).abs() > f64::EPSILON;
    if differs && ratio(value) == ratio(limit) {
        decimal(value, 3)
    } else {
        ratio(value)
    }
}

/// An interval: `0.97–1.02`.
pub(crate) fn interval(estimate: &Estimate) -> String {
    let end = |value| decimal(value, estimate.decimals());
    format!("{}–{}", end(estimate.low), end(estimate.high))
}

/// A fraction as a whole percentage, with a decimal below ten: `41 %`, `2.5 %`.
pub(crate) fn percent(fraction: f64) -> String {
    let value = fraction * 100.0;
    // Rounded once: 41.49 must not become 41.5 and then 42.
    let text = match value.abs() {
        v if v >= 9.95 => decimal(value, 0),
        _ => decimal(value, 1),
    };
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// A span of time: `3 min 12 s`, `4.2 s`, `180 ms`.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{} s", decimal(ms as f64 / 1e3, 1)),
        _ if seconds < 60 => format!("{seconds} s"),
        _ if seconds < 3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", count(seconds / 3_600), seconds % 3_600 / 60),
    }
}

/// A moment: `24 Nov 2026, 16:40 UTC`; text that is no RFC 3339 moment is shown as it is.
pub(crate) fn moment(rfc3339: &str) -> String {
    match rfc3339.parse::<jiff::Timestamp>() {
        Ok(at) => at
            .to_zoned(jiff::tz::TimeZone::UTC)
            .strftime("%-d %b %Y, %H:%M UTC")
            .to_string(),
        Err(_) => crate::text::one_line(rfc3339),
    }
}

/// `1 check`, `3 checks`.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: f64, high: f64) -> String {
        interval(&Estimate {
            value: low,
            low,
            high,
            level: 0.95,
        })
    }

    #[test]
    fn writes_numbers() {
        for (written, wanted) in [
            (count(0), "0"),
            (count(999), "999"),
            (count(1_212), "1,212"),
            (count(12_345_678), "12,345,678"),
            (decimal(-0.04, 1), "0.0"),
            (decimal(-1_234.56, 1), "−1,234.6"),
            (decimal(f64::NAN, 1), UNKNOWN),
            (disk(46_800_000.0), "46.8 MB"),
            (disk(812_400.0), "812.4 kB"),
            (disk(96.0), "96 B"),
            (memory(9_646_899.0), "9.2 MiB"),
            (memory(1024.0), "1.0 KiB"),
            (value("size.uncompressed", "bytes", 1e6), "1.0 MB"),
            (value("density.memory", "bytes", 1_048_576.0), "1.0 MiB"),
            (value("startup.warm.app-ready", "ms", 62.04), "62.0 ms"),
            (value("startup.warm.app-ready", "ms", 12_345.0), "12.3 s"),
            (value("x", "ms", f64::INFINITY), UNKNOWN),
            (ratio_beside(1.1502, 1.15), "1.150"),
            (ratio_beside(1.15, 1.15), "1.15"),
            (between(0.97, 1.02), "0.97–1.02"),
            (between(0.993, 0.995), "0.993–0.995"),
            (percent(0.4149), "41 %"),
            (percent(0.0996), "10 %"),
            (percent(0.025), "2.5 %"),
            (percent(0.06), "6 %"),
            (percent(1.3), "130 %"),
            (duration(180), "180 ms"),
            (duration(4_200), "4.2 s"),
            (duration(59_600), "1 min 0 s"),
            (duration(192_000), "3 min 12 s"),
            (duration(3_780_000), "1 h 3 min"),
            (moment("2026-11-24T16:40:31Z"), "24 Nov 2026, 16:40 UTC"),
            (moment("yesterday"), "yesterday"),
            (plural(1, "check", "checks"), "1 check"),
            (listed(&["a".into(), "b".into(), "c".into()]), "a, b and c"),
        ] {
            assert_eq!(written, wanted);
        }
    }
}
