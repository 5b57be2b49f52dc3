//! Properties of any bytes that are decoded as a results page.

use crate::decode::{PageDecoder, ResponseDecoder, StreamingDecoder, reference};
use crate::failures::{DecodeError, MAX_ERROR_BODY};
use crate::model::ResultsPage;
use crate::table::{UsageRow, UsageTable};

/// A results page decodes to the same whole and cut anywhere, shown and kept, and with `serde_json`.
pub fn page(data: &[u8]) {
    let whole = decode([data]);
    assert_eq!(whole, decode(data.chunks(1)), "cut into bytes");
    assert_eq!(whole, decode_gathered(data.chunks(1)), "cut into bytes, which are gathered");
    let cut = data.iter().fold(0usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    for cut in [cut % (data.len() + 1), data.len() / 2] {
        assert_eq!(whole, decode([&data[..cut], &data[cut..]]), "cut at {cut}");
    }
    assert_eq!(whole, decode(data.chunks(cut % 61 + 2)), "cut into chunks of {}", cut % 61 + 2);
    assert_eq!(whole, visit(data), "shown to a visitor");
    compare(data, &whole);
}

/// A results page decodes to the same whole and cut at the positions in the first bytes: a number of cuts, and the distance
/// of each from the one before.
pub fn page_cuts(data: &[u8]) {
    let (cuts, mut document) = match data.split_first() {
        Some((cuts, data)) => data.split_at(usize::from(*cuts).min(data.len())),
        None => (data, data),
    };
    let whole = decode([document]);
    let mut chunks = Vec::new();
    for cut in cuts {
        let (chunk, rest) = document.split_at(usize::from(*cut).min(document.len()));
        chunks.push(chunk);
        document = rest;
    }
    chunks.push(document);
    assert_eq!(whole, decode(chunks.iter().copied()), "cut at {cuts:?}");
    assert_eq!(whole, decode_gathered(chunks), "cut at {cuts:?} and gathered");
}

/// A results page decodes to the same as with `serde_json`, or both refuse it.
pub fn page_oracle(data: &[u8]) {
    compare(data, &decode([data]));
}

/// Decodes the page in these chunks, each read at once.
pub fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<ResultsPage, DecodeError> {
    let mut decoder = PageDecoder::default();
    for chunk in chunks {
        decoder.push_at_once(chunk)?;
    }
    decoder.finish()
}

/// Decodes the page in these chunks, like those of a driver.
fn decode_gathered<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<ResultsPage, DecodeError> {
    let mut decoder = PageDecoder::default();
    for chunk in chunks {
        decoder.push(chunk)?;
    }
    decoder.finish()
}

/// Decodes the page with the rows that a visitor was shown.
fn visit(data: &[u8]) -> Result<ResultsPage, DecodeError> {
    let mut rows = UsageTable::new();
    let mut decoder = StreamingDecoder::new(|row: UsageRow<'_>| rows.push_row(row));
    data.chunks(1000).try_for_each(|chunk| decoder.push(chunk))?;
    let (page, _) = decoder.finish()?;
    Ok(ResultsPage { rows, ..page })
}

fn compare(data: &[u8], ours: &Result<ResultsPage, DecodeError>) {
    // The reference decoder does not limit the error body of a larger document.
    if data.len() > MAX_ERROR_BODY {
        return;
    }
    match (ours, reference::decode(data)) {
        (Ok(ours), Ok(reference)) => assert_eq!(ours, &reference, "serde_json reads something else"),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("serde_json refuses this: {error}"),
        (Err(error), Ok(_)) => panic!("serde_json accepts this: {error}"),
    }
}
