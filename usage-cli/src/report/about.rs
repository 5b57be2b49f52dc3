//! Place and time of a report, as far as the rows do not contain them.

use std::time::SystemTime;

use usage_core::{BaseUrl, Region, Timestamp};
use usage_report::{Names, Report, Subject};

use crate::report::several::Several;
use crate::text::one_line;

/// The most organizations that are named; a report of more says how many there are.
const MOST_NAMED: usize = 3;

/// Place and time of a report.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// The organization that was asked, if its name is known.
    pub(crate) organization: Option<String>,
    /// The region or host that was asked; absent for saved rows.
    pub(crate) region: Option<String>,
    /// When the report was made.
    pub(crate) made_at: Option<Timestamp>,
    /// The organizations, of a report of several.
    pub(crate) several: Option<Several>,
}

impl About {
    /// Returns what is known of a report of saved rows.
    pub(crate) fn now() -> Self {
        Self { made_at: Some(SystemTime::now().into()), ..Self::default() }
    }

    /// Sets where the rows come from.
    pub(crate) fn of_service(mut self, api: &BaseUrl, is_simulated: bool) -> Self {
        let of_region = |region: Region| match region.aws_name() {
            Some(name) => format!("{} ({name})", region.domain()),
            None => region.domain().to_owned(),
        };
        let region = Region::all().find(|region| region.api_url() == *api).map(of_region);
        self.region = Some(if is_simulated {
            "simulated service".into()
        } else {
            region.unwrap_or_else(|| api.to_string())
        });
        self
    }

    /// Sets the name of the organization that the rows are of.
    #[cfg(feature = "parquet")]
    pub(crate) fn of_organization(mut self, name: &str) -> Self {
        self.organization = Some(name.to_owned());
        self
    }

    /// Sets the organizations of a report of several.
    pub(crate) fn of_several(mut self, several: Several) -> Self {
        self.several = Some(several);
        self
    }

    /// Takes the organization's name from `names`, if it is there.
    pub(crate) fn with_names(mut self, names: &Names) -> Self {
        self.organization = names.iter(Subject::Organization).map(|(_, name)| name.to_owned()).next();
        self
    }

    /// Returns the organization that was asked, or else those of the rows.
    pub(crate) fn organizations(&self, report: &Report) -> Option<String> {
        if let Some(name) = &self.organization {
            return Some(one_line(name).into_owned());
        }
        let list = &report.organizations;
        let names: Vec<_> = list.all().filter_map(|entry| entry.label()).take(MOST_NAMED + 1).collect();
        match names.len() {
            0 => None,
            1..=MOST_NAMED => Some(one_line(&names.join(", ")).into_owned()),
            _ => Some(format!("{} organizations", list.count)),
        }
    }
}
