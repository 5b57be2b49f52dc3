//! `usage_fuzz::targets::token_response` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(token_response);
