//! `usage_fuzz::targets::error_body` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(error_body);
