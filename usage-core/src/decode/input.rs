//! The input of a decoder: a piece of the body, and the position in it.

use std::ops::Range;

/// A syntax error, and its position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The byte of the body at which the error is, from 0.
    pub(super) offset: u64,
    pub(super) problem: &'static str,
}

/// A piece of the body.
///
/// Rarely called functions take and return a copy, so that it stays in registers everywhere else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    text: &'a str,
    at: usize,
    /// The number of bytes of the body before this piece.
    base: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(text: &'a str, base: u64) -> Self {
        Self { text, at: 0, base }
    }

    /// Returns the number of bytes of the body that were read.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Returns the position of the next byte in this piece.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns the text that was read since position `start`.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// Returns the whole piece.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the range of the token that was read last, from position `start`.
    pub(super) fn token(&self, start: usize) -> Range<usize> {
        let token = self.since(start).trim_start_matches([' ', '\n', '\r', '\t', ',', ':']);
        self.at - token.len()..self.at
    }

    /// Returns the rest of this piece.
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

    /// Returns the text that begins `start` bytes ahead. Both ends must be ends of characters.
    #[inline]
    pub(super) fn ahead(&self, start: usize, bytes: usize) -> &'a str {
        &self.text[self.at + start..self.at + start + bytes]
    }

    /// Returns an error at the next byte.
    #[cold]
    pub(super) fn fault(&self, problem: &'static str) -> Fault {
        Fault { offset: self.offset(), problem }
    }
}
