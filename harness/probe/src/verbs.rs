//! The verbs, their arguments and their exit statuses.

use std::ffi::OsString;
use std::io::Write as _;

use probe::{BuildInfo, Failed, Failure, FailureKind};
use serde::Serialize;

const USAGE: &str = "\
usage: probe stamp [--] PROGRAM [ARGUMENT...]
       probe repeat WISH [--] PROGRAM [ARGUMENT...]     (a JSON document)
       probe prober [--new-netns] [--new-userns UID:GID] [--enter PID] [--first COMMAND]
       probe facts --pid PID
       probe attempts --pid PID --uid UID --gid GID [--filter FILE] [--request DOCUMENT]
                                                       (else request on standard input)
       probe hash --pid PID [--deadline-ms N]
       probe memory                                    (of the pid namespace it runs in)
       probe --build-info
";

/// Runs one verb; returns the exit status: 0 done, 1 failed, 2 called wrongly.
pub(crate) fn run(arguments: &[OsString]) -> i32 {
    let words = arguments
        .iter()
        .map(|one| one.to_str())
        .collect::<Option<Vec<_>>>();
    let Some(words) = words else {
        return document::<()>(&Err(usage("an argument is not UTF-8")));
    };
    match words.as_slice() {
        ["repeat", rest @ ..] => crate::repeat::run(rest),
        ["prober", rest @ ..] => crate::prober::run(rest),
        ["facts", rest @ ..] => document(&facts(rest)),
        ["attempts", rest @ ..] => document(&attempts(rest)),
        ["hash", rest @ ..] => document(&hash(rest)),
        ["memory"] => document(&crate::memory::memory()),
        ["--build-info"] => document(&Ok(build_info())),
        ["--help" | "-h"] => {
            print!("{USAGE}");
            i32::from(std::io::stdout().flush().is_err())
        }
        [] => document::<()>(&Err(usage("no verb given"))),
        [other, ..] => document::<()>(&Err(usage(format!("unknown verb `{other}`")))),
    }
}

fn facts(words: &[&str]) -> Result<probe::Facts, Failure> {
    let options = Options::read(words, &["--pid"])?;
    crate::facts::facts(options.number("--pid")?)
}

fn attempts(words: &[&str]) -> Result<probe::Attempts, Failure> {
    let options = Options::read(words, &["--pid", "--uid", "--gid", "--filter", "--request"])?;
    let pid = options.number("--pid")?;
    let uid = options.number("--uid")?;
    let gid = options.number("--gid")?;
    let request = crate::attempts::request(options.value("--request"))?;
    crate::attempts::attempts(request, pid, (uid, gid), options.value("--filter"))
}

fn hash(words: &[&str]) -> Result<probe::Tree, Failure> {
    let options = Options::read(words, &["--pid", "--deadline-ms"])?;
    let deadline_ms = options.number_or("--deadline-ms", 120_000)?;
    crate::hash::hash(options.number("--pid")?, deadline_ms)
}

fn build_info() -> BuildInfo {
    BuildInfo {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source_hash: option_env!("CERTIFY_SOURCE_HASH")
            .unwrap_or("unknown")
            .to_owned(),
    }
}

/// Writes the result or the failure as one line of JSON; the exit status.
fn document<T: Serialize>(result: &Result<T, Failure>) -> i32 {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (written, status) = match result {
        Ok(value) => (serde_json::to_writer(&mut out, value), 0),
        Err(failure) => {
            let failed = Failed {
                error: failure.clone(),
            };
            let status = match failure.kind {
                FailureKind::Usage | FailureKind::BadInput => 2,
                _ => 1,
            };
            (serde_json::to_writer(&mut out, &failed), status)
        }
    };
    let ended = written.is_ok() && out.write_all(b"\n").is_ok() && out.flush().is_ok();
    if ended { status } else { 1 }
}

pub(crate) fn usage(what: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Usage, what)
}

/// `--name VALUE` pairs, each at most once.
pub(crate) struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    pub(crate) fn read(words: &[&'a str], known: &[&str]) -> Result<Self, Failure> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        let mut words = words.iter();
        while let Some(name) = words.next() {
            if !known.contains(name) {
                return Err(usage(format!("unknown option `{name}`")));
            }
            if pairs.iter().any(|(seen, _)| seen == name) {
                return Err(usage(format!("`{name}` is given twice")));
            }
            let Some(value) = words.next() else {
                return Err(usage(format!("`{name}` lacks its value")));
            };
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// A number that must be given.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Failure> {
        match self.value(name) {
            Some(value) => parse(name, value),
            None => Err(usage(format!("`{name}` is missing"))),
        }
    }

    /// A number that may be given.
    pub(crate) fn number_or<T: std::str::FromStr>(
        &self,
        name: &str,
        otherwise: T,
    ) -> Result<T, Failure> {
        self.value(name)
            .map_or(Ok(otherwise), |value| parse(name, value))
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(seen, _)| *seen == name);
        found.map(|(_, value)| *value)
    }
}

fn parse<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Failure> {
    value
        .parse()
        .map_err(|_| usage(format!("`{name}` wants a number, not `{value}`")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::Options;

    #[test]
    fn options_are_strict() {
        let known = ["--pid", "--uid"];
        let good = Options::read(&["--pid", "7"], &known).expect("well formed");
        assert_eq!(good.number::<u32>("--pid"), Ok(7));
        assert_eq!(good.number_or::<u64>("--uid", 9), Ok(9));
        assert!(good.number::<u32>("--uid").is_err());
        for bad in [
            &["--pid"][..],
            &["--gid", "1"],
            &["--pid", "1", "--pid", "1"],
            &["7"],
        ] {
            assert!(Options::read(bad, &known).is_err(), "{bad:?}");
        }
        let bad = Options::read(&["--pid", "-7"], &known).expect("well formed");
        assert!(bad.number::<u32>("--pid").is_err());
    }
}
