//! Errors of observers.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The error with which an observer stopped an execution, or the observer's panic while it handled a page.
///
/// ```
/// use usage_core::error::ObserverError;
///
/// let error = ObserverError::new(std::io::Error::other("disk full"));
/// assert_eq!(error.to_string(), "disk full");
/// assert!(error.get_ref().unwrap().is::<std::io::Error>());
/// ```
#[derive(Clone)]
pub struct ObserverError(Option<Arc<dyn Error + Send + Sync>>);

impl ObserverError {
    /// Wraps the error of an observer.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Some(error.into().into()))
    }

    /// Returns the error for an observer that panicked.
    pub fn panicked() -> Self {
        Self(None)
    }

    /// Returns whether the output that arrived was lost with a panic.
    pub fn lost_output(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the observer's own error, which can be downcast; `None` if the observer panicked.
    pub fn get_ref(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.as_deref()
    }
}

/// Two are equal if they share the same error, since foreign errors cannot be compared.
impl PartialEq for ObserverError {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl fmt::Display for ObserverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(error) => error.fmt(f),
            None => f.write_str("it panicked when a page arrived"),
        }
    }
}

impl fmt::Debug for ObserverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObserverError").field(&self.0).finish()
    }
}

impl Error for ObserverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().and_then(Error::source)
    }
}
