//! Containers of this runtime, as root and as a normal user.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::write_with_newline,
    dead_code,
    unused_variables,
    unused_assignments,
    reason = "a test speaks, starts programs and reads files by itself"
)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bundle;

use std::process::Stdio;
use std::time::Instant;

use bundle::{Bundle, Caller, answers, cgroups, eventually, listing, root, skipped};

const EPERM: &str = "1";
const EROFS: &str = "30";
const ENOSYS: &str = "38";

/// Whether user namespaces can be had; says so when not.
fn rootless() -> bool {
    if !root() {
        return false;
    }
    let probe = Bundle::new(Caller::Nobody, "facts", |_| {});
    let text = probe.must(&["features"]);
    let features: serde_json::Value = serde_json::from_str(&text).unwrap();
    if features["namespaces"] == "yes" && features["overlay"] == "yes" {
        return true;
    }
    skipped("root", &format!("a normal user cannot: {text}"));
    false
}

/// What holds in both modes.
fn confined(bundle: &Bundle) {
    let before = listing(&bundle.path("rootfs"));
    let answers = answers(&bundle.must(&["run", &bundle.id]));
    for (key, expected) in [
        ("status.Uid", "65532 65532 65532 65532"),
        ("status.Gid", "65532 65532 65532 65532"),
        ("status.CapEff", "0000000000000000"),
        ("status.CapPrm", "0000000000000000"),
        ("status.CapBnd", "0000000000000000"),
        ("status.Seccomp", "2"),
        ("status.Seccomp_filters", "1"),
        ("status.NoNewPrivs", "1"),
        ("pid", "1"),
        ("umask", "22"),
        ("sigpipe", "default"),
        ("write.root", EROFS),
        ("write.tmp", "0"),
        ("loopback", "0"),
        ("keyctl", EPERM),
        ("bpf", EPERM),
        ("unshare", EPERM),
        ("clone3", ENOSYS),
        ("personality.query", "0"),
        ("personality.aslr", EPERM),
        ("socket.inet", "0"),
        ("socket.vsock", EPERM),
        ("hostname", "subject"),
        ("word", "one two"),
        ("home", "/"),
    ] {
        assert_eq!(
            answers.get(key).map(String::as_str),
            Some(expected),
            "{key}"
        );
    }
    assert_eq!(listing(&bundle.path("rootfs")), before);
    assert_eq!(bundle.leftovers(), Vec::<String>::new());
}

#[test]
fn root_confines_the_program_and_leaves_the_tree_alone() {
    if root() {
        confined(&Bundle::new(Caller::Root, "facts", |_| {}));
    }
}

#[test]
fn a_normal_user_gets_the_same_confinement() {
    if rootless() {
        confined(&Bundle::new(Caller::Nobody, "facts", |_| {}));
    }
}

/// Without the profile the same calls succeed: it is the filter that refuses them.
#[test]
fn without_the_profile_the_calls_go_through() {
    if !root() {
        return;
    }
    let bundle = Bundle::new(Caller::Root, "facts", |spec| {
        spec["linux"]["seccomp"] = serde_json::Value::Null;
    });
    let answers = answers(&bundle.must(&["run", &bundle.id]));
    assert_eq!(answers["status.Seccomp"], "0");
    for key in ["keyctl", "unshare", "personality.aslr"] {
        assert_eq!(answers[key], "0", "{key}");
    }
    assert_ne!(answers["clone3"], ENOSYS);
}

/// The steps a driver takes, one by one.
fn lifecycle(caller: Caller) {
    let bundle = Bundle::new(caller, "wait", |_| {});
    assert!(
        bundle
            .refused(&["state", &bundle.id])
            .contains("does not exist")
    );
    assert!(bundle.create().success(), "{}", bundle.read("log"));
    assert_eq!(bundle.status(), "created");
    assert_eq!(bundle.read("out"), "");
    assert!(!bundle.create().success());
    assert!(bundle.read("log").contains("exists already"));
    bundle.must(&["start", &bundle.id]);
    eventually("the first line", || bundle.read("out") == "waiting=1\n");
    assert_eq!(bundle.status(), "running");
    assert!(
        bundle
            .refused(&["start", &bundle.id])
            .contains("is running")
    );
    assert!(
        bundle
            .refused(&["delete", &bundle.id])
            .contains("is running")
    );
    if caller == Caller::Root {
        assert!(!cgroups(&bundle.id).is_empty());
    }
    bundle.must(&["kill", &bundle.id, "TERM"]);
    eventually("its end", || bundle.status() == "stopped");
    assert!(
        bundle
            .refused(&["kill", &bundle.id, "TERM"])
            .contains("is stopped")
    );
    bundle.must(&["kill", "--all", &bundle.id, "KILL"]);
    bundle.must(&["delete", &bundle.id]);
    assert_eq!(bundle.leftovers(), Vec::<String>::new());
    assert!(
        bundle
            .refused(&["delete", &bundle.id])
            .contains("does not exist")
    );
    bundle.must(&["delete", "--force", &bundle.id]);
}

#[test]
fn root_goes_through_the_states() {
    if root() {
        lifecycle(Caller::Root);
    }
}

#[test]
fn a_normal_user_goes_through_the_states() {
    if rootless() {
        lifecycle(Caller::Nobody);
    }
}

#[test]
fn run_returns_the_programs_exit_code() {
    if !root() {
        return;
    }
    let bundle = Bundle::new(Caller::Root, "wait", |_| {});
    let mut running = bundle
        .command(&["run", "--pid-file", "pid", &bundle.id])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("its start", || {
        let text = String::from_utf8(bundle.launch(&["state", &bundle.id]).stdout).unwrap();
        text.contains("running")
    });
    // The handler may not stand yet; a signal before it ends the program as well.
    std::thread::sleep(std::time::Duration::from_millis(100));
    bundle.must(&["kill", &bundle.id]);
    assert_eq!(running.wait().unwrap().code(), Some(7));
    assert_eq!(bundle.leftovers(), Vec::<String>::new());
}

#[test]
fn force_takes_a_stubborn_program_and_its_children() {
    if !root() {
        return;
    }
    for caller in [Caller::Root, Caller::Nobody] {
        if caller == Caller::Nobody && !rootless() {
            continue;
        }
        let bundle = Bundle::new(caller, "stubborn", |_| {});
        assert!(bundle.create().success(), "{}", bundle.read("log"));
        bundle.must(&["start", &bundle.id]);
        eventually("the first line", || bundle.read("out") == "waiting=1\n");
        bundle.must(&["kill", "--all", &bundle.id, "TERM"]);
        assert_eq!(bundle.status(), "running");
        let pid = bundle.pid();
        bundle.must(&["delete", "--force", &bundle.id]);
        assert!(!std::path::Path::new(&format!("/proc/{pid}/root/subject")).exists());
        assert_eq!(bundle.leftovers(), Vec::<String>::new());
    }
}

/// `create` killed at many points of its way: whatever it left, `delete --force` removes it.
#[test]
fn what_a_killed_create_leaves_can_be_removed() {
    if !root() {
        return;
    }
    let mut half_made = 0;
    for caller in [Caller::Root, Caller::Nobody] {
        if caller == Caller::Nobody && !rootless() {
            continue;
        }
        let whole = {
            let bundle = Bundle::new(caller, "wait", |_| {});
            let began = Instant::now();
            assert!(bundle.create().success());
            began.elapsed()
        };
        for step in 0..25 {
            let bundle = Bundle::new(caller, "wait", |_| {});
            let mut child = bundle
                .command(&["create", "--pid-file", "pid", &bundle.id])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(whole * step / 22);
            child.kill().unwrap();
            child.wait().unwrap();
            if !bundle.leftovers().is_empty() {
                half_made += 1;
            }
            bundle.must(&["delete", "--force", &bundle.id]);
            assert_eq!(bundle.leftovers(), Vec::<String>::new(), "step {step}");
            let own = bundle.folder.path().to_str().unwrap().to_owned();
            eventually("the end of its processes", || !somebody_sees(&own));
        }
    }
    assert!(half_made > 5, "only {half_made} were caught half made");
}

/// Whether a process has something below `path` mounted.
fn somebody_sees(path: &str) -> bool {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("mountinfo")).ok())
        .any(|mounts| mounts.contains(path))
}

#[test]
fn dangerous_and_impossible_specs_are_refused_and_leave_nothing() {
    if !root() {
        return;
    }
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change); 8] = [
        ("the caller's own cgroup", |s| {
            s["linux"]["cgroupsPath"] = "".into();
        }),
        ("the caller's own cgroup", |s| {
            s["linux"]["cgroupsPath"] = "/".into();
        }),
        ("`..`", |s| s["linux"]["cgroupsPath"] = "/a/../..".into()),
        ("SCMP_ACT_NOTIFY", |s| {
            s["linux"]["seccomp"]["defaultAction"] = "SCMP_ACT_NOTIFY".into();
        }),
        ("/nothing", |s| s["process"]["args"][0] = "/nothing".into()),
        ("/tmp", |s| s["process"]["args"][0] = "/tmp".into()),
        ("no-such-net", |s| {
            s["linux"]["namespaces"][4]["path"] = "/run/no-such-net".into();
        }),
        ("NoNewPriv", |s| {
            s["process"]["noNewPrivileges"] = false.into()
        }),
    ];
    for (says, change) in cases {
        let bundle = Bundle::new(Caller::Root, "facts", change);
        assert!(!bundle.create().success(), "{says}");
        let log = bundle.read("log").to_lowercase();
        // libcontainer names a missing namespace by its error only.
        let said = log.contains(&says.to_lowercase()) || log.contains("enoent");
        assert!(said, "{says}: {log}");
        assert_eq!(bundle.leftovers(), Vec::<String>::new(), "{says}");
    }
    let bundle = Bundle::new(Caller::Root, "facts", |_| {});
    assert!(
        bundle
            .refused(&["create", "--bundle", "nowhere", "x"])
            .contains("nowhere")
    );
    assert!(
        bundle
            .refused(&["create", "../x"])
            .contains("container name")
    );
    std::fs::write(bundle.path("config.json"), "{").unwrap();
    assert!(!bundle.create().success());
    assert_eq!(bundle.leftovers(), Vec::<String>::new());
}

/// A cgroup that somebody is in belongs to somebody.
#[test]
fn a_cgroup_in_use_is_refused() {
    if !root() {
        return;
    }
    let first = Bundle::new(Caller::Root, "wait", |_| {});
    assert!(first.create().success());
    let taken = format!("/launch-tests/{}", first.id);
    let second = Bundle::new(Caller::Root, "wait", |spec| {
        spec["linux"]["cgroupsPath"] = taken.into();
    });
    assert!(!second.create().success());
    assert!(
        second.read("log").contains("in use"),
        "{}",
        second.read("log")
    );
    assert_eq!(first.status(), "created");
}

/// A program that exists but cannot be executed ends after `start`, and says why.
#[test]
fn a_failing_exec_is_said_on_the_containers_standard_error() {
    if !root() {
        return;
    }
    let bundle = Bundle::new(Caller::Root, "facts", |s| {
        s["process"]["args"][0] = "/broken".into();
    });
    let broken = bundle.path("rootfs/broken");
    std::fs::copy(bundle.path("config.json"), &broken).unwrap();
    std::os::unix::fs::chown(&broken, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&broken, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert!(bundle.create().success());
    bundle.must(&["start", &bundle.id]);
    eventually("its message", || {
        bundle.read("err").contains("exec /broken")
    });
    eventually("its end", || bundle.status() == "stopped");
}

/// The network of another process, in both modes: here a process that made one of its own.
#[test]
fn an_existing_network_is_joined() {
    if !root() {
        return;
    }
    for caller in [Caller::Root, Caller::Nobody] {
        if caller == Caller::Nobody && !rootless() {
            continue;
        }
        // Another container serves as the owner of the network; as a normal user it has a user
        // namespace of its own.
        let owner = Bundle::new(caller, "wait", |_| {});
        assert!(owner.create().success(), "{}", owner.read("log"));
        // Before its program runs, a process that counts as one with secrets owns it.
        owner.must(&["start", &owner.id]);
        eventually("the first line", || owner.read("out") == "waiting=1\n");
        let path = format!("/proc/{}/ns/net", owner.pid());
        let expected = std::fs::read_link(&path).unwrap();
        let guest = Bundle::new(caller, "facts", |spec| {
            spec["linux"]["namespaces"][4]["path"] = path.into();
        });
        let answers = answers(&guest.must(&["run", &guest.id]));
        assert_eq!(answers["net"], expected.to_str().unwrap());
        assert_eq!(answers["loopback"], "0");
    }
}

/// What a container writes stays where it was told to, and only there.
#[test]
fn what_is_written_can_be_kept() {
    if !root() {
        return;
    }
    for caller in [Caller::Root, Caller::Nobody] {
        if caller == Caller::Nobody && !rootless() {
            continue;
        }
        let bundle = Bundle::new(caller, "write", |spec| {
            spec["root"]["readonly"] = false.into();
            spec["annotations"]["dev.certify.overlay.kept"] = "kept".into();
            spec["process"]["user"] = serde_json::json!({"uid": 0, "gid": 0});
            spec["mounts"][2]["options"] = serde_json::json!(["nosuid"]);
        });
        let kept = bundle.path("kept");
        std::fs::create_dir(&kept).unwrap();
        if caller == Caller::Nobody {
            std::os::unix::fs::chown(&kept, Some(bundle::NOBODY), None).unwrap();
            std::os::unix::fs::chown(bundle.path("rootfs"), Some(bundle::NOBODY), None).unwrap();
        }
        let before = listing(&bundle.path("rootfs"));
        bundle.must(&["run", &bundle.id]);
        let text = std::fs::read_to_string(kept.join("upper/written")).unwrap();
        assert_eq!(text, "kept\n");
        assert_eq!(listing(&bundle.path("rootfs")), before);
        assert_eq!(bundle.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn it_says_what_it_was_built_from() {
    let call = |word: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_launch"))
            .arg(word)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let info: serde_json::Value = serde_json::from_str(&call("--build-info")).unwrap();
    assert_eq!(info["name"], "launch");
    assert!(info["source_hash"].is_string());
    assert!(call("--version").starts_with("launch version "));
}
