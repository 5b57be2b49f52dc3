//! Reports of the rows of the Genesys Cloud Usage API: who makes the requests, what grows, what fails, what is rate
//! limited, and whether the month ends above its allowance. Pure arithmetic over a [`UsageTable`](usage_core::UsageTable).
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
//! # Contents
//!
//! - [`Report`]: totals, days, a [`TopList`] for each [`Subject`], [`Comparison`], [`Arrivals`], [`HeatMap`], months
//!   against an [`Allowance`], made with [`ReportOptions`]. It serializes to one JSON document.
//! - [`Report::findings`]: what matters, the most severe [`Finding`] first: a typed [`FindingKind`] with its numbers,
//!   one sentence by [`Display`](std::fmt::Display), and the [`Identity`] of each row that it is about
//!   ([`Finding::about`]), which [`TopList::position`] finds. The numbers behind it are the constants of
//!   [`thresholds`].
//! - [`TopList::all`]: every entry, also those behind the "others"; [`TopList::ranked`]: the list [`By`] errors or by 429.
//! - [`Report::cross`]: from who to what, a sparse [`CrossTable`] of two subjects. [`ReportOptions::with_drilldown`] with
//!   [`DRILLDOWN`] asks for the usual ones. Cells name entries by their positions in [`TopList::all`].
//! - [`RowFilter`]: rows of some clients, users or URIs. [`ReportOptions::with_filter`] reports of these alone.
//! - [`ClientDays`]: jumps of a client against its own weekdays, and new clients; for alerts.
//! - [`Organizations`]: the reports of several organizations, their total, and the projected [`Overrun`] of each.
//!
//! # What is known beside the rows
//!
//! Rows say neither whether their dates are days, weeks or months, nor which days were asked for. A report has what
//! follows from that only if it is known: from the [`Scope`](usage_core::Scope) of the rows, or from [`ReportOptions`].
//! [`Report::limitations`] lists what is not known. A projection never relies on a guessed date.
//!
//! # What the numbers do not say
//!
//! The service's data is up to 24 hours old and lacks the current day; its days are UTC days. The older queries leave out
//! the platform's own clients, and the jobs count every request. Neither tells the billable requests apart, so that no sum
//! here is that of the invoice. [`CAVEAT`] says so in a sentence.
//!

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod allowance;
mod build;
mod by;
mod by_symbol;
mod client_days;
mod comparison;
mod counts;
mod coverage;
mod cross;
mod days;
mod document;
mod filter;
mod finding;
mod heat_map;
mod identity;
mod license;
mod limitation;
mod months;
mod names;
pub mod number;
mod options;
mod organizations;
mod period;
mod projection;
mod report;
mod rules;
mod sentence;
mod severity;
mod subject;
mod sums;
mod tally;
pub mod thresholds;
mod top;
mod weekday_levels;

pub use allowance::{Allowance, AllowanceUse, MonthUse};
pub use by::{By, ByError};
pub use client_days::{ClientDays, Jump, JumpOptions};
pub use comparison::{Arrival, Arrivals, Change, Comparison, Mover};
pub use counts::Counts;
pub use cross::{Cell, CrossTable, DRILLDOWN};
pub use days::{Bucket, MAX_EMPTY_DAYS};
pub use filter::RowFilter;
pub use finding::{Finding, FindingKind, MonthStanding, Part};
pub use heat_map::{HeatLine, HeatMap};
pub use identity::Identity;
pub use license::{License, LicenseError, Licenses};
pub use limitation::Limitation;
pub use names::Names;
pub use options::ReportOptions;
pub use organizations::{AllowanceTotal, Organization, Organizations, Overrun};
pub use period::Period;
pub use report::{CAVEAT, Report, Totals};
pub use severity::Severity;
pub use subject::Subject;
pub use sums::Sums;
pub use top::{Entry, Others, TopList};
