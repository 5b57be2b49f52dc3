//! `usage_fuzz::targets::snapshot` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(snapshot);
