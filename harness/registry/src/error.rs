//! What can go wrong between this program and a registry.

use std::fmt;
use std::time::Duration;

use image::ImageError;
use model::Digest;

use crate::BadReference;

/// Something that was attempted at a registry and did not come about.
#[derive(Debug)]
pub struct RegistryError {
    /// What was attempted, on what: `pulling reg.example/app:1`.
    pub attempted: String,
    /// Why it did not come about.
    pub fault: Box<Fault>,
    /// What is left behind, here or there.
    pub left: &'static str,
}

/// Why.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error(transparent)]
    Reference(#[from] BadReference),
    #[error("{at} cannot be reached: {why}")]
    Unreachable { at: String, why: String },
    #[error("{at} is not believed: {why}")]
    Untrusted { at: String, why: String },
    #[error("certificates: {0}")]
    Certificates(String),
    #[error("{at} said {status}{said} in {tries} tries")]
    Busy {
        at: String,
        status: u16,
        said: String,
        tries: u32,
    },
    #[error(
        "{at} is busy ({status}) and asks to come back in {seconds} s, longer than is waited for"
    )]
    Later {
        at: String,
        status: u16,
        seconds: u64,
    },
    #[error("{at} refuses {with}{said}")]
    Denied {
        at: String,
        with: String,
        said: String,
    },
    #[error("{what} is not there{said}")]
    NotFound { what: String, said: String },
    #[error("{at} said {status}{said}")]
    Status {
        at: String,
        status: u16,
        said: String,
    },
    #[error("no whole answer from {at} within {limit:?}")]
    Deadline { at: String, limit: Duration },
    #[error("{what} broke off at {found} of {declared} bytes in {tries} tries{why}")]
    Broken {
        what: String,
        declared: u64,
        found: u64,
        tries: u32,
        why: String,
    },
    #[error("{at} would be spoken to without encryption{why}")]
    Plain { at: String, why: &'static str },
    #[error("{at} redirects {why}")]
    Redirect { at: String, why: String },
    #[error("{what} exceeds the limit of {limit} bytes")]
    TooLarge { what: String, limit: u64 },
    #[error("{what} has {found} bytes, declared are {declared}")]
    WrongSize {
        what: String,
        declared: u64,
        found: u64,
    },
    #[error("{what} has digest {found}, and not {wanted}")]
    WrongDigest {
        what: String,
        wanted: Digest,
        found: Digest,
    },
    #[error("{what} cannot be understood: {why}")]
    Document { what: String, why: String },
    #[error("{0}")]
    Credentials(String),
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error("{what} cannot be read or written")]
    Disk {
        what: String,
        #[source]
        source: std::io::Error,
    },
}

impl RegistryError {
    /// Whether it was the fault of what was asked for, and not of the way to it.
    pub fn is_input(&self) -> bool {
        match &*self.fault {
            Fault::Reference(_)
            | Fault::NotFound { .. }
            | Fault::TooLarge { .. }
            | Fault::Plain { .. }
            | Fault::Document { .. } => true,
            Fault::Image(error) => !matches!(error, ImageError::Io { .. }),
            _ => false,
        }
    }

    /// What to try.
    pub fn remedy(&self) -> &'static str {
        match &*self.fault {
            Fault::Reference(_) => "mend the name",
            Fault::Unreachable { .. } | Fault::Broken { .. } => {
                "see that the registry answers from here, and what proxies the environment names"
            }
            Fault::Untrusted { .. } => {
                "if the registry is yours, put its authority's certificate where docker has it: \
                 /etc/docker/certs.d/HOST:PORT/ca.crt"
            }
            Fault::Certificates(_) => {
                "mend the file: *.crt are authorities, and NAME.cert with NAME.key who you are, in PEM"
            }
            Fault::Busy { .. } | Fault::Later { .. } | Fault::Deadline { .. } => {
                "try again later; with credentials many registries allow more"
            }
            Fault::Denied { .. } | Fault::Credentials(_) => {
                "log in (`docker login HOST`), or see what $DOCKER_CONFIG/config.json says of it"
            }
            Fault::NotFound { .. } => "see that name, tag and digest are right",
            Fault::Plain { .. } => {
                "if the network between is trusted, ask for it: `--plain-http HOST`"
            }
            Fault::Redirect { .. } | Fault::Status { .. } | Fault::Document { .. } => {
                "see that the address is a registry's (OCI distribution specification)"
            }
            Fault::TooLarge { .. } => "take a smaller image",
            Fault::WrongSize { .. } | Fault::WrongDigest { .. } => {
                "try again; if it stays so, what the registry or a proxy sends is not what was pushed"
            }
            Fault::Image(_) => "name another image, or mend this one",
            Fault::Disk { .. } => "see that the disk has room and the folder may be written",
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (attempted, fault, left) = (&self.attempted, &self.fault, self.left);
        write!(f, "{attempted}: {fault}; {left}; try: {}", self.remedy())
    }
}

impl std::error::Error for RegistryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.fault)
    }
}

impl Fault {
    /// A disk that refused.
    pub(crate) fn disk(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Disk { what, source }
    }

    /// Whether the same may come about when it is tried again.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Busy { .. } | Self::Deadline { .. }
        )
    }

    /// Says what was attempted, and what it left.
    pub(crate) fn during(self, attempted: String, left: &'static str) -> RegistryError {
        RegistryError {
            attempted,
            fault: Box::new(self),
            left,
        }
    }
}
