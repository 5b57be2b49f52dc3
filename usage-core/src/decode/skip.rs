//! The decoder of bodies that are not needed.

use crate::decode::ResponseDecoder;
use crate::failures::DecodeError;

/// Skips a body: for exchanges whose answer is not the machine's, such as those for a token.
///
/// ```
/// use usage_core::decode::{ResponseDecoder, SkipDecoder};
///
/// let mut decoder = SkipDecoder;
/// decoder.push(b"anything")?;
/// decoder.finish()?;
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SkipDecoder;

impl ResponseDecoder for SkipDecoder {
    type Output = ();

    fn push(&mut self, _: &[u8]) -> Result<(), DecodeError> {
        Ok(())
    }

    fn finish(self) -> Result<(), DecodeError> {
        Ok(())
    }
}
