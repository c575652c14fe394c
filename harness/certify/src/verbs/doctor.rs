//! `doctor`: what this host can do, and what would provide the rest.

use engine::clock::Clock;
use engine::{Detection, Surroundings};
use model::{Arch, ExitCode};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{print, print_json};
use crate::arguments::DoctorArguments;
use crate::releases::{self, Freshness, Releases};
use crate::rooms::archives::{self, Archives, Mirrors};
use crate::rooms::planning::DEFAULT_PLATFORM;
use crate::rooms::wanted::Wanted;
use crate::shipped::Shelf;
use crate::{Failure, OrExit, host, libexec, told};

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    /// `fine`, `missing`, or `absent` where nothing that is asked for needs it.
    state: &'static str,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

pub(super) fn run(arguments: &DoctorArguments, shelf: &Shelf) -> Result<ExitCode, Failure> {
    let mut findings = vec![programs(), privilege()];
    findings.extend(platforms(shelf)?);
    let mirrors = Mirrors::read(&arguments.archives.mirrors, shelf).or_usage()?;
    // What is asked for: the user's own releases, and the one that is taken when none is named. On a
    // host with a release of its own others are at hand only where somebody names a mirror.
    let own = releases::of_host(&host::root());
    for release in shelf.releases().or_usage()? {
        let mut finding = archive(&release, &mirrors, shelf);
        let is_asked = match own {
            Some(_) => false,
            None => {
                release == releases::DEFAULT || shelf.own_release(&release).or_usage()?.is_some()
            }
        };
        if !is_asked && finding.state == "missing" {
            finding.state = "absent";
        }
        findings.push(finding);
    }
    findings.extend(own.map(|own| archive(&own, &mirrors, shelf)));
    let missing = findings.iter().any(|finding| finding.state == "missing");
    if arguments.json {
        print_json(&findings)?;
    } else {
        let mut text = String::new();
        for finding in &findings {
            text += &format!(
                "{:<8} {:<22} {}\n",
                finding.state, finding.what, finding.found
            );
            if let Some(remedy) = &finding.remedy {
                text += &format!("         {:<22} try: {remedy}\n", "");
            }
        }
        print(&text)?;
    }
    Ok(if missing {
        ExitCode::Unavailable
    } else {
        ExitCode::Certified
    })
}

fn fine(what: &str, found: impl ToString) -> Finding {
    Finding {
        what: what.to_owned(),
        state: "fine",
        found: found.to_string(),
        remedy: None,
    }
}

fn missing(what: &str, found: impl ToString, remedy: &str) -> Finding {
    Finding {
        what: what.to_owned(),
        state: "missing",
        found: found.to_string(),
        remedy: Some(remedy.to_owned()),
    }
}

fn programs() -> Finding {
    match libexec::find() {
        Ok(found) => fine(
            "probe and launch",
            found.probe.parent().unwrap_or(&found.probe),
        ),
        Err(error) => missing("probe and launch", told(&error), "cargo xtask libexec"),
    }
}

fn privilege() -> Finding {
    let host = host::look();
    let text = format!(
        "{}, kernel {}, {} processors",
        host.privilege, host.kernel, host.cpus
    );
    fine("host", text)
}

/// Every platform; one that no run would be on unless it is named may be absent.
fn platforms(shelf: &Shelf) -> Result<Vec<Finding>, Failure> {
    let Ok(libexec) = libexec::find() else {
        return Ok(Vec::new());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_unavailable()?;
    let wanted = Wanted::defaults(shelf).or_usage()?;
    let named = &wanted.platforms;
    let is_needed = |name: &str| {
        name == DEFAULT_PLATFORM && named.is_empty() || named.iter().any(|one| one == name)
    };
    let mut findings = Vec::new();
    for platform in wanted.known.all() {
        let what = format!("platform {}", platform.name());
        let around = Surroundings {
            libexec: libexec.clone(),
            cluster: wanted
                .clusters
                .get(platform.name())
                .cloned()
                .unwrap_or_default(),
        };
        findings.push(match runtime.block_on(platform.detect(&around)) {
            Detection::Available(facts) => fine(&what, facts),
            Detection::Absent { why, remedy } => Finding {
                state: if is_needed(platform.name()) {
                    "missing"
                } else {
                    "absent"
                },
                ..missing(&what, why, &remedy)
            },
        });
    }
    Ok(findings)
}

fn archive(name: &str, mirrors: &Mirrors, shelf: &Shelf) -> Finding {
    let what = format!("archive {name}");
    let (stop, clock, cache) = (CancellationToken::new(), Clock::system(), archives::cache());
    let releases = Releases::new(shelf, &cache, Freshness::Newest, (clock, &stop));
    let loaded = releases.load(name).map_err(|failure| failure.error);
    let opened = loaded.and_then(|(release, _)| {
        let arch = Arch::host().unwrap_or(Arch::Amd64);
        Archives::open(&cache, &release, mirrors, (arch, clock), &stop)
    });
    match opened {
        Ok(archives) => fine(&what, archives.origin()),
        Err(error) => missing(
            &what,
            told(&error),
            "set CERTIFY_MIRROR=<address of such an archive>, or give --mirror",
        ),
    }
}
