//! Recorded cases in which this crate does not do what the reference tool did, and why.

/// One case and the reason.
pub(crate) struct Gap {
    pub(crate) case: &'static str,
    pub(crate) reason: &'static str,
}

const COMMAND_LINE: &str = "an option or word of the command line, which the program reads";
const OTHER_COMMAND: &str = "a command of the program, not a cut";
const FULL_ROOT: &str =
    "the folder is not empty: a cut starts from nothing, laying it down is the program's work";

/// All of them. A listed case that passes fails the test.
pub(crate) const KNOWN_GAPS: &[Gap] = &[
    gap(
        "arch-missing-field",
        "an archive without the architecture is named at once, not as a missing package",
    ),
    gap("check-clean", OTHER_COMMAND),
    gap("check-file-file", OTHER_COMMAND),
    gap("check-listed-symlink-parent", OTHER_COMMAND),
    gap("check-missing-package", OTHER_COMMAND),
    gap("check-parent-symlink", OTHER_COMMAND),
    gap("check-symlink-symlink", OTHER_COMMAND),
    gap("check-three-packages", OTHER_COMMAND),
    gap("cli-release-bad-label", COMMAND_LINE),
    gap("cli-release-dir-missing", COMMAND_LINE),
    gap("cli-root-existing-dir-in-place", FULL_ROOT),
    gap("cli-root-existing-files", FULL_ROOT),
    gap("cli-root-flag-missing", COMMAND_LINE),
    gap("cli-root-is-file", FULL_ROOT),
    gap("cli-root-missing-dir", FULL_ROOT),
    gap("cli-unknown-command", OTHER_COMMAND),
    gap("cli-unknown-flag", COMMAND_LINE),
    gap("create-file-through-dir-symlink-in-root", FULL_ROOT),
    gap(
        "deb-ar-slash",
        "GNU ar's names are read: such a package is whole",
    ),
    gap(
        "deb-data-first",
        "members must stand in the order of deb(5)",
    ),
    gap(
        "fetch-index-garbage",
        "an index that is no index is named, not taken for an empty one",
    ),
    gap("fetch-index-no-gz", "indexes in xz are read too"),
    gap(
        "fetch-index-not-listed",
        "the packed index is verified by its own digest, the plain one need not be listed",
    ),
    gap(
        "fetch-inrelease-401",
        "the test's archive is a folder, which has no status codes",
    ),
    gap(
        "fetch-inrelease-500",
        "the test's archive is a folder, which has no status codes",
    ),
    gap(
        "fetch-inrelease-junk-after",
        "text outside the signature is refused: nobody vouches for it",
    ),
    gap(
        "fetch-inrelease-junk-before",
        "text outside the signature is refused: nobody vouches for it",
    ),
    gap(
        "hardlink-before-target",
        "a hard link must come after its file, as dpkg writes them",
    ),
    gap(
        "hardlink-target-without-dot",
        "the reader of packages refuses link targets without ./",
    ),
    gap(
        "hardlink-until",
        "a defect of the reference: the names that stay are kept",
    ),
    gap("info-no-args", COMMAND_LINE),
    gap("key-expired", "an expired key vouches for nothing"),
    gap("link-deb-over-empty-dir", FULL_ROOT),
    gap("link-deb-over-file", FULL_ROOT),
    gap("link-deb-over-same-symlink", FULL_ROOT),
    gap("link-deb-over-symlink", FULL_ROOT),
    gap("link-made-over-empty-dir", FULL_ROOT),
    gap("link-made-over-file", FULL_ROOT),
    gap("link-made-over-symlink", FULL_ROOT),
    gap("maint-ignore-unknown", COMMAND_LINE),
    gap("manifest-in-existing-file-place", FULL_ROOT),
    gap(
        "mutate-eval-chr-ord",
        "texts of the interpreter are characters, not bytes",
    ),
    gap(
        "mutate-eval-string-utf8-len",
        "texts of the interpreter are characters, not bytes",
    ),
    gap(
        "mutate-eval-type-content",
        "content is a namespace of the interpreter and prints as one",
    ),
    gap("mutate-list-existing-root-files", FULL_ROOT),
    gap(
        "mutate-recursion",
        "the interpreter allows recursion, bounded in depth",
    ),
    gap("mutate-tabs", "the interpreter refuses tabs as indentation"),
    gap(
        "mutate-write-hardlink",
        "a defect of the reference: all names of the file change together",
    ),
    gap(
        "stanza-no-filename",
        "a paragraph that could not be fetched or verified spoils its index, and is named",
    ),
    gap(
        "stanza-no-sha256-no-manifest",
        "a paragraph that could not be fetched or verified spoils its index, and is named",
    ),
    gap(
        "suite-name-mismatch",
        "an InRelease of another suite is refused",
    ),
    gap(
        "tar-dir-without-slash",
        "a folder is a folder, however its name is written",
    ),
    gap("tar-dotdot-name", "names with .. are refused"),
    gap(
        "tar-non-utf8-link",
        "the reader of packages refuses link targets that are not UTF-8",
    ),
    gap(
        "tar-symlink-trailing-slash",
        "a link is a link, however its name is written",
    ),
    gap(
        "valid-until-past",
        "an archive past its Valid-Until is refused",
    ),
    gap(
        "version-epoch-vs-none-swapped",
        "versions compare as in dpkg: an epoch is above none",
    ),
    gap(
        "version-two-stanzas",
        "the highest version in an index wins, not the last",
    ),
];

const fn gap(case: &'static str, reason: &'static str) -> Gap {
    Gap { case, reason }
}
