//! `usage_fuzz::targets::saved_rows` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(saved_rows);
