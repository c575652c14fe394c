//! Where this program deliberately does not do what the reference tool does.

use serde::Serialize;

/// Why something is done otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Nothing unverified and nothing outside the root may come of it.
    Safety,
    /// What the reference does loses or mistakes something.
    Correctness,
    /// The interpreter of scripts is another one.
    Interpreter,
}

/// One deliberate difference.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Difference {
    /// What it is for.
    pub kind: DifferenceKind,
    /// What the reference tool (v1.4.1) does.
    pub reference: &'static str,
    /// What this program does, and why.
    pub ours: &'static str,
    /// The recorded cases that show it.
    pub cases: &'static [&'static str],
}

use DifferenceKind::{Correctness, Interpreter, Safety};

/// All of them, those for safety first.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        kind: Safety,
        reference: "installs a package whose paragraph has no SHA256, unverified; with a manifest it ends \
                    with an internal error",
        ours: "refuses it and names the paragraph: nobody vouches for those bytes",
        cases: &["stanza-no-sha256", "stanza-no-sha256-no-manifest"],
    },
    Difference {
        kind: Safety,
        reference: "accepts text before or after the signed part of an InRelease",
        ours: "refuses it: nobody vouches for that text",
        cases: &["fetch-inrelease-junk-after", "fetch-inrelease-junk-before"],
    },
    Difference {
        kind: Safety,
        reference: "lets an expired key vouch for an archive",
        ours: "an expired key vouches for nothing",
        cases: &["key-expired"],
    },
    Difference {
        kind: Safety,
        reference: "uses an archive after its Valid-Until",
        ours: "refuses it: an attacker may be holding back newer packages",
        cases: &["valid-until-past"],
    },
    Difference {
        kind: Safety,
        reference: "takes the InRelease of another suite for the one that was asked for",
        ours: "refuses it: a signed index of one suite must not stand for another",
        cases: &["suite-name-mismatch"],
    },
    Difference {
        kind: Safety,
        reference: "installs names with `..` in them",
        ours: "refuses such a package",
        cases: &["tar-dotdot-name"],
    },
    Difference {
        kind: Correctness,
        reference: "verifies indexes only by the digest of their plain text, in gzip alone",
        ours: "verifies the packed index by its own digest, and reads xz too",
        cases: &["fetch-index-no-gz", "fetch-index-not-listed"],
    },
    Difference {
        kind: Correctness,
        reference: "takes an index that is no index for an empty one",
        ours: "says that it is none",
        cases: &["fetch-index-garbage"],
    },
    Difference {
        kind: Correctness,
        reference: "leaves out a suite that does not announce the architecture, and misses its packages",
        ours: "says so at once",
        cases: &["arch-missing-field"],
    },
    Difference {
        kind: Correctness,
        reference: "compares versions without epochs, and of one index takes the last paragraph",
        ours: "compares as dpkg does, and takes the highest version",
        cases: &["version-epoch-vs-none-swapped", "version-two-stanzas"],
    },
    Difference {
        kind: Correctness,
        reference: "takes a package whose members stand in another order than deb(5) demands, and finds \
                    nothing in one written by GNU ar",
        ours: "refuses the first as dpkg does, and reads the second",
        cases: &["deb-ar-slash", "deb-data-first"],
    },
    Difference {
        kind: Correctness,
        reference: "ends with an internal error when one of several names of a file goes away or is \
                    written",
        ours: "keeps the names that stay; what is written changes under all names",
        cases: &["hardlink-until", "mutate-write-hardlink"],
    },
    Difference {
        kind: Correctness,
        reference: "misreads a folder or link whose name is written with or without a slash at its end",
        ours: "a folder is a folder and a link a link, however the name is written",
        cases: &["tar-dir-without-slash", "tar-symlink-trailing-slash"],
    },
    Difference {
        kind: Correctness,
        reference: "installs a link whose target is not UTF-8, and writes it into the manifest mangled",
        ours: "refuses it: a manifest could not say where the link leads",
        cases: &["tar-non-utf8-link"],
    },
    Difference {
        kind: Interpreter,
        reference: "texts of scripts are bytes",
        ours: "they are characters, as in the Starlark of Bazel",
        cases: &["mutate-eval-chr-ord", "mutate-eval-string-utf8-len"],
    },
    Difference {
        kind: Interpreter,
        reference: "refuses recursion, accepts tabs as indentation, prints `content` as an object",
        ours: "bounds recursion in depth, refuses tabs, prints `content` as a namespace",
        cases: &[
            "mutate-eval-type-content",
            "mutate-recursion",
            "mutate-tabs",
        ],
    },
];
