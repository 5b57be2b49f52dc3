//! The runtime of the other drivers' tests: a blocking call has ended when it returns.

pub(crate) fn run<T>(done: T) -> T {
    done
}

/// Returns all items of `results`.
pub(crate) fn collect<T>(results: impl Iterator<Item = T>) -> Vec<T> {
    results.collect()
}

/// Returns the first item of `results`, which is then dropped.
pub(crate) fn first<T>(mut results: impl Iterator<Item = T>) -> T {
    results.next().unwrap()
}
