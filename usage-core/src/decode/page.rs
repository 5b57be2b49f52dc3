use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::decode::ResponseDecoder;
use crate::decode::json::BoundedBody;
use crate::error::DecodeError;
use crate::ids::Cursor;
use crate::model::{QueryStatus, ResultsPage};
use crate::table::{UsageRecord, UsageTable};

/// The largest results page that is read, in bytes. A page of 20,000 rows, the service's cap, has about 8 MB.
pub const MAX_PAGE_BODY: usize = 256 * 1024 * 1024;

/// Reads a results page, `ApiUsageQueryResult`, into a [`ResultsPage`].
#[derive(Default)]
pub struct PageDecoder(BoundedBody<MAX_PAGE_BODY>);

impl fmt::Debug for PageDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageDecoder").finish_non_exhaustive()
    }
}

impl ResponseDecoder for PageDecoder {
    type Output = ResultsPage;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.push(chunk)
    }

    fn finish(self) -> Result<ResultsPage, DecodeError> {
        let document: PageDocument = self.0.parse()?;
        let rows =
            document.results.unwrap_or_default().into_iter().map(UsageRecord::from).collect::<UsageTable>();
        let after = document.cursors.and_then(|cursors| cursors.after).filter(|after| !after.is_empty());
        let next = after.map(|after| {
            Cursor::parse(after).map_err(|error| DecodeError::new("cursors.after", 0, error.to_string()))
        });
        Ok(ResultsPage { status: document.query_status, next: next.transpose()?, error: None, rows })
    }
}

/// `ApiUsageQueryResult`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageDocument {
    query_status: Option<QueryStatus>,
    results: Option<Vec<RowDocument>>,
    cursors: Option<CursorsDocument>,
}

/// `Cursors`; `before` is of no use to a reader that goes forward.
#[derive(Deserialize)]
struct CursorsDocument {
    after: Option<String>,
}

/// `ApiUsageRow`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowDocument {
    client_id: Option<String>,
    client_name: Option<String>,
    organization_id: Option<String>,
    user_id: Option<String>,
    template_uri: Option<String>,
    http_method: Option<String>,
    date: Option<String>,
    requests: Option<Count>,
    status200: Option<Count>,
    status300: Option<Count>,
    status400: Option<Count>,
    status429: Option<Count>,
    status500: Option<Count>,
}

impl From<RowDocument> for UsageRecord {
    fn from(row: RowDocument) -> Self {
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let count = |count: Option<Count>| count.map(|Count(count)| count);
        Self {
            date: text(row.date).map(day_of),
            client_id: text(row.client_id),
            client_name: text(row.client_name),
            organization_id: text(row.organization_id),
            user_id: text(row.user_id),
            template_uri: text(row.template_uri),
            http_method: text(row.http_method),
            platform: None,
            requests: count(row.requests),
            status200: count(row.status200),
            status300: count(row.status300),
            status400: count(row.status400),
            status429: count(row.status429),
            status500: count(row.status500),
        }
    }
}

/// A bucket's start is midnight UTC, which is a day; any other text stays as it is.
fn day_of(mut date: String) -> String {
    for midnight in ["T00:00:00Z", "T00:00:00.000Z"] {
        if let Some(day) = date.strip_suffix(midnight) {
            date.truncate(day.len());
            break;
        }
    }
    date
}

/// A counter: an integer from 0 to [`UsageRecord::MAX_COUNT`].
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count > UsageRecord::MAX_COUNT {
            return Err(serde::de::Error::custom("more than a signed 64-bit integer holds"));
        }
        Ok(Self(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &str) -> Result<ResultsPage, DecodeError> {
        let mut decoder = PageDecoder::default();
        for chunk in body.as_bytes().chunks(7) {
            decoder.push(chunk)?;
        }
        decoder.finish()
    }

    #[test]
    fn reads_the_documented_row() {
        let page = decode(
            r#"{"results":[{"clientId":"7de3af06","clientName":"Client Creds","organizationId":"","userId":"",
                "templateUri":"api/v2/notifications/channels","httpMethod":"","status200":2,"status300":0,"status400":0,
                "status500":0,"status429":0,"requests":2,"date":"2020-02-27T00:00:00Z","later":[{}]}],
                "queryStatus":"Complete"}"#,
        )
        .unwrap();
        assert_eq!(page.status, Some(QueryStatus::Complete));
        let row = page.rows.row(0).unwrap();
        assert_eq!(row.date_text(), Some("2020-02-27"));
        assert_eq!((row.client_id(), row.user_id(), row.http_method()), (Some("7de3af06"), None, None));
        assert_eq!((row.requests(), row.status300()), (Some(2), Some(0)));
    }

    #[test]
    fn reads_running_and_cursors() {
        assert_eq!(decode(r#"{"queryStatus":"Running"}"#).unwrap().status, Some(QueryStatus::Running));
        let page =
            decode(r#"{"results":[],"queryStatus":"Complete","cursors":{"after":"MTAwMA=="}}"#).unwrap();
        assert_eq!(page.next.unwrap().as_str(), "MTAwMA==");
        assert_eq!(decode(r#"{"cursors":{"after":""}}"#).unwrap().next, None);
        assert_eq!(decode("{}").unwrap(), ResultsPage::default());
    }

    #[test]
    fn refuses_counts_that_are_none_and_says_where() {
        for (count, allowed) in [
            ("9223372036854775807", true),
            ("9223372036854775808", false),
            ("-1", false),
            ("1.5", false),
            ("\"1\"", false),
        ] {
            let result = decode(&format!(r#"{{"results":[{{}},{{"requests":{count}}}]}}"#));
            assert_eq!(result.is_ok(), allowed, "{count}");
            if let Err(error) = result {
                assert_eq!(&*error.path, "results[1].requests");
            }
        }
        assert!(decode(r#"{"results":[],"results":[]}"#).is_err());
        assert!(decode(&format!(r#"{{"cursors":{{"after":"{}"}}}}"#, "x".repeat(10_000))).is_err());
    }
}
