//! Secrets that cannot be printed.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// The text that replaces a secret in any output.
pub const REDACTED: &str = "[redacted]";

/// A value that must not appear in any output. Its `Debug` is redacted, it implements neither `Display` nor
/// `Serialize`, and its memory is zeroed when it is dropped.
///
/// ```
/// let secret = usage_core::Secret::new(String::from("hunter2"));
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`. The caller is responsible for any copies made before.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Returns the value. The name makes every use of a secret easy to find.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_value_comes_out_by_expose_and_in_no_other_way() {
        let secret: Secret<Vec<u8>> = vec![7, 8].into();
        assert_eq!(*secret.expose(), [7, 8]);
        assert_eq!(*secret.clone().expose(), [7, 8]);
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            format!("{REDACTED} Some(\n    {REDACTED},\n)")
        );
    }
}
