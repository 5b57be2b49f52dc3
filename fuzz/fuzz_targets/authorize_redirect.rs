//! `usage_core::auth::fuzzing::authorize_redirect` under the fuzzer, or over the files given as arguments.
#![cfg_attr(fuzzing, no_main)]

usage_fuzz::target!(usage_core::auth::fuzzing::authorize_redirect);
