//! The decoder of an execution's responses: to a submit or to a poll.

use std::fmt;

use crate::decode::ResponseDecoder;
use crate::endpoint::Endpoint;
use crate::execution::state::Op;
use crate::failures::DecodeError;
use crate::model::{ResultsPage, Submission};
use crate::query::UsageQuery;

/// Decodes the responses to submits and polls of a query family.
#[non_exhaustive]
pub enum OpDecoder<Q: UsageQuery> {
    /// The response to a submit.
    Submission(<Q as Endpoint>::Decoder),
    /// The response to a poll.
    Page(<Q::Results as Endpoint>::Decoder),
}

/// The output of an [`OpDecoder`].
#[derive(Debug)]
#[non_exhaustive]
pub enum OpResponse {
    /// The response to a submit.
    Submission(Submission),
    /// The response to a poll.
    Page(ResultsPage),
}

impl<Q: UsageQuery> OpDecoder<Q> {
    pub(super) fn for_op(op: &Op) -> Self {
        match op {
            Op::Submit => Self::Submission(Default::default()),
            Op::Poll { .. } => Self::Page(Default::default()),
        }
    }
}

impl<Q: UsageQuery> ResponseDecoder for OpDecoder<Q> {
    type Output = OpResponse;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        match self {
            Self::Submission(decoder) => decoder.push(chunk),
            Self::Page(decoder) => decoder.push(chunk),
        }
    }

    fn finish(self) -> Result<OpResponse, DecodeError> {
        match self {
            Self::Submission(decoder) => decoder.finish().map(OpResponse::Submission),
            Self::Page(decoder) => decoder.finish().map(OpResponse::Page),
        }
    }
}

impl<Q: UsageQuery> fmt::Debug for OpDecoder<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Submission(_) => "OpDecoder::Submission",
            Self::Page(_) => "OpDecoder::Page",
        })
    }
}
