//! Incremental decompression of bodies, with a limit.

use std::fmt;
use std::io::{self, Write};
use std::ops::ControlFlow;

use flate2::write::MultiGzDecoder;

use crate::failures::DecodeError;

/// A streaming decompressor for gzip, of one member or several. It holds one window of the body at a time, whatever the
/// compression ratio; the consumer of the pieces limits the decompressed size.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Whether no byte has arrived yet: an empty body is valid without a header.
    empty: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), empty: true }
    }

    /// Decompresses `chunk` and passes it to `taker` in pieces, until that returns `Break`.
    pub(super) fn push(
        &mut self,
        mut chunk: &[u8],
        mut taker: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, DecodeError> {
        self.empty &= chunk.is_empty();
        while !chunk.is_empty() {
            let written = self.decoder.write(chunk).map_err(|error| corrupt(&error))?;
            if self.hand_over(&mut taker).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            chunk = chunk.get(written..).unwrap_or_default();
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Ends the body and passes the rest to `taker`.
    pub(super) fn finish(
        &mut self,
        mut taker: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), DecodeError> {
        if self.empty {
            return Ok(());
        }
        let finished = self.decoder.try_finish();
        if self.hand_over(&mut taker).is_break() {
            return Ok(());
        }
        finished.map_err(|error| if self.lacks_its_end() { cut_short() } else { corrupt(&error) })
    }

    /// Returns whether the checksum or the length behind the compressed data is incomplete: the decoder, which reports a
    /// wrong checksum in the same way, takes more of it.
    fn lacks_its_end(&mut self) -> bool {
        self.decoder.write(&[0]).is_ok()
    }

    fn hand_over(&mut self, taker: &mut impl FnMut(&[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        let pieces = self.decoder.get_mut();
        let flow = if pieces.is_empty() { ControlFlow::Continue(()) } else { taker(pieces) };
        pieces.clear();
        flow
    }
}

impl fmt::Debug for Gunzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gunzip").finish_non_exhaustive()
    }
}

fn corrupt(error: &io::Error) -> DecodeError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => cut_short(),
        _ => DecodeError::new("$", 0, "the gzip body is corrupt"),
    }
}

fn cut_short() -> DecodeError {
    DecodeError::new("$", 0, "the gzip body ends too early").at_end()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::response::Parts;
    use proptest::prelude::*;

    use super::*;
    use crate::decode::{JsonDecoder, MAX_JSON_BODY, PageDecoder};
    use crate::failures::{ApiError, MAX_ERROR_BODY, ResponseError};
    use crate::machine::exchange::{Purpose, Ticket};
    use crate::machine::response_reader::ResponseReader;
    use crate::model::{ResultsPage, Submission};

    fn gzip(document: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(document).unwrap();
        encoder.finish().unwrap()
    }

    fn head(status: u16, encoding: &str) -> Parts {
        let response = http::Response::builder().status(status).header("content-encoding", encoding);
        response.body(()).unwrap().into_parts().0
    }

    fn take<D: crate::decode::ResponseDecoder>(
        head: &Parts,
        decoder: D,
        chunks: &[&[u8]],
    ) -> Result<D::Output, ResponseError> {
        let mut reader = ResponseReader::new(Ticket(Purpose::Operation(1)), head, || decoder);
        for chunk in chunks {
            if reader.push(chunk).is_break() {
                break;
            }
        }
        reader.into_answer().expect("no token was asked for")
    }

    fn page(encoding: &str, chunks: &[&[u8]]) -> Result<ResultsPage, ResponseError> {
        take(&head(200, encoding), PageDecoder::default(), chunks)
    }

    fn submission(body: &[u8]) -> Result<Submission, ResponseError> {
        take(&head(200, "gzip"), JsonDecoder::default(), &[body])
    }

    fn problem<T: fmt::Debug>(result: Result<T, ResponseError>) -> String {
        match result.unwrap_err() {
            ResponseError::Decode(error) => error.problem.into(),
            ResponseError::Api(error) => panic!("{error}"),
        }
    }

    fn api_error(encoding: &str, body: &[u8]) -> ApiError {
        match take(&head(503, encoding), PageDecoder::default(), &[body]).unwrap_err() {
            ResponseError::Api(error) => *error,
            ResponseError::Decode(error) => panic!("{error}"),
        }
    }

    /// Pages, nearly pages, and anything.
    fn documents() -> impl Strategy<Value = Vec<u8>> {
        let row = ("[a-z]{0,9}", any::<u32>())
            .prop_map(|(name, count)| format!(r#"{{"clientName":"{name}","requests":{count}}}"#));
        let page = prop::collection::vec(row, 0..40)
            .prop_map(|rows| format!(r#"{{"queryStatus":"Complete","results":[{}]}}"#, rows.join(",")));
        prop_oneof![
            page.clone().prop_map(String::into_bytes),
            (page, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(page, at, byte)| {
                let mut page = page.into_bytes();
                let at = at.index(page.len());
                page[at] = byte;
                page
            }),
            prop::collection::vec(any::<u8>(), 0..200),
        ]
    }

    fn cut(body: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
        at.sort_unstable();
        let ends = at.into_iter().chain([body.len()]);
        ends.scan(0, |start, end| Some(&body[std::mem::replace(start, end)..end])).collect()
    }

    proptest! {
        #[test]
        fn a_document_reads_as_if_it_were_plain(
            document in documents(),
            members in 1..3_usize,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let size = document.len().div_ceil(members).max(1);
            let mut body = document.chunks(size).flat_map(gzip).collect::<Vec<_>>();
            if document.is_empty() {
                body = gzip(b"");
            }
            let plain = page("identity", &[&document]);
            let cuts_of_plain = cuts.iter().map(|at| at.index(document.len() + 1)).collect();
            prop_assert_eq!(&page("identity", &cut(&document, cuts_of_plain)), &plain);
            let cuts = cuts.iter().map(|at| at.index(body.len() + 1)).collect();
            prop_assert_eq!(&page("gzip", &cut(&body, cuts)), &plain);
            prop_assert_eq!(&page("x-GZIP", &body.chunks(1).collect::<Vec<_>>()), &plain);
        }

        /// Which of two errors comes first depends on the chunks; whether there is one does not.
        #[test]
        fn a_broken_one_is_trouble_wherever_it_is_cut(
            document in documents(),
            broken in (any::<prop::sample::Index>(), 1..=255_u8),
            end in any::<prop::sample::Index>(),
        ) {
            let mut body = gzip(&document);
            let at = broken.0.index(body.len());
            body[at] ^= broken.1;
            body.truncate(end.index(body.len()) + 1);
            let whole = page("gzip", &[&body]).ok();
            prop_assert_eq!(&page("gzip", &body.chunks(1).collect::<Vec<_>>()).ok(), &whole);
            let middle = body.len() / 2;
            prop_assert_eq!(&page("gzip", &[&body[..middle], &body[middle..]]).ok(), &whole);
        }
    }

    #[test]
    fn what_is_no_whole_gzip_is_told() {
        let document = br#"{"queryStatus":"Complete","results":[]}"#;
        let whole = gzip(document);
        assert!(page("gzip", &[&whole]).is_ok());
        for end in 1..whole.len() {
            assert_eq!(problem(page("gzip", &[&whole[..end]])), "the gzip body ends too early", "{end}");
            let twice = [&whole[..], &whole[..end]].concat();
            assert_eq!(problem(page("gzip", &[&twice])), "the gzip body ends too early", "{end}");
        }
        assert_eq!(
            problem(page("gzip", &[&[&whole[..], b"and more of something else"].concat()])),
            "the gzip body is corrupt"
        );
        assert_eq!(problem(page("gzip", &[&document[..]])), "the gzip body is corrupt");
        assert_eq!(problem(page("gzip", &[&whole[..whole.len() - 9]])), "the gzip body ends too early");
        let mut wrong = whole.clone();
        let checksum = wrong.len() - 5;
        wrong[checksum] ^= 1;
        assert_eq!(problem(page("gzip", &[&wrong])), "the gzip body is corrupt");
        assert_eq!(
            problem(page("gzip, gzip", &[&whole])),
            "the body is encoded as gzip, gzip, which was not asked for"
        );
    }

    #[test]
    fn it_does_not_print_what_it_holds() {
        let mut gunzip = Gunzip::new();
        let _ = gunzip.push(&gzip(b"hunter2"), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(format!("{gunzip:?}"), "Gunzip { .. }");
    }

    #[test]
    fn a_body_that_is_not_there_is_empty() {
        assert_eq!(problem(page("gzip", &[])), problem(page("identity", &[])));
        assert_eq!(problem(page("gzip", &[b""])), problem(page("identity", &[])));
    }

    #[test]
    fn a_bomb_is_a_body_that_is_too_large() {
        let bomb = gzip(&vec![b' '; 64 * MAX_JSON_BODY]);
        assert!(bomb.len() < MAX_JSON_BODY / 8);
        let plain = take(
            &head(200, "identity"),
            JsonDecoder::<Submission>::default(),
            &[&vec![b' '; MAX_JSON_BODY + 1]],
        );
        assert_eq!(problem(submission(&bomb)), problem(plain));
    }

    #[test]
    fn an_error_keeps_its_status_whatever_its_body_is() {
        let body = br#"{"message":"try later","code":"service.unavailable"}"#;
        assert_eq!(api_error("gzip", &gzip(body)), api_error("identity", body));
        for broken in [&gzip(body)[..20], b"no gzip"] {
            assert_eq!(api_error("gzip", broken).status, 503);
        }
        let bomb = gzip(&vec![b'x'; 64 * MAX_ERROR_BODY]);
        assert_eq!(api_error("gzip", &bomb), api_error("identity", &vec![b'x'; 64 * MAX_ERROR_BODY]));
    }
}
