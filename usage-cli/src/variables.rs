//! The variables of the environment.

use std::ffi::OsString;

use crate::exit::Problem;

/// How a variable of the environment is read.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The value of `name`; an empty one counts as none.
pub(crate) fn variable(variables: Variables<'_>, name: &str) -> Result<Option<String>, Problem> {
    let value = variables(name).filter(|value| !value.is_empty());
    // The value may be a secret: it is not repeated.
    value
        .map(|value| value.into_string().map_err(|_| Problem::usage(format!("{name} is not UTF-8"))))
        .transpose()
}
