//! `slices advise`: what an application needs, and drafts of what no slice holds yet.

use advise::{Advice, Application, Limits, Overlay, Request};
use anyhow::{Context, anyhow};
use camino::Utf8Path;
use model::ExitCode;

use super::opened::{self, Habits, Looking};
use super::release::with_files;
use crate::arguments::AdviseArguments;
use crate::rooms::archives::Archives;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &AdviseArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let (release, files) = with_files(&arguments.source.release, shelf, terminal)?;
    let arch = opened::arch(arguments.arch.arch.as_deref())?;
    let limits = Limits::STANDARD;
    let (application, packages) = asked(&arguments.subjects, &limits)?;
    let looking = Looking {
        mirrors: arguments.source.mirrors(),
        ignored: arguments.source.ignored(),
        habits: Habits::Ours,
    };
    let archives = opened::archives(&release, arch, &looking, (shelf, terminal))?;
    let request = Request {
        application: &application,
        packages: &packages,
        release: &release,
        files: &files,
        arch,
        limits,
    };
    let advice = advise::advise(request, &archives).map_err(failure)?;
    if let Some(folder) = &arguments.draft {
        let overlay = Overlay::new(&files, &advice.drafts);
        let text = format!("writing the release with drafts to {folder}");
        overlay.write(folder).context(text).or_usage()?;
        let text = format!(
            "{} with {} drafts in {folder}",
            release.name,
            advice.drafts.len()
        );
        terminal.say("Draft", &text);
    }
    tell(&advice, terminal);
    match arguments.json {
        true => print_json(&advice)?,
        false => print(&advise::table(&advice))?,
    };
    Ok(match advice.is_complete() {
        true => ExitCode::Certified,
        false => ExitCode::NotCertified,
    })
}

/// Paths are the application, of which there is one; what is no path is a package.
fn asked(subjects: &[String], limits: &Limits) -> Result<(Application, Vec<String>), Failure> {
    let is_path = |text: &&String| text.contains('/') || Utf8Path::new(text).exists();
    let (paths, packages): (Vec<&String>, Vec<&String>) = subjects.iter().partition(is_path);
    let application = match paths.as_slice() {
        [] => Application::none(subjects.join(" ")),
        [path] => Application::open(Utf8Path::new(path), limits).or_usage()?,
        _ => {
            let text = "one file or folder at a time: what belongs together lies in one folder";
            return Err(anyhow!(text)).or_usage();
        }
    };
    Ok((application, packages.into_iter().cloned().collect()))
}

/// What the user named is bad input, what an archive has or lacks is not.
fn failure(error: advise::Error) -> Failure {
    use advise::Error as Bad;
    let exit = match &error {
        Bad::Unreadable { .. }
        | Bad::Unknown(_)
        | Bad::Name(_)
        | Bad::Limit { .. }
        | Bad::Nothing(_)
        | Bad::Unextendable(_) => ExitCode::Usage,
        Bad::Contents(_)
        | Bad::NoContents(..)
        | Bad::Archive(_)
        | Bad::Chisel(_)
        | Bad::Package(_) => ExitCode::Unavailable,
        Bad::Draft { .. } => ExitCode::HarnessFault,
    };
    Failure::new(exit, error.into())
}

fn tell(advice: &Advice, terminal: &Terminal) {
    let files = advice.packages.iter().map(|package| package.files.len());
    let text = format!(
        "{}: {} files of {} packages in {} slices, {} of them drafts; {} needs are not provided",
        advice.application,
        files.sum::<usize>(),
        advice.packages.len(),
        advice.slices.len(),
        advice.drafts.len(),
        advice.missing.len() + advice.unreadable.len()
    );
    terminal.say("Advise", &text);
}

impl advise::Library for Archives {
    fn contents(&self) -> advise::Result<deb::ArchiveContents> {
        self.contents().map_err(advise::Error::archive)
    }

    fn fetch(&self, records: &[chisel::PackageRecord]) -> advise::Result<()> {
        self.fetch(records).map_err(advise::Error::archive)
    }

    fn priority(&self, name: &str) -> Option<deb::Priority> {
        self.archive()
            .find(name)
            .map(|offer| offer.package.priority)
    }
}
