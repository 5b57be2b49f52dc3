//! The organizations of a report of several.

use serde::Serialize;
use usage_report::{
    AllowanceTotal, Finding, FindingKind, MonthUse, Organization, Organizations, Overrun, Report, Severity,
};

use crate::output::organizations::Answer;

/// The organizations of a report of several, each with a report of its own.
#[derive(Clone, Debug)]
pub(crate) struct Several {
    pub(crate) organizations: Organizations,
    /// Those whose rows are missing.
    pub(crate) missing: Vec<Answer>,
}

/// Maximum number of findings about months at the top of a report.
const MOST_MONTHS: usize = 5;

impl Several {
    /// Returns the findings about months that exceed an allowance, or may, with the names of the organizations: the most
    /// severe first.
    pub(super) fn months(&self) -> Vec<(&str, &Finding)> {
        let is_told = |finding: &Finding| {
            matches!(finding.kind, FindingKind::Month(_)) && finding.severity >= Severity::Warning
        };
        let findings = self.organizations.findings().into_iter();
        findings.filter(|(_, finding)| is_told(finding)).take(MOST_MONTHS).collect()
    }
}

/// The report of all rows with what is of each organization.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    organizations: &'a [Organization],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missing_organizations: &'a [Answer],
    #[serde(skip_serializing_if = "Option::is_none")]
    allowance_total: Option<AllowanceTotal>,
    overruns: Vec<Overrun<'a>>,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> Document<'a> {
    pub(super) fn new(report: &'a Report, several: &'a Several) -> Self {
        let Several { organizations: all, missing } = several;
        Self {
            organizations: &all.organizations,
            missing_organizations: missing,
            allowance_total: all.allowance_total(),
            overruns: all.overruns(),
            report,
        }
    }
}

/// The allowance in a line of a table of organizations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) monthly: u64,
    /// Parts of the allowance; absent if nothing is allowed, or if it is not known which month the rows are of.
    pub(super) used: Option<f64>,
    pub(super) projected: Option<f64>,
    /// By how many requests the allowance is exceeded at the end of the month.
    pub(super) over: u64,
}

impl Standing {
    /// Returns that of one organization; `None` without an allowance.
    pub(super) fn of(organization: &Organization) -> Option<Self> {
        let held = organization.report.allowance.as_ref()?;
        let month: Option<&MonthUse> = held.latest();
        let projected = month.filter(|month| month.is_projected).and_then(|month| month.projected_share);
        Some(Self {
            monthly: held.allowance.monthly,
            used: month.and_then(|month| month.used_share),
            projected,
            over: month.map_or(0, |month| month.projected_over),
        })
    }

    /// Returns that of all organizations that have an allowance.
    pub(super) fn of_all(organizations: &Organizations) -> Option<Self> {
        let total = organizations.allowance_total()?;
        let part = |of: u64| (total.monthly > 0).then(|| share(of, total.monthly));
        let held = organizations.organizations.iter().filter_map(|one| one.report.allowance.as_ref());
        let are_projected = held.filter_map(|held| held.latest()).all(|month| month.is_projected);
        Some(Self {
            monthly: total.monthly,
            used: part(total.used),
            projected: part(total.projected).filter(|_| are_projected),
            over: total.over,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
