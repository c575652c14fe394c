//! A tiny distribution: a signed archive on a local server, a release of slices, an image spec.
//! Everything is made here from constants, so that an image of it has one digest for ever.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{
    ArchiveBuilder, ArchiveKey, BuiltDeb, DebBuilder, KeyPlan, Packing, Server, SignPlan,
    SuiteBuilder,
};

/// When the archive is signed: 2024-08-01. Only keys, signatures and dates depend on it.
const SIGNED: u32 = 1_722_470_400;
const DATE: &str = "Thu, 01 Aug 2024 00:00:00 UTC";

/// The archive, served, and the folder that `--config` names.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    server: Server,
}

/// How the same packages are packed and signed; none of it may show in an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    pub(crate) packing: Packing,
    pub(crate) signed: u32,
}

impl Packed {
    pub(crate) const USUAL: Self = Self {
        packing: Packing::Xz,
        signed: SIGNED,
    };
    pub(crate) const OTHER: Self = Self {
        packing: Packing::Zst,
        signed: SIGNED + 86_400,
    };
}

impl Fixture {
    /// Makes everything; `more` are further packages.
    pub(crate) fn new(packed: Packed, more: &[DebBuilder]) -> Self {
        Self::of_arches(packed, more, &["amd64"])
    }

    /// The same for several architectures: the packages of each say which it is.
    pub(crate) fn of_arches(packed: Packed, more: &[DebBuilder], arches: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self {
            server: Server::start(&Self::path(&folder).join("archive")),
            folder,
        };
        let key = ArchiveKey::make(&KeyPlan::PLAIN);
        let mut suite = SuiteBuilder::new("tiny")
            .field("Date", DATE)
            .architectures(arches);
        for package in packages().iter().chain(more) {
            let package = package.clone().packing(packed.packing);
            let built: BuiltDeb = package.clone().build();
            let others = arches.iter().filter(|arch| **arch != built.architecture);
            for arch in others.filter(|_| built.architecture != "all") {
                let program = format!("the program of {arch}\n");
                let other = package.clone().architecture(arch);
                let other = match &*built.name {
                    "hello" => other.file("/usr/bin/hello-arch", 0o755, program.as_bytes()),
                    _ => other,
                };
                suite = suite.package("main", other.build());
            }
            if arches.contains(&&*built.architecture) || built.architecture == "all" {
                suite = suite.package("main", built);
            }
        }
        ArchiveBuilder::new(&key, SignPlan::at(packed.signed))
            .suite(suite)
            .write(&fixture.root().join("archive"));
        fixture.put("releases/tiny/chisel.yaml", &release(&key));
        fixture.put("releases/tiny/keys/tiny.asc", &key.armored());
        for (name, text) in SLICES {
            fixture.put(&format!("releases/tiny/slices/{name}.yaml"), text);
        }
        fixture.put("images/tiny.yaml", IMAGE);
        fixture.put("images/files/tiny/tiny.conf", "answer = 42\n");
        open_to_all(fixture.root());
        fixture
    }

    fn path(folder: &tempfile::TempDir) -> &Utf8Path {
        Utf8Path::from_path(folder.path()).unwrap()
    }

    /// A folder that goes with the fixture.
    pub(crate) fn root(&self) -> &Utf8Path {
        Self::path(&self.folder)
    }

    /// What `--config` names.
    pub(crate) fn config(&self) -> Utf8PathBuf {
        self.root().join("own")
    }

    /// What `--mirror` names.
    pub(crate) fn mirror(&self) -> String {
        self.server.address()
    }

    /// Writes a file of the configuration folder.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.config().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
}

/// Lets other users in.
pub(crate) fn open_to_all(folder: &Utf8Path) {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn release(key: &ArchiveKey) -> String {
    let fingerprint = key.signing_fingerprint();
    let id = &fingerprint[fingerprint.len() - 16..];
    format!(
        "format: v3\n\
         archives:\n\
         \x20 tiny:\n\
         \x20   version: 1\n\
         \x20   suites: [tiny]\n\
         \x20   components: [main]\n\
         \x20   priority: 10\n\
         \x20   label: Test\n\
         \x20   origin: Test\n\
         \x20   public-keys: [tiny]\n\
         public-keys:\n\
         \x20 tiny: {{id: {id}, path: keys/tiny.asc}}\n\
         maintenance: {{standard: 2024-08-01, end-of-life: 2099-01-01}}\n"
    )
}

/// A minimal system with what the default baseline needs, and one program.
fn packages() -> Vec<DebBuilder> {
    let base = |name: &str| {
        DebBuilder::new(name, "1.0-1")
            .field("Essential", "yes")
            .field("Priority", "required")
            .file(
                &format!("/usr/share/doc/{name}/copyright"),
                0o644,
                b"free\n",
            )
    };
    vec![
        base("base-files")
            .dir("/usr/bin", 0o755)
            .dir("/usr/lib", 0o755)
            .dir("/var/run", 0o755)
            .symlink("/bin", "usr/bin")
            .symlink("/lib", "usr/lib")
            .file("/etc/os-release", 0o644, b"ID=tiny\n"),
        base("base-passwd")
            .file(
                "/usr/share/base-passwd/passwd.master",
                0o644,
                b"root:*:0:0:root:/root:/bin/sh\n",
            )
            .file(
                "/usr/share/base-passwd/group.master",
                0o644,
                b"root:*:0:\nadm:*:4:\n",
            ),
        base("libc-bin").file(
            "/usr/share/libc-bin/nsswitch.conf",
            0o644,
            b"hosts: files\n",
        ),
        DebBuilder::new("apt", "2.0").file("/usr/bin/apt", 0o755, b"apt\n"),
        DebBuilder::new("hello", "1:2.3-4")
            .field("Depends", "hello-data (>= 1.0)")
            .file("/usr/bin/hello", 0o755, b"the program\n")
            .hardlink("/usr/bin/hello-2", "/usr/bin/hello")
            .symlink("/usr/bin/greet", "hello")
            .file("/usr/bin/mail", 0o2755, b"another\n")
            .owned_by(0, 8)
            .file("/usr/share/man/man1/hello.1", 0o644, b"manual\n")
            .file("/usr/share/doc/hello/copyright", 0o644, b"free\n"),
        DebBuilder::new("hello-data", "1.0")
            .architecture("all")
            .dir("/var/lib/hello", 0o750)
            .owned_by(7, 7)
            .file("/usr/share/hello/data", 0o644, &noise(5 << 19))
            .file("/usr/share/hello/\u{e4} b", 0o600, b"odd name\n")
            .file("/usr/share/doc/hello-data/copyright", 0o644, b"free\n"),
    ]
}

/// Bytes that deflate only a little, more than two blocks of them: what is packed in parallel.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"0123456789abcdef \n"[usize::try_from(state % 18).unwrap()]
    };
    std::iter::repeat_with(next).take(length).collect()
}

const SLICES: [(&str, &str); 3] = [
    (
        "base-files",
        "package: base-files\n\
         slices:\n\
         \x20 base:\n\
         \x20   contents:\n\
         \x20     /bin:\n\
         \x20     /lib:\n\
         \x20     /usr/bin/:\n\
         \x20     /etc/os-release:\n",
    ),
    (
        "hello",
        "package: hello\n\
         slices:\n\
         \x20 bins:\n\
         \x20   essential: {base-files_base: , hello-data_data: }\n\
         \x20   contents:\n\
         \x20     /usr/bin/hello:\n\
         \x20     /usr/bin/hello-2:\n\
         \x20     /usr/bin/greet:\n\
         \x20     /etc/hello/mode: {text: fast}\n\
         \x20     /usr/share/doc/hello/copyright:\n",
    ),
    (
        "hello-data",
        "package: hello-data\n\
         slices:\n\
         \x20 data:\n\
         \x20   contents:\n\
         \x20     /usr/share/hello/**:\n\
         \x20     /var/lib/hello/:\n\
         \x20     /usr/share/doc/hello-data/copyright:\n",
    ),
];

const IMAGE: &str = "\
summary: a tiny program
slices:
  tiny: [hello_bins]
files:
  - {path: /etc/tiny.conf, source: {file: tiny/tiny.conf}, mode: '0640', owner: '0:7'}
config:
  entrypoint: [/usr/bin/hello]
  env: {PATH: /usr/bin}
  ports: [8080]
readiness:
  exit: {code: 0}
writable:
  - {path: /tmp, size_mib: 1}
resources:
  memory_mib: 16
  pids: 8
baseline:
  install:
    tiny: [hello]
";
