//! What tests of the other drivers need of a runtime: here it has run already.

pub(crate) fn run<T>(done: T) -> T {
    done
}

/// All that `results` yields.
pub(crate) fn collect<T>(results: impl Iterator<Item = T>) -> Vec<T> {
    results.collect()
}

/// The first that `results` yields; it is dropped then.
pub(crate) fn first<T>(mut results: impl Iterator<Item = T>) -> T {
    results.next().unwrap()
}
