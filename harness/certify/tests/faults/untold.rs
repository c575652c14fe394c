//! A pod that goes without a word of how its container ended.

use crate::scene::{Ended, run};
use crate::script::{Lasts, Script};

fn ended(lasts: Lasts) -> Ended {
    let ended = run(Script {
        untold: Some(lasts),
        ..Script::default()
    });
    assert!(ended.left.is_empty(), "{:?}", ended.left);
    ended
}

#[test]
fn another_is_asked_to_stop() {
    let ended = ended(Lasts::Once);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn what_stays_untold_is_the_environments_doing() {
    let ended = ended(Lasts::ForEver);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    let words = "did not say how it ended, 3 times";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}
