//! `sim`: containers that do not exist, with a known true effect and a dial for flaws.
//!
//! For demonstrations and for tests of the judges: since the truth is known, every verdict can be
//! held against it. It has no kernel to look at, so what needs one is `blocked`; its standing is
//! `simulated`, so it can never reach a level.

mod container;
mod dial;
mod noise;
mod session;

use async_trait::async_trait;
use engine::{Detection, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::{PlatformFamily, PlatformName};

pub use dial::Dial;

use self::session::SimSession;

/// The member of the registry: its dial is read from `CERTIFY_SIM`.
pub(crate) static SIM: Sim = Sim { dial: None };

/// A simulated platform.
pub struct Sim {
    dial: Option<Dial>,
}

/// The variable that holds the dial: `seed=7,start=1.3,noise=0.1`.
const VARIABLE: &str = "CERTIFY_SIM";

impl Sim {
    /// A platform with this dial, whatever the environment says.
    pub const fn with(dial: Dial) -> Self {
        Self { dial: Some(dial) }
    }

    fn dial(&self) -> Result<Dial, String> {
        match (self.dial, std::env::var(VARIABLE)) {
            (Some(dial), _) => Ok(dial),
            (None, Ok(text)) => text.parse().map_err(|why| format!("{VARIABLE}: {why}")),
            (None, Err(_)) => Ok(Dial::true_and_quiet()),
        }
    }
}

#[async_trait]
impl Platform for Sim {
    fn name(&self) -> &str {
        "sim"
    }

    fn summary(&self) -> &str {
        "a simulation with a known true effect; reaches no level"
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Oci
    }

    async fn detect(&self, _: &Surroundings) -> Detection {
        match self.dial() {
            Ok(dial) => Detection::Available(format!("simulated, {dial}")),
            Err(why) => Detection::Absent {
                why,
                remedy: format!("unset {VARIABLE} or mend it"),
            },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let dial = self.dial().map_err(|why| {
            SessionError::environment("open a simulated session", why)
                .try_this(format!("unset {VARIABLE} or mend it"))
        })?;
        let name = PlatformName::new(self.name())
            .map_err(|error| SessionError::environment("name the session", error))?;
        Ok(Box::new(SimSession::new(name, dial, request.clock)))
    }
}
