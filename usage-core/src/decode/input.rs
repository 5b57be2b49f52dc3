//! The text that a decoder reads: one piece of the body, and how far it is read.

use std::ops::Range;

/// What is wrong with a body, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// How many bytes of the body precede the problem.
    pub(super) offset: u64,
    pub(super) problem: &'static str,
}

/// A piece of the body.
///
/// It is copied into functions that are rarely called, and back, so that everywhere else it stays in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    text: &'a str,
    at: usize,
    /// How many bytes of the body precede this piece.
    base: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(text: &'a str, base: u64) -> Self {
        Self { text, at: 0, base }
    }

    /// How many bytes of the body are read.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Where in this piece the next byte is.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was read since the reader was at `start`.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// The whole piece.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Where in this piece the token is that was read last, if the reader was at `start` before.
    pub(super) fn token(&self, start: usize) -> Range<usize> {
        let token = self.since(start).trim_start_matches([' ', '\n', '\r', '\t', ',', ':']);
        self.at - token.len()..self.at
    }

    /// What is left of this piece.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Reads the next `bytes` bytes. Both ends must be ends of characters.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) -> &'a str {
        let start = self.at;
        self.at += bytes;
        self.since(start)
    }

    /// The text that begins `start` bytes ahead. Both ends must be ends of characters.
    #[inline]
    pub(super) fn ahead(&self, start: usize, bytes: usize) -> &'a str {
        &self.text[self.at + start..self.at + start + bytes]
    }

    /// A problem at the next byte.
    #[cold]
    pub(super) fn fault(&self, problem: &'static str) -> Fault {
        Fault { offset: self.offset(), problem }
    }
}
