//! The decoders of results pages.

use std::fmt;

use crate::decode::ResponseDecoder;
use crate::decode::document::Document;
use crate::decode::row::{Keep, RowSink, RowVisitor, Visit};
use crate::decode::utf8::{NotUtf8, Utf8};
use crate::decode::{QueryStatus, ResultsPage};
use crate::failures::DecodeError;
use crate::table::UsageTable;

/// The maximum size of a results page, in bytes. A page of 20,000 rows, the service's cap, has about 8 MB.
pub const MAX_PAGE_BODY: usize = 256 * 1024 * 1024;

/// Decodes a results page of any query family into a [`ResultsPage`], row by row as the body arrives.
///
/// It does not hold the body: besides the rows, it keeps only a token that a chunk cuts.
///
/// Its state is boxed, because a decoder is moved several times between the head of a response and the end of its body.
///
/// ```
/// use usage_core::decode::{PageDecoder, ResponseDecoder};
///
/// let mut decoder = PageDecoder::default();
/// for chunk in [r#"{"queryStatus":"Complete","results":[{"reque"#, r#"sts":42}],"nextUri":"/x?after=b"}"#] {
///     decoder.push(chunk.as_bytes())?;
/// }
/// let page = decoder.finish()?;
/// assert_eq!(page.rows.row(0).unwrap().requests(), Some(42));
/// assert_eq!(page.next.unwrap().as_str(), "b");
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
#[derive(Default)]
pub struct PageDecoder(Box<Body<Keep>>);

impl ResponseDecoder for PageDecoder {
    type Output = ResultsPage;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.push(chunk)
    }

    fn finish(mut self) -> Result<ResultsPage, DecodeError> {
        self.0.finish()?;
        let Document { head, rows, .. } = self.0.document;
        Ok(head.with(rows.sink.into_table()))
    }
}

/// Decodes the results of a query family that has no pages: like [`PageDecoder`], but ignores cursors.
///
/// ```
/// use usage_core::decode::{ResponseDecoder, SinglePageDecoder};
///
/// let mut decoder = SinglePageDecoder::default();
/// decoder.push(br#"{"queryStatus":"Complete","results":[{"requests":42}]}"#)?;
/// assert_eq!(decoder.finish()?.rows.len(), 1);
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
pub struct SinglePageDecoder(PageDecoder);

impl Default for SinglePageDecoder {
    fn default() -> Self {
        let mut decoder = PageDecoder::default();
        decoder.0.document.single_page = true;
        Self(decoder)
    }
}

impl ResponseDecoder for SinglePageDecoder {
    type Output = ResultsPage;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.push(chunk)
    }

    fn finish(self) -> Result<ResultsPage, DecodeError> {
        self.0.finish()
    }
}

impl fmt::Debug for SinglePageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinglePageDecoder").finish_non_exhaustive()
    }
}

#[cfg(any(test, feature = "fuzzing"))]
impl PageDecoder {
    /// Like [`push`](ResponseDecoder::push), but reads small chunks at once too, so that tests cut exactly where they
    /// intend.
    pub(crate) fn push_at_once(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.read_checked(chunk)
    }
}

impl fmt::Debug for PageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageDecoder").finish_non_exhaustive()
    }
}

/// Decodes a results page like [`PageDecoder`], but shows its rows to a [`RowVisitor`] and keeps none.
///
/// A row is shown as soon as it is read, before it is known whether the rest of the page can be read.
///
/// ```
/// use usage_core::UsageRow;
/// use usage_core::decode::{ResponseDecoder, StreamingDecoder};
///
/// let mut requests = 0;
/// let mut decoder = StreamingDecoder::new(|row: UsageRow<'_>| requests += row.requests().unwrap_or(0));
/// decoder.push(br#"{"queryStatus":"Complete","results":[{"requests":40},{"requ"#)?;
/// decoder.push(br#"ests":2}]}"#)?;
/// let (page, _) = decoder.finish()?;
/// assert!(page.rows.is_empty());
/// assert_eq!(requests, 42);
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
#[derive(Default)]
pub struct StreamingDecoder<V>(Body<Visit<V>>);

impl<V: RowVisitor> StreamingDecoder<V> {
    /// Creates a decoder that shows each row to `visitor`.
    pub fn new(visitor: V) -> Self {
        Self(Body::new(Visit::new(visitor)))
    }

    /// Ignores cursors, for a query family that has no pages.
    #[must_use]
    pub fn single_page(mut self) -> Self {
        self.0.document.single_page = true;
        self
    }

    /// Returns the status of the query, once it was read.
    pub(crate) fn status(&self) -> Option<&QueryStatus> {
        self.0.document.status()
    }
}

impl<V: RowVisitor + Send> ResponseDecoder for StreamingDecoder<V> {
    type Output = (ResultsPage, V);

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.push(chunk)
    }

    /// Returns the page without its rows, and the visitor.
    fn finish(mut self) -> Result<(ResultsPage, V), DecodeError> {
        self.0.finish()?;
        let Document { head, rows, .. } = self.0.document;
        Ok((head.with(UsageTable::new()), rows.sink.visitor))
    }
}

impl<V> fmt::Debug for StreamingDecoder<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingDecoder").finish_non_exhaustive()
    }
}

/// Several chunks that are smaller than this are buffered before they are read, in bytes.
const SMALL_CHUNK: usize = 256;

/// The size of that buffer, in bytes.
const GATHERED: usize = 4 * SMALL_CHUNK;

/// The body of a results page: bytes in chunks, up to a limit.
#[derive(Default)]
struct Body<S> {
    /// Buffered small chunks: resuming within a token every few bytes would cost more than reading.
    gathered: Vec<u8>,
    /// A single small chunk is not buffered, since it is usually a whole page without rows.
    had_small_chunk: bool,
    utf8: Utf8,
    document: Document<S>,
    received: usize,
    /// The first error. Nothing is read after it.
    broken: Option<Box<DecodeError>>,
}

impl<S: RowSink> Body<S> {
    fn new(sink: S) -> Self {
        Self {
            gathered: Vec::new(),
            had_small_chunk: false,
            utf8: Utf8::default(),
            document: Document::new(sink),
            received: 0,
            broken: None,
        }
    }

    #[inline]
    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        if chunk.len() < SMALL_CHUNK.min(self.gathered.capacity() - self.gathered.len()) {
            match chunk {
                [byte] => self.gathered.push(*byte),
                _ => self.gathered.extend_from_slice(chunk),
            }
            return Ok(());
        }
        self.push_gathered(chunk)
    }

    /// Reads the buffer and then `chunk`, unless that is one of many small ones, which is buffered.
    fn push_gathered(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        if !self.gathered.is_empty() {
            let mut gathered = std::mem::take(&mut self.gathered);
            let result = self.read_checked(&gathered);
            gathered.clear();
            self.gathered = gathered;
            result?;
        }
        let is_small = chunk.len() < SMALL_CHUNK;
        if is_small && self.had_small_chunk {
            self.gathered.reserve_exact(GATHERED);
            self.gathered.extend_from_slice(chunk);
            return Ok(());
        }
        self.had_small_chunk = is_small;
        self.read_checked(chunk)
    }

    /// Reads a chunk, unless there was an error.
    fn read_checked(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        let result = match &self.broken {
            Some(error) => Err(DecodeError::clone(error)),
            None => self.read_bounded(chunk),
        };
        result.inspect_err(|error| self.broken = Some(error.clone().into()))
    }

    fn read_bounded(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        let (chunk, too_much) = chunk.split_at(chunk.len().min(MAX_PAGE_BODY - self.received));
        self.received += chunk.len();
        self.read(chunk)?;
        if too_much.is_empty() {
            return Ok(());
        }
        self.document.read_held()?;
        Err(DecodeError::new(
            "$",
            MAX_PAGE_BODY as u64,
            format!("the body has more than {MAX_PAGE_BODY} bytes"),
        ))
    }

    fn read(&mut self, mut chunk: &[u8]) -> Result<(), DecodeError> {
        loop {
            match self.utf8.next(&mut chunk) {
                Ok(Some(text)) => self.document.read(text)?,
                Ok(None) => return Ok(()),
                Err(NotUtf8) => {
                    self.document.read_held()?;
                    return Err(self.document.not_utf8());
                }
            }
        }
    }

    /// Takes the end of the body. Afterwards the page is in the document, which is not moved, since it is large.
    fn finish(&mut self) -> Result<(), DecodeError> {
        if !self.gathered.is_empty() {
            let gathered = std::mem::take(&mut self.gathered);
            self.read_checked(&gathered)?;
        }
        if let Some(error) = self.broken.take() {
            return Err(*error);
        }
        self.document.read_held()?;
        match self.utf8.finish() {
            Ok(()) => self.document.finish(),
            Err(NotUtf8) => Err(self.document.not_utf8().at_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_a_limit() {
        for (before, allowed) in
            [(MAX_PAGE_BODY - 2, true), (MAX_PAGE_BODY - 1, true), (MAX_PAGE_BODY, false)]
        {
            let mut decoder = PageDecoder::default();
            // Pretends that this many bytes had been read.
            decoder.0.received = before - 2;
            decoder.push_at_once(b"{}").unwrap();
            let result = decoder.push_at_once(b" ");
            assert_eq!(result.is_ok(), allowed);
            if let Err(error) = result {
                assert_eq!((&*error.path, error.offset), ("$", MAX_PAGE_BODY as u64));
            }
        }
    }

    #[test]
    fn small_chunks_are_gathered_and_read_in_their_order() {
        let body =
            format!(r#"{{"queryStatus":"Complete","x":"{}","results":[{{}}]}}"#, "y".repeat(3 * GATHERED));
        for chunk in [1, 7, SMALL_CHUNK - 1, SMALL_CHUNK, SMALL_CHUNK + 1, GATHERED + 1] {
            for first in [0, 1, SMALL_CHUNK] {
                let mut decoder = PageDecoder::default();
                decoder.push(&body.as_bytes()[..first]).unwrap();
                for chunk in body.as_bytes()[first..].chunks(chunk) {
                    decoder.push(chunk).unwrap();
                }
                assert_eq!(decoder.finish().unwrap().rows.len(), 1);
            }
        }
    }

    #[test]
    fn chunks_are_read_at_once_unless_they_are_several_small_ones() {
        for (sizes, gathered) in [
            (&[9][..], 0),
            (&[9, 9], 9),
            (&[9, 9, 9], 18),
            (&[200, 200, 200, 200, 200], 800),
            (&[9, SMALL_CHUNK - 1], SMALL_CHUNK - 1),
            (&[9, SMALL_CHUNK], 0),
            (&[9, 9, SMALL_CHUNK], 0),
            // The buffer is already allocated.
            (&[9, 9, SMALL_CHUNK, 9], 9),
            (&[9, SMALL_CHUNK, 9, 9], 9),
        ] {
            let mut decoder = PageDecoder::default();
            for size in sizes {
                decoder.push(&vec![b' '; *size]).unwrap();
            }
            assert_eq!(decoder.0.gathered.len(), gathered, "{sizes:?}");
        }
        let mut decoder = PageDecoder::default();
        for _ in 0..100 {
            decoder.push(&[b' '; SMALL_CHUNK - 1]).unwrap();
            assert!(decoder.0.gathered.capacity() <= GATHERED);
        }
    }

    #[test]
    fn chunks_of_any_mixture_keep_their_order() {
        let body =
            format!(r#"{{"queryStatus":"Complete","x":"{}","results":[{{}}]}}"#, "y".repeat(5 * GATHERED));
        for sizes in [&[1, SMALL_CHUNK][..], &[SMALL_CHUNK + 9, 1, 1], &[3, 200, 1, GATHERED, 2, 2]] {
            let (mut decoder, mut rest) = (PageDecoder::default(), body.as_bytes());
            for size in sizes.iter().cycle() {
                let (chunk, behind) = rest.split_at((*size).min(rest.len()));
                decoder.push(chunk).unwrap();
                decoder.push(b"").unwrap();
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            assert_eq!(decoder.finish().unwrap().rows.len(), 1);
        }
    }

    #[test]
    fn an_error_stays() {
        let mut decoder = PageDecoder::default();
        let error = decoder.push_at_once(b"[").unwrap_err();
        assert_eq!(decoder.push_at_once(b"{}"), Err(error.clone()));
        assert_eq!(decoder.push(&[b' '; SMALL_CHUNK]), Err(error.clone()));
        assert_eq!(decoder.finish(), Err(error));
    }
}
