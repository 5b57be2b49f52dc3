//! What matters in a report: a typed statement with its numbers.

use serde::{Serialize, Serializer};
use usage_core::{Date, Gap};

use crate::comparison::Change;
use crate::identity::Identity;
use crate::limitation::Limitation;
use crate::period::Period;
use crate::severity::Severity;

/// Something that matters in a report, with its numbers and with what they are about.
///
/// [`Display`](std::fmt::Display) writes it as one sentence of plain English. Serialized, it is an object of `severity`,
/// `kind`, `sentence` and the members of its [`FindingKind`] in camel case; what is absent is left out.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{FindingKind, Report, ReportOptions};
///
/// let row = |client: &str, requests, status429| UsageRecord {
///     client_name: Some(client.into()),
///     requests: Some(requests),
///     status429: Some(status429),
///     ..UsageRecord::default()
/// };
/// let table: UsageTable = [row("Export", 10_000, 40), row("Wallboard", 5_000, 960)].into_iter().collect();
/// let report = Report::new(&table, &ReportOptions::default());
/// let finding = &report.findings[0];
/// assert_eq!(
///     finding.to_string(),
///     "Wallboard causes 96.0 % of the rate-limited requests; 1,000 requests were rate limited (429), 6.67 % of all."
/// );
/// assert!(matches!(finding.kind, FindingKind::RateLimited { requests: 1_000, .. }));
/// // The row that it is about.
/// assert_eq!(report.clients.position(finding.about()[0]), Some(1));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// How important it is.
    pub severity: Severity,
    /// What was found.
    pub kind: FindingKind,
}

/// What was found. Rates and shares are fractions: 0.5 is a half.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum FindingKind {
    /// The requests of a calendar month against the allowance.
    Month(MonthStanding),
    /// Months before the latest one exceeded the allowance.
    MonthsExceeded {
        /// Their first days, in order.
        months: Vec<Date>,
        /// By how many requests in all.
        over: u64,
    },
    /// Requests were rate limited (429).
    RateLimited {
        /// How many.
        requests: u64,
        /// Their share of all requests.
        #[serde(skip_serializing_if = "Option::is_none")]
        rate: Option<f64>,
        /// The client, or without clients the user, with the most of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<Part>,
        /// The URI with the most of the cause's, or without a cause of all.
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<Part>,
    },
    /// A client or URI of material volume has the highest rate of errors besides 429.
    ErrorRate {
        /// Which one. Absent if the rate is that of all requests and nothing stands out.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<Identity>,
        /// Its errors.
        errors: u64,
        /// Its requests.
        requests: u64,
        /// Its error rate.
        rate: f64,
        /// The error rate of all requests.
        overall: f64,
    },
    /// A client made many times as many requests on a day as is usual for it.
    Jump {
        /// The client.
        client: Identity,
        /// The day with the most requests above the usual.
        date: Date,
        /// The requests of that day.
        requests: u64,
        /// The median of the same weekday in the weeks before.
        usual: f64,
        /// On how many days of the report there were so many.
        days: u64,
        /// The first of these days.
        since: Date,
    },
    /// The number of requests changed against the earlier period.
    Change {
        /// Of which client or URI; absent for all requests.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<Identity>,
        /// The numbers.
        #[serde(flatten)]
        change: Change,
        /// The earlier period, if it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Period>,
    },
    /// Clients appeared that made no requests before.
    Appeared {
        /// How many.
        clients: u64,
        /// The one with the most requests, and its share of all requests.
        largest: Part,
        /// The first day on which it was there.
        #[serde(skip_serializing_if = "Option::is_none")]
        date: Option<Date>,
    },
    /// Clients make no requests any more.
    Vanished {
        /// How many.
        clients: u64,
        /// The one that had the most requests.
        largest: Identity,
        /// How many it had.
        requests: u64,
        /// The last day on which it was there.
        #[serde(skip_serializing_if = "Option::is_none")]
        date: Option<Date>,
    },
    /// Something is not known, and what follows from it is left out.
    NotKnown {
        /// What.
        limitation: Limitation,
        /// Why rows are missing.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        gaps: Vec<Gap>,
        /// What the rows are filtered by, in the service's words.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        filters: Vec<String>,
    },
    /// Rows are in no day.
    Undated {
        /// How many.
        rows: u64,
    },
    /// The last days of the period are not in the data yet.
    DataEnds {
        /// The last day that can be in the data.
        date: Date,
        /// How many days of the period are later.
        days_to_come: u64,
    },
}

/// How a month stands against its allowance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MonthStanding {
    /// The first day of the month; absent if it is unknown which month it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Date>,
    /// Requests a month that are allowed.
    pub allowance: u64,
    /// Requests so far.
    pub used: u64,
    /// Whether every day of the month is counted.
    pub ended: bool,
    /// Requests of the whole month. Absent if they are not projected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<u64>,
    /// The lower end of the range in which the month is likely to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_low: Option<u64>,
    /// The upper end of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_high: Option<u64>,
    /// The day on which the allowance was exceeded, or will be as projected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded_on: Option<Date>,
}

/// What one client, URI, … has of a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// Which one.
    #[serde(flatten)]
    pub of: Identity,
    /// How many.
    pub requests: u64,
    /// The part of the whole, 0 to 1.
    pub share: f64,
}

impl Finding {
    /// Returns what it is about, so that it can be linked to their rows: the most important one first.
    pub fn about(&self) -> Vec<&Identity> {
        match &self.kind {
            FindingKind::RateLimited { cause, uri, .. } => {
                [cause, uri].into_iter().flatten().map(|part| &part.of).collect()
            }
            FindingKind::ErrorRate { of, .. } | FindingKind::Change { of, .. } => of.iter().collect(),
            FindingKind::Jump { client, .. } => vec![client],
            FindingKind::Appeared { largest, .. } => vec![&largest.of],
            FindingKind::Vanished { largest, .. } => vec![largest],
            FindingKind::Month(_)
            | FindingKind::MonthsExceeded { .. }
            | FindingKind::NotKnown { .. }
            | FindingKind::Undated { .. }
            | FindingKind::DataEnds { .. } => Vec::new(),
        }
    }

    /// Returns the name of its kind, as in a serialized finding: `rateLimited`, for example.
    pub fn name(&self) -> &'static str {
        match &self.kind {
            FindingKind::Month(_) => "month",
            FindingKind::MonthsExceeded { .. } => "monthsExceeded",
            FindingKind::RateLimited { .. } => "rateLimited",
            FindingKind::ErrorRate { .. } => "errorRate",
            FindingKind::Jump { .. } => "jump",
            FindingKind::Change { .. } => "change",
            FindingKind::Appeared { .. } => "appeared",
            FindingKind::Vanished { .. } => "vanished",
            FindingKind::NotKnown { .. } => "notKnown",
            FindingKind::Undated { .. } => "undated",
            FindingKind::DataEnds { .. } => "dataEnds",
        }
    }

    /// Returns whether it is about what the data does not cover, rather than about what it says.
    pub fn is_about_coverage(&self) -> bool {
        matches!(
            self.kind,
            FindingKind::NotKnown { .. } | FindingKind::Undated { .. } | FindingKind::DataEnds { .. }
        )
    }

    /// Returns the sentence that [`Display`](std::fmt::Display) writes.
    pub fn sentence(&self) -> String {
        self.to_string()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            severity: Severity,
            sentence: String,
            #[serde(flatten)]
            kind: &'a FindingKind,
        }
        Written { severity: self.severity, sentence: self.sentence(), kind: &self.kind }.serialize(serializer)
    }
}
