//! Compiles and runs the examples of the repository's README, which belongs to no package.

#![cfg_attr(doctest, doc = include_str!("../../README.md"))]
