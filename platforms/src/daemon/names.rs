//! Names of everything a session makes at a daemon. Each carries the run's id.

use model::RunId;

/// The label that everything made here carries; its value is the run's id.
pub(super) const LABEL: &str = "dev.certify.run";

/// Names of one session.
#[derive(Debug, Clone)]
pub(super) struct Names {
    run: String,
}

impl Names {
    pub(super) fn of(run: &RunId) -> Self {
        Self {
            run: run.as_str().to_owned(),
        }
    }

    /// The label's value.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// The tag of a delivered image. There is no such host: nothing can be pulled by accident.
    pub(super) fn image(&self, label: &str) -> String {
        format!("certify.invalid/{label}:{}", self.run)
    }

    /// A container.
    pub(super) fn container(&self, name: &str) -> String {
        format!("certify-{}-{name}", self.run)
    }

    /// The volume with the probe.
    pub(super) fn volume(&self) -> String {
        format!("certify-{}-probe", self.run)
    }

    /// The parent of the control groups of `what`, as the daemon wants it.
    pub(super) fn parent(&self, what: &str, is_systemd: bool) -> String {
        if is_systemd {
            // In a slice's name a dash stands for a level of its own.
            let run = self.run.replace('-', "_");
            format!("certify_{run}_{what}.slice")
        } else {
            format!("/certify-{}-{what}", self.run)
        }
    }

    /// What the ledger calls all of it.
    pub(super) fn object(&self, address: &str) -> String {
        format!("everything of run {} at {address}", self.run)
    }
}

/// The address in the name of an object.
pub(super) fn address_in(object: &str) -> Option<&str> {
    object.rsplit_once(" at ").map(|(_, address)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_carries_the_run() {
        let run = RunId::new("20260101t000000z-abcd").unwrap();
        let names = Names::of(&run);
        for name in [
            names.image("a"),
            names.container("a"),
            names.volume(),
            names.parent("a", false),
            names.object("unix:///x"),
        ] {
            assert!(name.contains(run.as_str()), "{name}");
        }
        assert_eq!(
            names.parent("a", true),
            "certify_20260101t000000z_abcd_a.slice"
        );
        assert_eq!(address_in(&names.object("unix:///x")), Some("unix:///x"));
    }
}
