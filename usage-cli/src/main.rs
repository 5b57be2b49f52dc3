//! `genesys-usage`: who is burning the API allowance of a Genesys Cloud organisation.

use std::process::ExitCode;

fn main() -> ExitCode {
    genesys_usage::main()
}
