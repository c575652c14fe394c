//! Dependency closure on small made archives.

use deb::{Archive, ClosureError, Offer};
use testkit::{BuiltDeb, DebBuilder, SuiteBuilder};

use crate::scene::Scene;

/// `NAME[=VERSION]; Field: value; ...` as a package.
fn package(text: &str) -> BuiltDeb {
    let mut parts = text.split("; ");
    let head = parts.next().unwrap();
    let (name, version) = head.split_once('=').unwrap_or((head, "1"));
    let mut package = DebBuilder::new(name, version);
    for part in parts {
        let (field, value) = part.split_once(": ").unwrap();
        package = package.field(field, value);
    }
    package.build()
}

async fn archive(packages: &[&str]) -> Archive {
    let mut suite = SuiteBuilder::new("s");
    for text in packages {
        suite = suite.package("main", package(text));
    }
    let scene = Scene::new([suite]);
    scene.open(scene.spec(&["s"])).await.unwrap()
}

fn names(offers: &[Offer]) -> String {
    let names: Vec<_> = offers.iter().map(|o| o.package.name.as_str()).collect();
    names.join(" ")
}

/// What is shown, the packages, what is asked for, what is needed.
type Rule = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const RULES: &[Rule] = &[
    (
        "both fields, no Recommends",
        &[
            "a; Depends: b; Pre-Depends: c; Recommends: d",
            "b",
            "c",
            "d",
        ],
        "a",
        "a b c",
    ),
    (
        "circles end",
        &["a; Depends: b", "b; Depends: a"],
        "a",
        "a b",
    ),
    (
        "first alternative",
        &["a; Depends: b | c", "b", "c"],
        "a",
        "a b",
    ),
    (
        "one that is already in",
        &["a; Depends: b | c", "b", "c"],
        "a c",
        "a c",
    ),
    (
        "one that came in before",
        &["a; Depends: c, b | c", "b", "c"],
        "a",
        "a c",
    ),
    ("first that exists", &["a; Depends: x | c", "c"], "a", "a c"),
    (
        "first that fits by version",
        &["a; Depends: b (>= 2) | c", "b", "c"],
        "a",
        "a c",
    ),
    (
        "first that can be completed",
        &["a; Depends: b | c", "b; Depends: d", "d; Depends: x", "c"],
        "a",
        "a c",
    ),
    (
        "a real package before a provider",
        &["a; Depends: v", "p; Provides: v", "v"],
        "a",
        "a v",
    ),
    (
        "a provider that is already in",
        &["a; Depends: v", "p; Provides: v", "v"],
        "a p",
        "a p",
    ),
    (
        "a provider when there is no package",
        &["a; Depends: v", "p; Provides: v"],
        "a",
        "a p",
    ),
    (
        "the essential provider",
        &[
            "a; Depends: v",
            "p; Provides: v",
            "q; Provides: v; Essential: yes",
        ],
        "a",
        "a q",
    ),
    (
        "the more important provider",
        &[
            "a; Depends: v",
            "p; Provides: v; Priority: optional",
            "q; Provides: v; Priority: standard",
        ],
        "a",
        "a q",
    ),
    (
        "then by name",
        &["a; Depends: v", "q; Provides: v", "p; Provides: v"],
        "a",
        "a p",
    ),
    (
        "a versioned provide fits",
        &[
            "a; Depends: v (>= 2)",
            "p; Provides: v (= 1)",
            "q; Provides: v (= 3)",
        ],
        "a",
        "a q",
    ),
    (
        "a plain provide fits no version",
        &["a; Depends: v (>= 2) | c", "p; Provides: v", "c"],
        "a",
        "a c",
    ),
    (
        ":any needs Multi-Arch: allowed",
        &["a; Depends: p:any", "p; Multi-Arch: allowed"],
        "a",
        "a p",
    ),
    (
        ":any is else not met",
        &["a; Depends: p:any | c", "p; Multi-Arch: foreign", "c"],
        "a",
        "a c",
    ),
    (
        "an own architecture",
        &["a; Depends: p:amd64, q:arm64 | c", "p", "q", "c"],
        "a",
        "a c p",
    ),
    (
        "other architectures are left out",
        &["a; Depends: b [arm64], c [amd64]", "b", "c"],
        "a",
        "a c",
    ),
    (
        "the highest version",
        &["a; Depends: b (= 2)", "b=1", "b=2", "b=2~rc1"],
        "a",
        "a b",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn follows_the_rules_of_apt() {
    for (rule, packages, roots, wanted) in RULES {
        let archive = archive(packages).await;
        let found =
            deb::closure(roots.split(' '), &archive).unwrap_or_else(|e| panic!("{rule}: {e}"));
        assert_eq!(names(&found), *wanted, "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_its_chain() {
    let archive = archive(&[
        "a; Depends: b",
        "b; Depends: c",
        "c; Depends: x (>= 1) | y",
        "y=1; Depends: z",
    ])
    .await;
    assert_eq!(
        deb::closure(["zz"], &archive).unwrap_err(),
        ClosureError::Absent("zz".to_owned())
    );
    let error = deb::closure(["a"], &archive).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`y` <- `c` <- `b` <- `a` needs `z`, which no package in the archives satisfies"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimal_system_is_required_essential_and_apt() {
    let packages = [
        "base; Essential: yes; Priority: required; Depends: lib",
        "lib; Priority: optional",
        "req; Priority: required",
        "imp; Priority: important",
        "apt; Priority: important; Depends: lib2",
        "lib2",
        "other",
    ];
    let archive = archive(&packages).await;
    assert_eq!(
        names(&deb::minbase(&archive).unwrap()),
        "apt base lib lib2 req"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_system_states_that_it_is_merged_and_has_nothing_to_convert() {
    let packages = [
        "init; Essential: yes; Priority: required; Depends: usrmerge | usr-is-merged",
        "usrmerge; Depends: perl; Provides: usr-is-merged",
        "perl",
        "apt",
        "usr-is-merged",
    ];
    let minbase = async |packages: &[&str]| {
        let archive = archive(packages).await;
        names(&deb::minbase(&archive).unwrap())
    };
    assert_eq!(minbase(&packages).await, "apt init usr-is-merged");
    // Without the package that states it there is no choice, and who needs neither gets neither.
    assert_eq!(minbase(&packages[..4]).await, "apt init perl usrmerge");
    let merged = ["init; Essential: yes", "apt", "usr-is-merged"];
    assert_eq!(minbase(&merged).await, "apt init");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_what_was_asked_for_is_no_matter() {
    let archive = archive(&["a; Depends: c", "b; Depends: c | d", "c", "d"]).await;
    for roots in [["a", "b", "a"], ["b", "a", "b"]] {
        assert_eq!(names(&deb::closure(roots, &archive).unwrap()), "a b c");
    }
}
