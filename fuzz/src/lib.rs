//! Fuzz
