//! `usage_fuzz::targets::requests` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(requests);
