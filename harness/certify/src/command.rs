//! Starting other programs: with a cleared environment but for what is listed.

use std::process::Command;

use camino::Utf8Path;

/// A call of `program` with a short, known environment.
#[allow(clippy::disallowed_methods, reason = "this is the command module")]
pub fn new(program: &Utf8Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// A call of a program of the user's, found and run as by the user: with proxies, home and path.
#[allow(clippy::disallowed_methods, reason = "this is the command module")]
pub fn of_the_user(program: &str) -> Command {
    Command::new(program)
}
