//! The prober beside a container of this driver: a process that owns the network namespace which the
//! container joins.

use std::process::Stdio;

use camino::Utf8Path;
use model::UserId;
use tokio::process::Child;

use super::{Privilege, command};
use crate::prober::Prober;

/// A prober, and its process.
pub(crate) struct Beside {
    /// The prober.
    pub(crate) prober: Prober,
    child: Child,
}

impl Beside {
    /// Starts a prober in a network namespace of its own and waits until it is ready. A normal
    /// user's network needs a user namespace, in which the caller has the ids of `user`.
    pub(crate) async fn start(
        probe: &Utf8Path,
        privilege: &Privilege,
        user: UserId,
    ) -> Result<Self, String> {
        let mut call = command::new(probe);
        call.args(["prober", "--new-netns"]);
        if *privilege != Privilege::Root {
            call.args(["--new-userns", &user.to_string()]);
        }
        call.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = call
            .spawn()
            .map_err(|error| format!("could not start the prober: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the prober has no pipes".to_owned());
        };
        let prober = Prober::over(input, output).await?;
        Ok(Self { prober, child })
    }

    /// Ends it and waits until it is gone; its namespace goes with it.
    pub(crate) async fn quit(mut self) -> Result<(), String> {
        self.prober.quit().await;
        self.child
            .wait()
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }
}
