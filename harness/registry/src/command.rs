//! Starting credential helpers: the one place of this crate where a program is started.

use tokio::process::Command;

/// A call of `program`, found as a shell finds it, with the whole environment: a helper finds its
/// store by it. Whoever gives up waiting ends it.
#[allow(clippy::disallowed_methods, reason = "this is the command module")]
pub(crate) fn new(program: &str) -> Command {
    let mut command = Command::new(program);
    command.kill_on_drop(true);
    command
}
