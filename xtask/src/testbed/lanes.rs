//! Steps beside each other: while one downloads or links, which takes one processor, others compile.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::Result;

/// How many at once.
const LANES: usize = 3;

/// Takes all steps, in their order; the first error by that order counts.
pub(super) fn side_by_side<F>(steps: &[F]) -> Result<Vec<PathBuf>>
where
    F: Fn() -> Result<PathBuf> + Sync,
{
    let next = AtomicUsize::new(0);
    let done: Vec<OnceLock<Result<PathBuf>>> = steps.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some(step) = steps.get(at) else {
                        break;
                    };
                    let result = step();
                    if result.is_err() {
                        // What was begun ends; nothing more is begun.
                        next.store(steps.len(), Relaxed);
                    }
                    let _ = done[at].set(result);
                }
            });
        }
    });
    let taken = done.into_iter().filter_map(OnceLock::into_inner);
    taken.collect()
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::*;

    #[test]
    fn steps_are_all_taken_and_stand_in_their_order() {
        let steps: Vec<_> = (0..20)
            .map(|number| move || Ok(PathBuf::from(number.to_string())))
            .collect();
        let taken = side_by_side(&steps).unwrap();
        let wanted: Vec<PathBuf> = (0..20).map(|n| PathBuf::from(n.to_string())).collect();
        assert_eq!(taken, wanted);
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "other steps take longer than the failing one"
    )]
    fn a_step_that_fails_fails_all() {
        let begun = AtomicUsize::new(0);
        let steps: Vec<_> = (0..20)
            .map(|number| {
                let begun = &begun;
                move || {
                    begun.fetch_add(1, Relaxed);
                    ensure!(number != 1, "no luck with {number}");
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    Ok(PathBuf::new())
                }
            })
            .collect();
        let error = side_by_side(&steps).unwrap_err();
        assert_eq!(error.to_string(), "no luck with 1");
        assert!(begun.into_inner() < 20, "nothing more is begun");
    }
}
