//! `usage_fuzz::targets::authorize_redirect` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(authorize_redirect);
