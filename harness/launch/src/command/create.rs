//! `create`: everything up to the moment before the program runs.

use std::path::Path;

use libcontainer::container::Container;
use libcontainer::container::builder::ContainerBuilder;
use libcontainer::syscall::syscall::SyscallType;

use crate::arguments::{Creation, Mode};
use crate::effective::Effective;
use crate::error::{LaunchError, Result, container};
use crate::executor::Filtered;
use crate::identity::Identity;
use crate::record::{Home, Place, Record, command_line};
use crate::seccomp;
use crate::stage;

/// Creates the container, or leaves nothing.
pub(crate) fn create(place: &Place, creation: &Creation, mode: Mode) -> Result<()> {
    let home = place.home(&creation.id)?;
    let bundle = fs_err::canonicalize(&creation.bundle)?;
    if home.theirs.exists() || home.ours.exists() {
        return Err(LaunchError::Exists(home.id));
    }
    let effective = Effective::read(&bundle, &home.id, mode)?;
    let filter = effective.seccomp().map(seccomp::compile).transpose()?;
    if let Some(path) = &creation.seccomp_program {
        let bytes = filter.map_or_else(Vec::new, |filter| filter.bytes());
        fs_err::write(path, bytes)?;
    }
    if mode == Mode::Root {
        effective.cgroup.must_be_free()?;
    }
    let pid_file = creation
        .pid_file
        .as_deref()
        .map(PidFile::open)
        .transpose()?;
    let record = Record {
        mode,
        bundle,
        cgroup: effective.cgroup.path().to_owned(),
        maker: command_line("self")?,
        init: None,
    };
    let lock = home.claim(&record)?;
    let made = build(effective, &home, record, creation)
        .and_then(|identity| pid_file.map_or(Ok(()), |file| file.write(identity)));
    drop(lock);
    if made.is_err() {
        undo(&home);
    }
    made
}

fn build(
    mut effective: Effective,
    home: &Home,
    mut record: Record,
    creation: &Creation,
) -> Result<Identity> {
    stage::enter(&mut effective, home, record.mode)?;
    let config = home.ours.join("config.json");
    effective.spec.save(&config).map_err(container)?;
    let mut made: Container = ContainerBuilder::new(home.id.clone(), SyscallType::Linux)
        .with_root_path(home.root.clone())
        .map_err(container)?
        .with_pid_file(Some(home.init_pid()))
        .map_err(container)?
        .with_executor(Filtered)
        .as_init(&home.ours)
        .with_systemd(false)
        .with_no_pivot(creation.no_pivot)
        .build()
        .map_err(container)?;
    let identity = made
        .pid()
        .and_then(|pid| Identity::of(pid.as_raw()))
        .ok_or_else(|| LaunchError::Container("the program ended before it started".to_owned()))?;
    record.init = Some(identity);
    home.write(&record)?;
    // It was made from our copy of the spec; the world knows it by the bundle.
    made.state.bundle = record.bundle;
    made.save().map_err(container)?;
    Ok(identity)
}

/// Takes back a container that could not be made. The error that led here is the one to tell.
fn undo(home: &Home) {
    if let Ok(Some(record)) = home.read() {
        let _ = super::delete::remove(home, &record);
    }
    let _ = home.forget();
}

/// The caller's pid file, opened before the surroundings change.
struct PidFile(fs_err::File);

impl PidFile {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self(fs_err::File::create(path)?))
    }

    fn write(self, identity: Identity) -> Result<()> {
        use std::io::Write;
        let mut file = self.0;
        file.write_all(identity.pid.to_string().as_bytes())?;
        Ok(())
    }
}
