//! What rows of usage say about an organisation: who makes the requests, what grows, what fails, what is rate limited,
//! and whether the month ends above the allowance. Pure arithmetic over a [`UsageTable`].
//!
//! ```
//! use usage_core::model::Granularity;
//! use usage_report::{Allowance, Period, Report, ReportOptions};
//! use usage_core::{UsageRecord, UsageTable};
//!
//! let row = |date: &str, client: &str, requests| UsageRecord {
//!     date: Some(date.into()),
//!     client_name: Some(client.into()),
//!     requests: Some(requests),
//!     ..UsageRecord::default()
//! };
//! let table: UsageTable =
//!     [row("2026-07-01", "Nightly Export", 60), row("2026-07-02", "Nightly Export", 30), row("2026-07-02", "Bot", 10)]
//!         .into_iter()
//!         .collect();
//! let options = ReportOptions::default()
//!     .with_granularity(Granularity::Day)
//!     .with_period(Period::new("2026-07-01".parse()?, "2026-07-31".parse()?).unwrap())
//!     .with_data_until("2026-07-02".parse()?)
//!     .with_allowance(Allowance::requests(1_000));
//! let report = Report::new(&table, &options);
//!
//! assert_eq!(report.totals.counts.requests, Some(100));
//! let clients = &report.clients.entries;
//! assert_eq!((clients[0].label(), clients[0].share), (Some("Nightly Export"), Some(0.9)));
//! assert_eq!(clients[1].series, [None, Some(10)]);
//! // 60 on the Wednesday, 40 on the Thursday, and the mean of both on other weekdays.
//! let month = report.allowance.as_ref().and_then(|allowance| allowance.latest()).unwrap();
//! assert_eq!((month.used, month.projected, month.projected_over), (100, 1_550, 550));
//! # Ok::<(), usage_core::error::BuildError>(())
//! ```
//!
//! # What is known beside the rows
//!
//! Rows do not say what their dates are (days, weeks or months), nor which days were asked for. What follows from that
//! is in a report only if it is known: from the [`Scope`] of the rows, or from [`ReportOptions`]. [`Report::limitations`]
//! says what is not known. No date is guessed at for a projection.
//!
//! # What the numbers are not
//!
//! The service's data is up to 24 hours old and does not have the current day; its days are UTC days. The older
//! queries leave out the platform's own clients, the jobs count every request; neither counts the billable requests
//! alone, so that no sum here is the invoice's. [`CAVEAT`] says so in a sentence.

mod allowance;
mod by_symbol;
mod comparison;
mod counts;
mod coverage;
mod days;
mod heat_map;
mod license;
mod limitation;
mod months;
mod options;
mod period;
mod projection;
mod report;
mod subject;
mod tally;
mod top;

pub use allowance::{Allowance, AllowanceUse, MonthUse};
pub use comparison::{Arrival, Arrivals, Change, Comparison, Mover};
pub use counts::Counts;
pub use days::{Bucket, MAX_EMPTY_DAYS};
pub use heat_map::{HeatLine, HeatMap};
pub use license::{License, LicenseError, Licenses};
pub use limitation::Limitation;
pub use options::ReportOptions;
pub use period::Period;
pub use report::{CAVEAT, Report, Totals};
pub use subject::Subject;
pub use top::{Entry, Others, TopList};
