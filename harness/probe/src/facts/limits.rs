//! `/proc/PID/limits`: columns of fixed width. Source: proc_pid_limits(5).

use probe::Limit;

/// Parses all lines but the head; the error shows the first that is odd.
pub(crate) fn limits(text: &str) -> Result<Vec<Limit>, String> {
    text.lines()
        .skip(1)
        .map(|line| limit(line).ok_or_else(|| format!("a line is `{line}`")))
        .collect()
}

fn limit(line: &str) -> Option<Limit> {
    // "Max open files            1024                 524288               files     "
    let (name, rest) = line.split_at_checked(26)?;
    let mut columns = rest.split_whitespace();
    Some(Limit {
        name: name.trim_end().to_owned(),
        soft: bound(columns.next()?)?,
        hard: bound(columns.next()?)?,
        unit: columns.next().unwrap_or_default().to_owned(),
    })
}

fn bound(text: &str) -> Option<Option<u64>> {
    match text {
        "unlimited" => Some(None),
        number => number.parse().ok().map(Some),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::limits;

    #[test]
    fn reads_columns() {
        let text = "\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max open files            1024                 524288               files     \n\
Max nice priority         0                    0                    \n";
        let got = limits(text).expect("limits");
        assert_eq!((got[0].name.as_str(), got[0].soft), ("Max cpu time", None));
        assert_eq!(
            (got[1].soft, got[1].hard, got[1].unit.as_str()),
            (Some(1024), Some(524_288), "files")
        );
        assert_eq!(got[2].unit, "");
        assert!(limits("head\nMax open files            many                 1").is_err());
        assert!(limits("head\nshort").is_err());
    }
}
