//! `genesys-usage`: who is burning the API allowance of a Genesys Cloud organization.

use std::process::ExitCode;

fn main() -> ExitCode {
    genesys_usage::main()
}
