//! Hosts that cannot do what is asked: exit 5 with the cause, never a panic, never a pass.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::scene::{Ended, Scene, wait};

/// `script` in a mount namespace of its own, in which a small file system lies on `full`.
fn on_small_disk(scene: &Scene, full: &str, script: &str) -> Command {
    let mut call = scene.call("unshare");
    let mount = format!("mkdir -p {full} && mount -t tmpfs -o size=256k tmpfs {full}");
    call.args(["--mount", "sh", "-ec", &format!("{mount}\n{script}")]);
    call.env("CERTIFY", env!("CARGO_BIN_EXE_certify"));
    call
}

const JOB: &str = "\"$CERTIFY\" run --image tiny --suite immutability --profile tiny --out";

#[test]
fn a_full_disk_is_the_environments_fault() {
    let Some(scene) = Scene::new() else { return };
    for (full, out) in [("cache", "a"), ("runs", "runs/b")] {
        let done = Ended::of(on_small_disk(&scene, full, &format!("{JOB} {out}")));
        done.assert(5, &["o space left"]);
    }
    // Even when nothing at all can be written.
    for (full, out) in [("tmp", "c"), ("runs", "runs/d")] {
        let fill = format!("head -c 1M /dev/zero > {full}/fill 2>/dev/null || true");
        let script = format!("{fill}\n{JOB} {out}");
        let done = Ended::of(on_small_disk(&scene, full, &script));
        done.assert(5, &["o space left"]);
    }
}

#[test]
fn a_full_disk_under_a_finish_step_is_the_environments_fault() {
    let Some(scene) = Scene::new() else { return };
    let step =
        "finish:\n  - name: touch\n    run: [/usr/bin/tiny, touch]\n    produces: [/var/made]\n";
    scene.image("finished", "serve", step);
    let job = JOB.replace("--image tiny", "--image finished");
    let done = Ended::of(on_small_disk(&scene, "tmp", &format!("{job} out")));
    done.assert(5, &["o space left"]);
}

/// Words that run what follows as root without the right to make namespaces.
const WITHOUT_RIGHT: &[&str] = &[
    "setpriv",
    "--bounding-set",
    "-sys_admin",
    "--inh-caps",
    "-sys_admin",
    "--ambient-caps",
    "-all",
];

#[test]
fn a_root_that_may_make_no_namespaces_is_told_so() {
    let Some(scene) = Scene::new() else { return };
    let step =
        "finish:\n  - name: touch\n    run: [/usr/bin/tiny, touch]\n    produces: [/var/made]\n";
    scene.image("finished", "serve", step);
    for image in ["tiny", "finished"] {
        let mut call = scene.call(WITHOUT_RIGHT[0]);
        call.args(&WITHOUT_RIGHT[1..])
            .arg(env!("CARGO_BIN_EXE_certify"));
        call.args(["run", "--image", image, "--suite", "immutability"]);
        call.args(["--profile", "tiny", "--out", image]);
        Ended::of(call).assert(5, &["namespace"]);
    }
}

#[test]
fn a_user_who_may_make_no_namespaces_is_told_so() {
    let Some(scene) = Scene::new() else { return };
    open_to_all(&scene);
    let script = format!(
        // Only a program started after the mapping was written has root's rights in it.
        "read go\nmount --bind \"$PROGRAMS\" bin\n\
         sh -c 'echo 0 > /proc/sys/user/max_user_namespaces'\nexec setpriv --reuid 1000 --regid 1000 --clear-groups {JOB} out"
    );
    let mut call = scene.call("unshare");
    call.args(["--user", "--mount", "sh", "-ec", &script]);
    let programs = Path::new(env!("CARGO_BIN_EXE_certify")).parent().unwrap();
    call.env("PROGRAMS", programs);
    call.env("CERTIFY", scene.path("bin/certify"));
    call.env("CERTIFY_LIBEXEC", scene.path("bin/libexec"));
    call.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = call.spawn().unwrap();
    let own = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/user")).ok();
    let pid = child.id().to_string();
    let entered = || own(&pid).is_some_and(|there| Some(there) != own("self"));
    wait("a user namespace", entered, String::new);
    for map in ["uid_map", "gid_map"] {
        std::fs::write(format!("/proc/{pid}/{map}"), "0 0 65536\n").unwrap();
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let done = Ended::from(child.wait_with_output().unwrap());
    done.assert(5, &["namespace", "max_user_namespaces"]);
}

/// Lets any user work in the scene's folders, and reach the programs.
fn open_to_all(scene: &Scene) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(scene.path("bin")).unwrap();
    for name in ["", "tmp", "cache"] {
        let all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(scene.path(name), all).unwrap();
    }
}
