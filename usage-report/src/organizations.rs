//! Reports of several organizations together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::Date;

use crate::allowance::MonthUse;
use crate::counts::{Counts, capped, ratio};
use crate::days::Bucket;
use crate::finding::Finding;
use crate::report::Report;

/// The reports of several organizations, and what they add up to.
///
/// Each organization has an allowance of its own: what one does not use is of no help to another.
///
/// Serialized, it is an object of `totals`, `days`, `allowanceTotal`, `overruns` and `organizations`: of each its `name`,
/// `share`, sums, `allowance` with its latest `month`, and `findings`; what is absent is left out.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Allowance, Organizations, Report, ReportOptions};
///
/// let report = |requests, allowance| {
///     let record = UsageRecord { requests: Some(requests), ..UsageRecord::default() };
///     let options = ReportOptions::default().with_allowance(Allowance::requests(allowance));
///     Report::new(&[record].into_iter().collect::<UsageTable>(), &options)
/// };
/// let all = Organizations::new([("Emea".to_owned(), report(100, 1_000)), ("Apac".to_owned(), report(300, 250))]);
/// assert_eq!(all.totals.requests, Some(400));
/// assert_eq!(all.organizations[0].name, "Apac"); // the one with the most requests
/// let overruns = all.overruns();
/// assert_eq!((overruns.len(), overruns[0].organization, overruns[0].over), (1, "Apac", 50));
/// assert_eq!(all.allowance_total().map(|total| (total.monthly, total.over)), Some((1_250, 50)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Organizations {
    /// The organizations, the one with the most requests first.
    pub organizations: Vec<Organization>,
    /// What all rows of all organizations add up to.
    pub totals: Counts,
    /// The buckets of all organizations in order, added up by date. Empty if they are of different granularities: days
    /// and months cannot be added up.
    pub days: Vec<Bucket>,
}

/// One of several organizations.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Organization {
    /// The name that the caller gave it.
    pub name: String,
    /// Its report.
    pub report: Report,
    /// Its part of all requests, 0 to 1.
    pub share: Option<f64>,
}

/// A month of an organization that exceeds the allowance, or will as projected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Overrun<'a> {
    /// The organization's name.
    pub organization: &'a str,
    /// The first day of the month; absent if it is unknown which month it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Date>,
    /// Requests a month that are allowed.
    pub allowance: u64,
    /// Requests so far.
    pub used: u64,
    /// Requests of the whole month as projected, or what is used if they are not projected.
    pub projected: u64,
    /// By how many requests the allowance is exceeded at the end of the month.
    pub over: u64,
    /// The day on which the allowance was exceeded, or will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded_on: Option<Date>,
}

/// The allowances of several organizations added up, with the latest month of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllowanceTotal {
    /// Requests a month that are allowed. This and every other sum stops at
    /// [`UsageRecord::MAX_COUNT`](usage_core::UsageRecord::MAX_COUNT).
    pub monthly: u64,
    /// Requests so far.
    pub used: u64,
    /// Requests of the whole month as projected, or what is used where they are not projected.
    pub projected: u64,
    /// By how many requests organizations exceed their own allowance at the end of the month.
    pub over: u64,
}

impl Organizations {
    /// Creates it from the reports of organizations and their names.
    pub fn new(reports: impl IntoIterator<Item = (String, Report)>) -> Self {
        let mut organizations: Vec<_> =
            reports.into_iter().map(|(name, report)| Organization { name, report, share: None }).collect();
        let totals: Counts = organizations.iter().map(|one| &one.report.totals.counts).sum();
        for one in &mut organizations {
            one.share = one.requests().zip(totals.requests).and_then(|(part, whole)| ratio(part, whole));
        }
        organizations.sort_by(|one, two| {
            (Reverse(one.requests()), &one.name).cmp(&(Reverse(two.requests()), &two.name))
        });
        Self { days: days(&organizations), organizations, totals }
    }

    /// Returns the latest months that exceed their allowance, or will as projected: the largest overrun first.
    pub fn overruns(&self) -> Vec<Overrun<'_>> {
        let mut overruns: Vec<_> = self.organizations.iter().filter_map(Organization::overrun).collect();
        overruns.sort_by_key(|overrun| (Reverse(overrun.over), overrun.organization));
        overruns
    }

    /// Returns the sums over the organizations that have an allowance; `None` if there is none, or if it is unknown
    /// which month the rows of one of them are of.
    pub fn allowance_total(&self) -> Option<AllowanceTotal> {
        let held = self.organizations.iter().filter_map(|one| one.report.allowance.as_ref());
        let months: Option<Vec<_>> =
            held.map(|held| Some((held.allowance.monthly, held.latest()?))).collect();
        let add = |sum: Option<AllowanceTotal>, (monthly, month): (u64, &MonthUse)| {
            let sum = sum.unwrap_or_default();
            Some(AllowanceTotal {
                monthly: capped(sum.monthly, monthly),
                used: capped(sum.used, month.used),
                projected: capped(sum.projected, month.projected),
                over: capped(sum.over, month.projected_over),
            })
        };
        months?.into_iter().fold(None, add)
    }

    /// Returns the findings of all organizations with their names, the most severe first.
    pub fn findings(&self) -> Vec<(&str, &Finding)> {
        let mut findings: Vec<_> = self
            .organizations
            .iter()
            .flat_map(|one| one.report.findings.iter().map(|finding| (&*one.name, finding)))
            .collect();
        findings.sort_by_key(|(_, finding)| Reverse(finding.severity));
        findings
    }
}

impl Organization {
    /// Returns the latest month of the report, if it exceeds the allowance or will as projected.
    pub fn overrun(&self) -> Option<Overrun<'_>> {
        let held = self.report.allowance.as_ref()?;
        let month = held.latest().filter(|month| month.projected_over > 0)?;
        Some(Overrun {
            organization: &self.name,
            month: month.month,
            allowance: held.allowance.monthly,
            used: month.used,
            projected: month.projected,
            over: month.projected_over,
            exceeded_on: month.exceeded_on,
        })
    }

    fn requests(&self) -> Option<u64> {
        self.report.totals.counts.requests
    }
}

/// Adds the buckets of all organizations up, if they are of one granularity.
fn days(organizations: &[Organization]) -> Vec<Bucket> {
    let dated = || organizations.iter().filter(|one| !one.report.days.is_empty());
    let granularity = dated().next().map(|one| &one.report.granularity);
    if dated().any(|one| Some(&one.report.granularity) != granularity) {
        return Vec::new();
    }
    let mut sums: BTreeMap<Date, Counts> = BTreeMap::new();
    for bucket in dated().flat_map(|one| &one.report.days) {
        sums.entry(bucket.date).or_default().merge(&bucket.counts);
    }
    sums.into_iter().map(|(date, counts)| Bucket { date, counts }).collect()
}

impl Serialize for Organizations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("totals", &self.totals)?;
        map.serialize_entry("days", &self.days)?;
        if let Some(total) = self.allowance_total() {
            map.serialize_entry("allowanceTotal", &total)?;
        }
        map.serialize_entry("overruns", &self.overruns())?;
        map.serialize_entry("organizations", &self.organizations)?;
        map.end()
    }
}

impl Serialize for Organization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        if let Some(share) = self.share {
            map.serialize_entry("share", &share)?;
        }
        self.report.totals.counts.write_to(&mut map)?;
        if let Some(held) = &self.report.allowance {
            map.serialize_entry("allowance", &held.allowance)?;
            if let Some(month) = held.latest() {
                map.serialize_entry("month", month)?;
            }
        }
        if !self.report.findings.is_empty() {
            map.serialize_entry("findings", &self.report.findings)?;
        }
        map.end()
    }
}
