//! Waiting for something from code that does not wait: a sweep runs without the machinery of a
//! session, perhaps on a thread of it.

use std::future::Future;

/// Runs a future to its end on a thread of its own.
pub(crate) fn run<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, String>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>>,
{
    let done = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?
            .block_on(work())
    });
    done.join().map_err(|_| "it panicked".to_owned())?
}
