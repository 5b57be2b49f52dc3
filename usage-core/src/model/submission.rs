//! The response to the submit of a query.

use serde::{Deserialize, Serialize};

use crate::lenient::lenient;

/// The response to a submit: `UsageExecutionResult`.
///
/// The service may omit members. An execution fails if `execution_id` is missing.
///
/// ```
/// use usage_core::model::Submission;
///
/// let submission: Submission = serde_json::from_str(r#"{"executionId":"9f32b7cf"}"#)?;
/// assert_eq!(submission.execution_id.as_deref(), Some("9f32b7cf"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Submission {
    /// The id of the execution, used to poll it.
    pub execution_id: Option<String>,
    /// The address of the results according to the service. Kept for display and **never requested**: the results' address
    /// is built from the id, so that a hostile response cannot send the token to another host.
    #[serde(deserialize_with = "lenient")]
    pub results_uri: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_sample() {
        let json = r#"{"executionId":"9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1","resultsUri":"/api/v2/usage/query/9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1/results"}"#;
        let submission: Submission = serde_json::from_str(json).unwrap();
        assert_eq!(submission.execution_id.as_deref(), Some("9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1"));
        assert_eq!(serde_json::to_string(&submission).unwrap(), json);
    }

    #[test]
    fn nothing_is_required_and_more_is_skipped() {
        assert_eq!(serde_json::from_str::<Submission>(r#"{"later":1}"#).unwrap(), Submission::default());
        assert_eq!(
            serde_json::from_str::<Submission>(r#"{"executionId":null}"#).unwrap(),
            Submission::default()
        );
        for uri in ["7", "null", "[]", r#"{"a":[1e999]}"#, "true"] {
            let json = format!(r#"{{"executionId":"e","resultsUri":{uri}}}"#);
            let submission: Submission = serde_json::from_str(&json).unwrap();
            assert_eq!((submission.execution_id.as_deref(), submission.results_uri), (Some("e"), None));
        }
    }
}
