//! `certify build` in a child, under conditions that must not show in its bytes.

use std::os::unix::process::CommandExt;
use std::process::Output;

use camino::{Utf8Path, Utf8PathBuf};
use model::{Digest, ImageFacts};

use crate::fixture::open_to_all;

/// A user id that owns nothing.
pub(crate) const NOBODY: u32 = 65534;

/// What a build is told, and what surrounds it.
#[derive(Debug, Clone)]
pub(crate) struct Build<'b> {
    /// What the conditions are called.
    pub(crate) name: &'b str,
    /// Arguments in front of the verb and after it.
    pub(crate) before: &'b [String],
    pub(crate) arguments: &'b [String],
    /// `XDG_CACHE_HOME`.
    pub(crate) cache: &'b Utf8Path,
    pub(crate) threads: u32,
    pub(crate) umask: &'b str,
    pub(crate) zone: &'b str,
    pub(crate) locale: &'b str,
    /// Whether another user than the caller builds.
    pub(crate) who: Who,
}

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Caller,
    Nobody,
}

impl<'b> Build<'b> {
    /// The plainest conditions.
    pub(crate) fn plain(arguments: &'b [String], cache: &'b Utf8Path) -> Self {
        Self {
            name: "plain",
            before: &[],
            arguments,
            cache,
            threads: 1,
            umask: "022",
            zone: "UTC",
            locale: "C",
            who: Who::Caller,
        }
    }

    /// Builds into a folder below `place`; the facts of the image, its layout and its listing.
    pub(crate) fn run(&self, place: &Utf8Path) -> Built {
        let done = self.attempt(place);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{}: {said}", self.name);
        Built::of(self, place, &done)
    }

    fn out(&self, place: &Utf8Path) -> Utf8PathBuf {
        place.join(self.name.replace(' ', "-")).join("out")
    }

    /// The same, whatever comes of it.
    pub(crate) fn attempt(&self, place: &Utf8Path) -> Output {
        let out = self.out(place);
        let own = out.parent().unwrap();
        fs_err::create_dir_all(own).unwrap();
        let (program, libexec) = self.programs(own);
        // The shell sets the umask, which only this child has; then it becomes the program.
        let mut call = std::process::Command::new("/bin/sh");
        call.args([
            "-c",
            "umask \"$0\" && exec \"$@\"",
            self.umask,
            program.as_str(),
        ]);
        call.args(self.before).arg("build").args(self.arguments);
        call.args(["--json", "--out", out.as_str()]);
        call.current_dir(own)
            .env("XDG_CACHE_HOME", self.cache)
            .env("CERTIFY_LIBEXEC", libexec)
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .env("TZ", self.zone)
            .env("LC_ALL", self.locale)
            .env("SOURCE_DATE_EPOCH", "1");
        if self.who == Who::Nobody {
            fs_err::create_dir_all(self.cache).unwrap();
            for folder in [own, self.cache] {
                std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            open_to_all(place);
            call.uid(NOBODY).gid(NOBODY);
        }
        call.output().unwrap()
    }

    /// The program and its companions; another user gets copies that it may read.
    fn programs(&self, own: &Utf8Path) -> (Utf8PathBuf, Utf8PathBuf) {
        let program = Utf8PathBuf::from(env!("CARGO_BIN_EXE_certify"));
        let libexec = certify::libexec::find().unwrap();
        let folder = libexec.probe.parent().unwrap().to_owned();
        if self.who == Who::Caller {
            return (program, folder);
        }
        let copy = own.join("programs");
        fs_err::create_dir_all(&copy).unwrap();
        for from in [&program, &libexec.probe, &libexec.launch] {
            fs_err::copy(from, copy.join(from.file_name().unwrap())).unwrap();
        }
        (copy.join("certify"), copy)
    }
}

/// An image that was built.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) facts: ImageFacts,
    /// The run folder.
    pub(crate) out: Utf8PathBuf,
}

impl Built {
    /// What a build that went well printed.
    pub(crate) fn of(build: &Build<'_>, place: &Utf8Path, done: &Output) -> Self {
        Self {
            facts: serde_json::from_slice(&done.stdout).unwrap(),
            out: build.out(place),
        }
    }

    /// The image's identity.
    pub(crate) fn digest(&self) -> Digest {
        self.facts.manifest
    }
}

/// Every build must give the image of the first; on a difference, what differs is named.
pub(crate) fn same(builds: &[(&str, Built)]) {
    let (first, reference) = &builds[0];
    for (name, built) in &builds[1..] {
        assert_eq!(
            reference.facts.packages, built.facts.packages,
            "the archive changed between `{first}` and `{name}`: run it again"
        );
        let layers = |built: &Built| -> Vec<(String, Digest)> {
            let layers = built.facts.layers.iter();
            layers
                .map(|layer| (layer.content.clone(), layer.diff_id))
                .collect()
        };
        assert_eq!(
            layers(reference),
            layers(built),
            "layers: {first} and {name}"
        );
        assert_eq!(reference.digest(), built.digest(), "{first} and {name}");
    }
}
