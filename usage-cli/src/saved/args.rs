//! The options for saved rows.

use clap::{Args, ValueEnum};
use usage_core::DateOrder;

/// What contradicts files. What requires files contradicts the same: clap requires nothing that cannot be given.
pub(crate) const LIVE: [&str; 9] =
    ["group_by", "simulate", "region", "api_url", "login_url", "attach", "state", "dry_run", "all_profiles"];

/// How saved rows are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Files")]
pub(crate) struct SavedArgs {
    /// Add up duplicate rows, and rows with different groupings, instead of refusing them
    #[arg(long, requires = "files", conflicts_with_all = LIVE)]
    pub(crate) sum: bool,

    /// The order of dates such as 10/01/2026, if the FILEs do not show it
    #[arg(long, value_name = "ORDER", value_enum, requires = "files", conflicts_with_all = LIVE)]
    pub(super) date_order: Option<Order>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Order {
    /// 10/31/2026
    Mdy,
    /// 31/10/2026
    Dmy,
}

impl SavedArgs {
    pub(super) fn date_order(&self) -> Option<DateOrder> {
        self.date_order.map(|order| match order {
            Order::Mdy => DateOrder::MonthFirst,
            Order::Dmy => DateOrder::DayFirst,
        })
    }
}
