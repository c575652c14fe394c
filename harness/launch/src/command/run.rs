//! `run`: create, start, wait, delete. For people and tests; a driver calls the steps.

use std::process::ExitCode;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::delete::Force;
use super::{create, delete, start};
use crate::arguments::{Creation, Mode};
use crate::error::{LaunchError, Result, system};
use crate::record::Place;

/// Runs a container to its end; the exit code is the program's, 128 and the signal when killed.
pub(crate) fn run(place: &Place, creation: &Creation, mode: Mode) -> Result<ExitCode> {
    create::create(place, creation, mode)?;
    let outcome = start_and_wait(place, &creation.id);
    let removed = delete::delete(place, &creation.id, Force::Yes);
    let code = outcome?;
    removed?;
    Ok(code)
}

fn start_and_wait(place: &Place, id: &str) -> Result<ExitCode> {
    let home = place.home(id)?;
    let record = home.known()?;
    start::start(place, id)?;
    let identity = record
        .init
        .ok_or_else(|| LaunchError::Unknown(id.to_owned()))?;
    // The first program is a child of this one.
    loop {
        match waitpid(Pid::from_raw(identity.pid), None) {
            Ok(WaitStatus::Exited(_, code)) => {
                return Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)));
            }
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                let code = 128 + signal as i32;
                return Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)));
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(why) => return Err(system(format!("wait for process {}", identity.pid))(why)),
        }
    }
}
