//! Values only: what every room of the harness speaks about.
//!
//! Ids, digests, image specs, profiles, plans, checks, outcomes, samples, verdicts, reports and
//! certificates. No I/O, no async, no clock: whatever needs the world lives in another crate and
//! converts at its edge.
//!
//! The room types, in the order data flows: [`ImageSpec`] and [`Profile`] (intent), [`Plan`],
//! [`ImageFacts`], [`PlatformFacts`], [`Samples`], [`Verdict`], [`Report`], [`Statement`].

mod arch;
pub mod canonical;
mod certificate;
mod check;
mod cluster;
mod configuration;
mod creation;
mod digest;
mod facts;
mod hosts;
mod ids;
mod outcome;
mod plan;
mod profile;
mod report;
mod sample;
mod spec;
mod verdict;
mod waiver;
pub mod yaml;

pub use arch::{Arch, UnknownArch};
pub use certificate::{Certification, CertifiedNumber, ResourceDescriptor, Statement};
pub use check::{CheckInfo, CheckResult, Evidence, Method, Severity};
pub use cluster::{ClusterSettings, RegistrySettings};
pub use configuration::Configuration;
pub use creation::ClusterCreation;
pub use digest::{BadDigest, Digest, Hasher};
pub use facts::{DocumentFacts, ImageFacts, LayerFacts, PlatformFacts, PlatformFamily, Standing};
pub use hosts::{Hosts, ProHosts, RegistryHost, UbuntuHosts};
pub use ids::{BadId, CellId, CheckId, ImageName, PlatformName, RunId, SuiteName};
pub use outcome::{ExitCode, Outcome};
pub use plan::{NotSelected, OwnData, Plan, PlannedCell, PlannedCheck, PlannedImage, Role};
pub use profile::{
    Audit, Claim, ControlPlan, DensityPlan, ImmutabilityPlan, KubernetesPlans, Margins, PerFamily,
    Profile, StartupPlan,
};
pub use report::{
    CheckRow, Cleanup, Environment, Integrity, MeasurementRow, Report, RunInfo, Session, Subject,
    Suite, Totals,
};
pub use sample::{Arm, CellEnd, Observation, Samples, Trial};
pub use spec::{
    Addition, Baseline, Change, Control, Exchange, FileSource, FinishStep, ForRelease,
    HttpExpectation, ImageSpec, Inside, LayerFormat, Readiness, Resources, RuntimeConfig,
    SmokeRequest, SpecError, UserFile, UserId, Variation, WritablePath,
};
pub use verdict::{
    CellVerdict, ClaimFinding, ClaimVerdict, ControlVerdict, Estimate, LevelVerdict, Measurement,
    Point, Verdict,
};
pub use waiver::{UsedWaiver, Waiver, WaiverState};
