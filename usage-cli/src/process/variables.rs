//! The variables of the environment.

use std::ffi::OsString;

use crate::problem::Problem;
use crate::text::trimmed;

/// How a variable of the environment is read.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The value of `name`, without the blanks, line ends and byte order marks that clipboards and files add. An empty one
/// counts as none.
pub(crate) fn variable(variables: Variables<'_>, name: &str) -> Result<Option<String>, Problem> {
    let value = variables(name).filter(|value| !value.is_empty());
    // The value may be a secret: it is not repeated.
    let value = value.map(OsString::into_string).transpose();
    let value = value.map_err(|_| Problem::usage(format!("{name} is not UTF-8")))?;
    Ok(value.map(|value| trimmed(&value).to_owned()).filter(|value| !value.is_empty()))
}
