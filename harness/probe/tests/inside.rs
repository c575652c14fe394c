//! Facts, attempts and hashes of containers made of namespaces, good and bad. Root only.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests stand on std alone, as the program does"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use probe::{Attempts, EntryKind, Executed, Facts, FailureKind, Permitted, Stopped, Tree};

mod rig;
use rig::{Cell, PROBE};

const UNSHARE: &[&str] = &[
    "unshare",
    "--mount",
    "--pid",
    "--net",
    "--ipc",
    "--uts",
    "--fork",
    "--kill-child",
];
const RUN: &str = "exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups= \
                   \"$ROOT\" /usr/bin/sleep 600";

/// A read-only root without a shell, one writable path, which is small and not executable.
fn good(root: &Path) -> Cell {
    rig::install(root, "/usr/bin/sleep");
    for folder in ["etc", "tmp", "proc"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("etc/data"), "data").unwrap();
    let mounts = "mount -t tmpfs -o size=64k,mode=1777,noexec,nosuid,nodev t \"$ROOT/tmp\"; \
                  mount -t proc p \"$ROOT/proc\"; mount -o remount,bind,ro \"$ROOT\"; ";
    Cell::start(UNSHARE, root, &format!("{mounts}{RUN}"))
}

/// A writable root with a shell, an open folder, a program that anybody may change.
fn bad(root: &Path) -> Cell {
    for program in ["/usr/bin/sleep", "/usr/bin/dash"] {
        rig::install(root, program);
    }
    for folder in ["tmp", "opt/open"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
        set_mode(&root.join(folder), 0o1777);
    }
    std::fs::write(root.join("opt/script"), "#!/usr/bin/dash\n").unwrap();
    set_mode(&root.join("opt/script"), 0o666);
    set_mode(&root.join("usr/bin/sleep"), 0o777);
    Cell::start(UNSHARE, root, RUN)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    folder
}

fn attempts(pid: u32, request: &str) -> Attempts {
    let mut command = Command::new(PROBE);
    command.args([
        "attempts",
        "--pid",
        &pid.to_string(),
        "--uid",
        "65532",
        "--gid",
        "65532",
    ]);
    rig::document(&mut command, request).unwrap()
}

const REQUEST: &str = "{\"execute\":[\"/usr/bin/dash\",\"/usr/bin/sleep\",\"/opt/script\"],\
                       \"through_loader\":[\"/usr/bin/dash\",\"/usr/bin/sleep\"],\"walk\":true}";

#[test]
fn a_good_container_permits_nothing() {
    if !rig::is_root("a_good_container_permits_nothing") {
        return;
    }
    let root = folder();
    let cell = good(root.path());
    let got = attempts(cell.pid, REQUEST);
    assert_eq!(got.identity.uids, [65532; 3]);
    // The cell's only capabilities are those of its bounding set, and so the attempts' are.
    let sets = facts(cell.pid).status.capabilities;
    assert_eq!((sets.effective, sets.permitted, sets.ambient), (0, 0, 0));
    assert_eq!(
        (got.identity.capabilities, got.identity.groups.len()),
        (sets.bounding, 0)
    );
    assert_eq!(got.identity.entered, ["mnt", "net", "ipc", "uts", "pid"]);
    assert_eq!(got.execute[0].result, Executed::NotFound);
    assert_eq!(got.execute[1].result, Executed::Executed);
    let loads = got
        .through_loader
        .iter()
        .map(|one| &one.result)
        .collect::<Vec<_>>();
    assert_eq!(loads, [&Executed::NotFound, &Executed::Executed]);
    let directories = got.directories.unwrap();
    assert_eq!(directories.writable.len(), 1, "{:?}", directories.writable);
    let tmp = &directories.writable[0];
    assert_eq!((tmp.path.as_str(), tmp.fs_type.as_str()), ("/tmp", "tmpfs"));
    assert!(tmp.mount_options.iter().any(|one| one == "noexec"));
    let Executed::Denied(refusal) = &tmp.dropped_program else {
        panic!("{:?}", tmp.dropped_program);
    };
    assert_eq!(refusal.name, "EACCES");
    assert!(directories.tried > 5);
    assert_eq!(
        directories.refused.values().sum::<u64>(),
        directories.tried - 1
    );
    assert_eq!(directories.skipped.len(), 1);
    let files = got.files.unwrap();
    assert!(files.tried >= 3 && files.writable.is_empty(), "{files:?}");
    assert_eq!(got.calls.become_root.result, Permitted::Refused);
    assert_eq!(got.calls.mount.result, Permitted::Refused);
    // No filter in this cell: a program in memory runs, and is reported so.
    assert_eq!(got.calls.execute_memfd.result, Permitted::Allowed);
    assert_eq!((got.stopped, got.left_behind.len()), (None, 0));
    assert_eq!(got.counts.dropped_programs, 1);
}

#[test]
fn a_bad_container_is_found_out() {
    if !rig::is_root("a_bad_container_is_found_out") {
        return;
    }
    let root = folder();
    let cell = bad(root.path());
    let before = hash(cell.pid);
    let got = attempts(cell.pid, REQUEST);
    assert_eq!(got.execute[0].result, Executed::Executed);
    assert!(matches!(got.execute[2].result, Executed::Denied(_)));
    let directories = got.directories.unwrap();
    let paths = directories
        .writable
        .iter()
        .map(|one| one.path.as_str())
        .collect::<Vec<_>>();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(paths.contains(&"/opt/open") && paths.contains(&"/tmp"));
    assert!(
        directories
            .writable
            .iter()
            .all(|one| one.dropped_program == Executed::Executed)
    );
    let files = got.files.unwrap();
    let mut writable = files
        .writable
        .iter()
        .map(|one| (one.path.as_str(), one.because.as_str()))
        .collect::<Vec<_>>();
    writable.sort_unstable();
    assert_eq!(
        writable,
        [("/opt/script", "script"), ("/usr/bin/sleep", "execute-bit")]
    );
    assert_eq!(got.left_behind.len(), 0);
    assert_eq!(before, hash(cell.pid), "the attempts changed something");
}

/// What the container's own process may do, the attempts may do too.
#[test]
fn capabilities_and_groups_of_the_container_are_carried() {
    if !rig::is_root("capabilities_and_groups_of_the_container_are_carried") {
        return;
    }
    let root = folder();
    rig::install(root.path(), "/usr/bin/sleep");
    let program = root.path().join("opt/lends");
    std::fs::create_dir_all(root.path().join("opt/shared")).unwrap();
    std::fs::write(&program, "").unwrap();
    set_mode(&program, 0o4755);
    set_mode(&root.path().join("opt/shared"), 0o775);
    std::os::unix::fs::chown(root.path().join("opt/shared"), Some(0), Some(77)).unwrap();
    let run = "exec setpriv --reuid 65532 --regid 65532 --groups 77 --inh-caps +setuid,+sys_chroot \
               --ambient-caps +setuid,+sys_chroot chroot \"$ROOT\" /usr/bin/sleep 600";
    let cell = Cell::start(UNSHARE, root.path(), run);
    let got = attempts(cell.pid, REQUEST);
    assert_eq!(
        (got.identity.uids, got.identity.groups),
        ([65532; 3], vec![77])
    );
    assert_eq!(got.calls.become_root.result, Permitted::Allowed);
    assert_eq!(got.calls.mount.result, Permitted::Refused);
    let directories = got.directories.unwrap().writable;
    assert_eq!(directories.len(), 1, "{directories:?}");
    assert_eq!(directories[0].path, "/opt/shared");
    let set_ids = got.files.unwrap().set_ids;
    assert_eq!(set_ids.len(), 1, "{set_ids:?}");
    assert_eq!(
        (set_ids[0].path.as_str(), set_ids[0].mode),
        ("/opt/lends", 0o4755)
    );
}

#[test]
fn attempts_stop_at_their_bounds() {
    if !rig::is_root("attempts_stop_at_their_bounds") {
        return;
    }
    let root = folder();
    let mut cell = bad(root.path());
    let got = attempts(cell.pid, "{\"execute\":[],\"walk\":true,\"max_entries\":3}");
    assert_eq!(
        (got.stopped, got.counts.entries),
        (Some(Stopped::Entries), 3)
    );
    let many = "\"/usr/bin/dash\",".repeat(4000);
    let late = format!("{{\"execute\":[{many}\"/x\"],\"walk\":false,\"deadline_ms\":40}}");
    let got = attempts(cell.pid, &late);
    assert_eq!(got.stopped, Some(Stopped::Deadline));
    assert!(got.counts.executions < 4000);
    let pid = cell.pid.to_string();
    let failed = |uid: &str, request: &str| {
        let mut command = Command::new(PROBE);
        command.args(["attempts", "--pid", &pid, "--uid", uid, "--gid", "65532"]);
        rig::document::<Attempts>(&mut command, request)
            .unwrap_err()
            .error
            .kind
    };
    assert_eq!(failed("1", "{}"), FailureKind::BadInput);
    assert_eq!(failed("4294967295", REQUEST), FailureKind::BadInput);
    cell.stop();
    assert_eq!(failed("1", REQUEST), FailureKind::TargetGone);
}

#[test]
fn a_target_that_dies_meanwhile_is_an_error() {
    if !rig::is_root("a_target_that_dies_meanwhile_is_an_error") {
        return;
    }
    let root = folder();
    let cell = bad(root.path());
    let pid = cell.pid;
    let many = "\"/usr/bin/dash\",".repeat(4000);
    let killer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(60));
        drop(cell);
    });
    let mut command = Command::new(PROBE);
    command.args([
        "attempts",
        "--pid",
        &pid.to_string(),
        "--uid",
        "65532",
        "--gid",
        "65532",
    ]);
    let request = format!("{{\"execute\":[{many}\"/x\"],\"walk\":true,\"deadline_ms\":60000}}");
    let failed = rig::document::<Attempts>(&mut command, &request).unwrap_err();
    assert_eq!(failed.error.kind, FailureKind::TargetGone, "{failed:?}");
    killer.join().unwrap();
}

fn facts(pid: u32) -> Facts {
    let mut command = Command::new(PROBE);
    rig::document(
        command
            .args(["facts", "--pid", &pid.to_string()])
            .env("SECRET", "x"),
        "",
    )
    .unwrap()
}

#[test]
fn facts_are_the_kernels() {
    if !rig::is_root("facts_are_the_kernels") {
        return;
    }
    let root = folder();
    let mut cell = good(root.path());
    let got = facts(cell.pid);
    assert_eq!(got.unreadable, []);
    assert_eq!(got.scope, probe::Scope::Namespace);
    assert_eq!(
        (got.status.uids.effective, got.status.gids.real),
        (65532, 65532)
    );
    assert_eq!(
        (got.status.no_new_privs, got.status.capabilities.effective),
        (Some(true), 0)
    );
    assert_eq!(got.status.ns_pids.last(), Some(&1));
    let point = |path: &str| got.mounts.iter().find(|one| one.point == path).unwrap();
    assert!(point("/").options.iter().any(|one| one == "ro"));
    assert!(point("/tmp").options.iter().any(|one| one == "noexec"));
    assert_eq!((got.tasks.len(), got.sockets.len()), (1, 0));
    let maps = got.tasks[0].maps.as_ref().unwrap();
    assert!(
        maps.files
            .iter()
            .any(|one| one.executable && one.path.ends_with("/bin/sleep"))
    );
    assert!(maps.anonymous_rwx.is_empty() && maps.deleted_executable.is_empty());
    assert!(got.env_names.iter().any(|name| name == "ROOT"));
    assert!(got.limits.iter().any(|one| one.name == "Max open files"));
    let pid = cell.pid.to_string();
    cell.stop();
    let mut command = Command::new(PROBE);
    let failed = rig::document::<Facts>(command.args(["facts", "--pid", &pid]), "").unwrap_err();
    assert_eq!(failed.error.kind, FailureKind::TargetGone);
}

#[test]
fn facts_show_dropped_code_and_company() {
    if !rig::is_root("facts_show_dropped_code_and_company") {
        return;
    }
    let root = folder();
    for program in ["/usr/bin/sleep", "/usr/bin/dash", "/usr/bin/cp"] {
        rig::install(root.path(), program);
    }
    for folder in ["tmp", "dev"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    // A shell's background programs read from it.
    std::fs::write(root.path().join("dev/null"), "").unwrap();
    let script = "cp /usr/bin/sleep /tmp/dropped; /tmp/dropped 601 & \
                  exec /usr/bin/sleep 600";
    let run = format!("exec chroot \"$ROOT\" /usr/bin/dash -c '{script}'");
    let cell = Cell::start(UNSHARE, root.path(), &run);
    let mut got = facts(cell.pid);
    // The dropped program may not have begun yet.
    for _ in 0..500 {
        let began = |exe: &String| exe.ends_with("/tmp/dropped");
        if got
            .tasks
            .iter()
            .any(|one| one.exe.as_ref().is_some_and(began))
        {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        got = facts(cell.pid);
    }
    // Only what runs is deleted: deleting it earlier would keep it from starting.
    std::fs::remove_file(root.path().join("tmp/dropped")).unwrap();
    let got = facts(cell.pid);
    assert_eq!(got.tasks.len(), 2);
    let dropped = got
        .tasks
        .iter()
        .find(|one| one.exe_deleted)
        .expect("the dropped program");
    assert!(dropped.exe.as_deref().unwrap().ends_with("/tmp/dropped"));
    let deleted = &dropped.maps.as_ref().unwrap().deleted_executable;
    assert!(
        deleted
            .iter()
            .any(|one| one.path.ends_with("/tmp/dropped (deleted)"))
    );
}

fn hash(pid: u32) -> Tree {
    let mut command = Command::new(PROBE);
    rig::document(command.args(["hash", "--pid", &pid.to_string()]), "").unwrap()
}

#[test]
fn hashes_show_every_change_of_the_root_only() {
    if !rig::is_root("hashes_show_every_change_of_the_root_only") {
        return;
    }
    let root = folder();
    std::os::unix::fs::symlink("data", {
        std::fs::create_dir_all(root.path().join("etc")).unwrap();
        root.path().join("etc/link")
    })
    .unwrap();
    let cell = good(root.path());
    let before = hash(cell.pid);
    assert_eq!(before.mounts_not_entered, ["/proc", "/tmp"]);
    let entry = |tree: &Tree, path: &str| {
        tree.entries
            .iter()
            .find(|one| one.path == path)
            .cloned()
            .expect("an entry")
    };
    assert_eq!(before.entries[0].path, "/");
    assert_eq!(
        entry(&before, "/etc/data").sha256.as_deref(),
        // printf data | sha256sum
        Some("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7")
    );
    let link = entry(&before, "/etc/link");
    assert_eq!(
        (link.kind, link.target.as_deref()),
        (EntryKind::Symlink, Some("data"))
    );
    assert!(before.entries.iter().all(|one| one.unreadable.is_none()));
    assert_eq!(before, hash(cell.pid));
    // Changed from outside, where the root is not read-only.
    std::fs::write(root.path().join("etc/data"), "DATA").unwrap();
    set_mode(&root.path().join("etc"), 0o700);
    std::fs::write(root.path().join("new"), "").unwrap();
    let after = hash(cell.pid);
    assert_eq!(after.entries.len(), before.entries.len() + 1);
    assert_ne!(entry(&before, "/etc/data"), entry(&after, "/etc/data"));
    assert_eq!(entry(&after, "/etc").mode, 0o700);
    let mut command = Command::new(PROBE);
    command.args(["hash", "--pid", &cell.pid.to_string(), "--deadline-ms", "0"]);
    let failed = rig::document::<Tree>(&mut command, "").unwrap_err();
    assert_eq!(failed.error.kind, FailureKind::Limit);
}

#[test]
fn a_normal_user_examines_a_container_of_its_own() {
    if !rig::is_root("a_normal_user_examines_a_container_of_its_own") {
        return;
    }
    let root = folder();
    rig::install(root.path(), "/usr/bin/sleep");
    std::fs::create_dir_all(root.path().join("tmp")).unwrap();
    // A folder that the user may reach, whatever the build folder's rights are.
    let probe = root.path().join("probe");
    std::fs::copy(PROBE, &probe).unwrap();
    set_mode(&probe, 0o755);
    let user = [
        "setpriv",
        "--reuid=54321",
        "--regid=54321",
        "--clear-groups",
    ];
    let own = [
        "unshare",
        "--user",
        "--map-user=65532",
        "--map-group=65532",
        "--keep-caps",
    ];
    let wrapper = [&user[..], &own[..], &UNSHARE[1..]].concat();
    let mounts =
        "mount -t tmpfs -o mode=1777 t \"$ROOT/tmp\"; mount -o remount,bind,ro \"$ROOT\"; ";
    let run = format!("{mounts} exec chroot \"$ROOT\" /usr/bin/sleep 600");
    let cell = Cell::start(&wrapper, root.path(), &run);
    let pid = cell.pid.to_string();
    let as_user = |arguments: &[&str]| {
        let mut command = Command::new(user[0]);
        command.args(&user[1..]).arg(&probe).args(arguments);
        command
    };
    let facts: Facts = rig::document(&mut as_user(&["facts", "--pid", &pid]), "").unwrap();
    assert_eq!((facts.unreadable, facts.tasks.len()), (vec![], 1));
    let arguments = [
        "attempts", "--pid", &pid, "--uid", "65532", "--gid", "65532",
    ];
    let got: Attempts = rig::document(&mut as_user(&arguments), REQUEST).unwrap();
    assert_eq!(
        got.identity.entered,
        ["user", "mnt", "net", "ipc", "uts", "pid"]
    );
    // The cell keeps every capability within its namespace, and so do the attempts.
    let sets = facts.status.capabilities;
    assert_eq!(
        (got.identity.uids, got.identity.capabilities),
        ([65532; 3], sets.permitted | sets.bounding)
    );
    assert_eq!(got.execute[1].result, Executed::Executed);
    let directories = got.directories.unwrap();
    let paths = directories
        .writable
        .iter()
        .map(|one| one.path.as_str())
        .collect::<Vec<_>>();
    assert_eq!(paths, ["/tmp"]);
    let tree: Tree = rig::document(&mut as_user(&["hash", "--pid", &pid]), "").unwrap();
    assert!(tree.files >= 3);
    // A user that is not mapped there.
    let arguments = ["attempts", "--pid", &pid, "--uid", "7", "--gid", "65532"];
    let failed = rig::document::<Attempts>(&mut as_user(&arguments), REQUEST).unwrap_err();
    assert_eq!(failed.error.kind, FailureKind::BadInput);
    // A stranger is refused, with the reason.
    let mut stranger = Command::new("setpriv");
    stranger
        .args(["--reuid=54322", "--regid=54322", "--clear-groups"])
        .arg(&probe);
    let failed = rig::document::<Tree>(stranger.args(["hash", "--pid", &pid]), "").unwrap_err();
    assert_eq!(failed.error.kind, FailureKind::Denied);
}

/// The network of a prober belongs to the prober's user namespace, and the container that joins it
/// has one of its own inside that: both are entered, from outside in.
#[test]
fn a_container_in_a_probers_network_is_entered() {
    if !rig::is_root("a_container_in_a_probers_network_is_entered") {
        return;
    }
    let root = folder();
    rig::install(root.path(), "/usr/bin/sleep");
    let probe = root.path().join("probe");
    std::fs::copy(PROBE, &probe).unwrap();
    set_mode(&probe, 0o755);
    let user = ["--reuid=54323", "--regid=54323", "--clear-groups"];
    let as_user = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(user).arg(&probe).args(arguments);
        command
    };
    let prober = ["prober", "--new-netns", "--new-userns", "65532:65532"];
    let prober = rig::Prober::from(&mut as_user(&prober));
    let target = prober.up.pid.to_string();
    let enter = [
        "nsenter",
        "--user",
        "--net",
        "--preserve-credentials",
        "--target",
        &target,
    ];
    let own = [
        "unshare",
        "--user",
        "--map-user=65532",
        "--map-group=65532",
        "--keep-caps",
    ];
    // The network is the prober's.
    let rest = UNSHARE[1..]
        .iter()
        .filter(|word| **word != "--net")
        .copied();
    let wrapper: Vec<&str> = ["setpriv"]
        .into_iter()
        .chain(user)
        .chain(enter)
        .chain(own)
        .chain(rest)
        .collect();
    let run = "exec chroot \"$ROOT\" /usr/bin/sleep 600";
    let cell = Cell::start(&wrapper, root.path(), run);
    let pid = cell.pid.to_string();
    let arguments = [
        "attempts", "--pid", &pid, "--uid", "65532", "--gid", "65532",
    ];
    let got: Attempts = rig::document(&mut as_user(&arguments), REQUEST).unwrap();
    assert_eq!(
        got.identity.entered,
        ["user", "mnt", "net", "ipc", "uts", "pid", "user"]
    );
    assert_eq!(got.identity.uids, [65532; 3]);
    let tree: Tree = rig::document(&mut as_user(&["hash", "--pid", &pid]), "").unwrap();
    assert!(tree.files >= 2);
    // Root has the right to all of them at once.
    let got = attempts(cell.pid, REQUEST);
    assert_eq!(
        got.identity.entered,
        ["mnt", "net", "ipc", "uts", "pid", "user"]
    );
}
