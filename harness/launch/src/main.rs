//! A small single-threaded OCI runtime: libcontainer behind the command line that runc has, so that
//! one driver can call either.
//!
//! A program of its own because libcontainer clones the calling process, which is unsafe in one
//! with threads or an async runtime. Nothing here starts a thread.
//!
//! What it adds to libcontainer: the seccomp profile ([`seccomp`]) applied just before the program
//! starts, a mode for normal users ([`stage`]), an overlay that lives and dies with the container,
//! a loopback device that is up, protection against reused process ids and dangerous cgroup paths,
//! and a `delete --force` that removes what a killed `create` left.

mod arguments;
mod cgroup;
mod command;
mod dispositions;
mod effective;
mod error;
mod executor;
mod identity;
mod log;
mod record;
mod seccomp;
mod stage;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use command::{create, delete, features, kill, on_v1, profile, run, start, state, version};
use error::LaunchError;
use log::Log;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = match Log::open(arguments.log.as_deref(), arguments.log_format) {
        Ok(log) => log,
        Err(error) => return fail(&error),
    };
    log.clone().listen();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            log.error(&error.to_string());
            fail(&error)
        }
    }
}

/// Runs one command; only `run` has an exit code of its own.
fn dispatch(arguments: &Arguments) -> Result<ExitCode, LaunchError> {
    if arguments.build_info {
        version::build_info()?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.version {
        version::version()?;
        return Ok(ExitCode::SUCCESS);
    }
    // libcontainer would keep the caller's descriptors open in the container.
    if std::env::var_os("LISTEN_FDS").is_some() {
        return Err(LaunchError::Usage(
            "LISTEN_FDS is set; no sockets are passed on",
        ));
    }
    let Some(command) = &arguments.command else {
        return Err(LaunchError::Usage("no command is given"));
    };
    let place = record::Place::new(&arguments.root)?;
    match command {
        Command::Create(creation) => create::create(&place, creation, arguments.mode())?,
        Command::Run(creation) => return run::run(&place, creation, arguments.mode()),
        Command::Start { id } => start::start(&place, id)?,
        Command::State { id } => state::state(&place, id)?,
        Command::Kill { all, id, signal } => kill::kill(&place, id, signal, kill::Reach::of(*all))?,
        Command::Delete { force, id } => delete::delete(&place, id, delete::Force::of(*force))?,
        Command::OnV1 { words } => match on_v1::on_v1(words)? {},
        Command::Features => features::features(arguments.mode())?,
        Command::Seccomp { profile } => profile::profile(profile)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the caller; the driver reads the log file instead, since standard error of `create` is
/// the container's.
fn fail(error: &LaunchError) -> ExitCode {
    // Nothing can be done when standard error is closed.
    let _ = writeln!(std::io::stderr(), "launch: {error}");
    ExitCode::FAILURE
}
