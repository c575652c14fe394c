//! Changing a bundle: the spec's fields, mounts with what they need, a file that drifts.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The argument that makes this program change a file again and again.
pub const DRIFT: &str = "--drift";

/// The annotation by which the driver asks the embedded runtime for an overlay.
const LOWER: &str = "dev.certify.overlay.lower";

/// The image's user.
const USER: u32 = 65532;

/// Where a flaw is planted.
pub struct Plot<'a> {
    /// The bundle's `config.json`.
    pub spec: &'a mut Value,
    /// Its folder, which goes with the container.
    pub bundle: &'a Path,
}

impl Plot<'_> {
    /// Sets a field that is there.
    pub fn set(&mut self, pointer: &str, value: Value) {
        *self.spec.pointer_mut(pointer).expect(pointer) = value;
    }

    /// Adds to a list.
    pub fn push(&mut self, pointer: &str, value: Value) {
        let list = self.spec.pointer_mut(pointer).and_then(Value::as_array_mut);
        list.expect(pointer).push(value);
    }

    /// Takes a field away that is there.
    pub fn remove(&mut self, pointer: &str, field: &str) {
        let object = self
            .spec
            .pointer_mut(pointer)
            .and_then(Value::as_object_mut);
        object.expect(pointer).remove(field).expect(field);
    }

    /// Keeps a capability in every set.
    pub fn keep(&mut self, capability: &str) {
        for set in [
            "bounding",
            "effective",
            "inheritable",
            "permitted",
            "ambient",
        ] {
            self.push(&format!("/process/capabilities/{set}"), json!(capability));
        }
    }

    /// Adds a mount.
    pub fn mount(&mut self, mount: Value) {
        self.push("/mounts", mount);
    }

    /// Lets programs run from a declared path.
    pub fn let_execute(&mut self, destination: &str) {
        let mounts = self.spec["mounts"].as_array_mut().expect("mounts");
        let mut all = mounts.iter_mut();
        let mount = all.find(|mount| mount["destination"] == destination);
        let options = mount.expect("declared")["options"].as_array_mut();
        options
            .expect("options")
            .retain(|option| option != "noexec");
    }

    /// Mounts a program that really runs: the image's own server.
    pub fn mount_program(&mut self, destination: &str) {
        let source = self.root().join("server");
        self.bind(&source, destination, &["ro", "nosuid", "nodev"]);
    }

    /// Mounts a program that the image's user owns.
    pub fn mount_writable_program(&mut self, destination: &str) {
        let tool = self.bundle.join("tool");
        std::fs::write(&tool, "#!/bin/true\n").expect("a tool");
        set_mode(&tool, 0o755);
        if is_root() {
            chown(&tool, Some(USER), Some(USER)).expect("given away");
        }
        self.bind(&tool, destination, &["rw", "nosuid", "nodev", "noexec"]);
    }

    /// Mounts a program that is setuid root, where the kernel heeds it.
    pub fn mount_set_id(&mut self, destination: &str) {
        let lends = self.bundle.join("lends");
        std::fs::copy(self.root().join("server"), &lends).expect("a copy");
        set_mode(&lends, 0o4755);
        self.bind(&lends, destination, &["ro", "nodev"]);
    }

    /// Makes the root a copy of what the driver delivered, and has a file of it changed from
    /// outside for as long as it is there.
    #[allow(
        clippy::zombie_processes,
        reason = "it outlives this program, which becomes the runtime, and ends with the copy"
    )]
    pub fn drift(&mut self, file: &str) {
        let copy = self.bundle.join("drifting");
        copy_tree(&self.root(), &copy);
        let annotations = self.spec["annotations"].as_object_mut();
        annotations.expect("annotations").remove(LOWER);
        self.set("/root/path", json!(copy));
        let own = std::env::current_exe().expect("where we are");
        Command::new(own)
            .arg(DRIFT)
            .arg(copy.join(file))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("an agent");
    }

    /// Where the image's files lie on the host.
    fn root(&self) -> PathBuf {
        let path = self.spec["annotations"][LOWER]
            .as_str()
            .or_else(|| self.spec["root"]["path"].as_str());
        PathBuf::from(path.expect("a root"))
    }

    fn bind(&mut self, source: &Path, destination: &str, options: &[&str]) {
        let options: Vec<&str> = ["bind"]
            .into_iter()
            .chain(options.iter().copied())
            .collect();
        self.mount(
            json!({"destination": destination, "type": "bind", "source": source,
            "options": options}),
        );
    }
}

/// Changes a file every few milliseconds until it is gone.
pub fn drift(file: &Path) {
    for count in 0..6000 {
        let opened = std::fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(file);
        let Ok(mut opened) = opened else {
            return;
        };
        let text = format!("drifted {count} times\n");
        let _ = std::io::Write::write_all(&mut opened, text.as_bytes());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Copies folders, files and links with modes and, as root, owners.
fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copy_tree(&source, &target);
        } else if kind.is_symlink() {
            let link = std::fs::read_link(&source).expect("a link");
            symlink(link, &target).expect("a link");
        } else {
            std::fs::copy(&source, &target).expect("a copy");
        }
        own_like(&source, &target);
    }
    own_like(from, to);
    let mode = std::fs::metadata(from).expect("a mode").permissions();
    std::fs::set_permissions(to, mode).expect("the mode");
}

fn own_like(source: &Path, target: &Path) {
    if is_root() {
        let like = std::fs::symlink_metadata(source).expect("an owner");
        lchown(target, Some(like.uid()), Some(like.gid())).expect("given away");
    }
}

fn set_mode(path: &Path, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("a mode");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("our folder").uid() == 0
}
