//! What is unusual in the days of each client: jumps, and clients that are new.

use std::cmp::Reverse;
use std::collections::HashMap;

use usage_core::{Date, UsageTable};

use crate::by_symbol::{BySubject, Dates};
use crate::comparison::Arrival;
use crate::counts::{capped, requests_of};
use crate::days::MAX_EMPTY_DAYS;
use crate::identity::Identity;
use crate::period::Period;
use crate::projection::is_same_day_of_month;
use crate::subject::{Key, Subject};
use crate::thresholds::{JUMP_FACTOR, JUMP_MIN_WEEKS, JUMP_WEEKS, MATERIAL_REQUESTS};
use crate::weekday_levels::median;

/// The requests of each client on each day of a period, from rows by day.
///
/// A day of the period without a row has no requests.
///
/// ```
/// use usage_core::{Date, UsageRecord, UsageTable};
/// use usage_report::{ClientDays, JumpOptions, Period};
///
/// // 1,000 a day for four weeks, and then 5,000.
/// let first: Date = "2026-06-01".parse()?;
/// let row = |day: i64| UsageRecord {
///     date: Some(first.plus_days(day).to_string()),
///     client_name: Some("Wallboard".into()),
///     requests: Some(if day == 28 { 5_000 } else { 1_000 }),
///     ..UsageRecord::default()
/// };
/// let rows: UsageTable = (0..=28).map(row).collect();
/// let last = first.plus_days(28);
///
/// let mut days = ClientDays::new(Period::new(first, last).unwrap());
/// days.add(&rows);
/// let jumps = days.jumps(last.into(), &JumpOptions::default());
/// assert_eq!((jumps.len(), jumps[0].date, jumps[0].requests), (1, last, 5_000));
/// assert!((jumps[0].factor() - 5.0).abs() < 1e-9);
/// assert!(days.new_clients(last.into()).is_empty());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientDays {
    known: Period,
    clients: Vec<Client>,
    /// The place of each client: by id, or without an id by name.
    places: HashMap<(bool, String), usize>,
}

/// A client and its days.
#[derive(Clone, Debug)]
struct Client {
    identity: Identity,
    /// Of which day the name is.
    named: Option<Date>,
    /// One for each day of the period.
    requests: Vec<u64>,
}

/// What counts as a jump.
///
/// ```
/// use usage_report::JumpOptions;
///
/// // Ten times the usual, also for a client that is only known for ten days.
/// let options = JumpOptions::default().with_factor(10.0).with_min_days(10);
/// assert_eq!(options.min_days, Some(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct JumpOptions {
    /// How many times the usual requests of its weekday a day has at least. [`JUMP_FACTOR`] by default.
    pub factor: f64,
    /// How many requests a day has at least above the usual. [`MATERIAL_REQUESTS`] by default.
    pub min_excess: u64,
    /// From how many weeks before the day at most the usual requests are taken. [`JUMP_WEEKS`] by default.
    pub weeks: usize,
    /// Of how many weeks before the day the requests must be known. [`JUMP_MIN_WEEKS`] by default.
    pub min_weeks: usize,
    /// How many earlier days with requests are enough if fewer weeks are known. The usual is then their median, whatever
    /// their weekdays, or that of the same weekday if it is higher and the day before is no jump; days that are jumps do
    /// not count. By default, none are enough.
    pub min_days: Option<usize>,
}

/// A day of a client with many times its usual requests.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Jump {
    /// The client.
    pub client: Identity,
    /// The day.
    pub date: Date,
    /// Its requests.
    pub requests: u64,
    /// What is usual: the median of the same weekday in the weeks before; if that is zero, of the days with requests in
    /// these weeks; and if too few weeks are known, of the [earlier days](JumpOptions::min_days).
    pub usual: f64,
}

impl Default for JumpOptions {
    fn default() -> Self {
        Self {
            factor: JUMP_FACTOR,
            min_excess: MATERIAL_REQUESTS,
            weeks: JUMP_WEEKS,
            min_weeks: JUMP_MIN_WEEKS,
            min_days: None,
        }
    }
}

impl JumpOptions {
    /// Sets how many times the usual requests a day has at least.
    #[must_use]
    pub fn with_factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Sets how many requests a day has at least above the usual.
    #[must_use]
    pub fn with_min_excess(mut self, requests: u64) -> Self {
        self.min_excess = requests;
        self
    }

    /// Sets how many earlier days with requests are enough if fewer weeks are known than [`min_weeks`](Self::min_weeks).
    #[must_use]
    pub fn with_min_days(mut self, days: usize) -> Self {
        self.min_days = Some(days);
        self
    }
}

impl Jump {
    /// Returns how many times the usual the requests are, more than 0.
    pub fn factor(&self) -> f64 {
        float(self.requests) / self.usual
    }

    /// Returns how many requests there are above the usual.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are counts")]
    pub fn excess(&self) -> u64 {
        self.requests.saturating_sub(self.usual as u64)
    }
}

impl ClientDays {
    /// Creates the days of `known`, which rows cover completely. Of more than [`MAX_EMPTY_DAYS`] days, the last ones are
    /// kept.
    pub fn new(known: Period) -> Self {
        let most = i64::try_from(MAX_EMPTY_DAYS).unwrap_or(i64::MAX);
        let earliest = known.last_day().plus_days(1 - most);
        let known = Period::new(known.first_day().max(earliest), known.last_day()).unwrap_or(known);
        Self { known, clients: Vec::new(), places: HashMap::new() }
    }

    /// Adds the rows of `table` that are of these days and of a client.
    pub fn add(&mut self, table: &UsageTable) {
        let (mut by_row, mut dates) = (BySubject::new(Subject::Client), Dates::default());
        for row in table {
            let Some(date) = dates.of(row).filter(|date| self.known.contains(*date)) else { continue };
            let Some(place) = by_row.get(row, |key| self.place(key)) else { continue };
            let client = &mut self.clients[place];
            if let (Some(sum), Some(requests)) =
                (client.requests.get_mut(index(self.known, date)), requests_of(row))
            {
                *sum = capped(*sum, requests);
            }
            if client.named <= Some(date)
                && let Some(name) = row.client_name()
                && (client.named < Some(date) || client.identity.name.as_deref() < Some(name))
            {
                client.named = Some(date);
                client.identity.name = Some(name.into());
            }
        }
    }

    /// Returns the days of `tested` on which a client made many times its usual requests; the largest excess first.
    ///
    /// A client without requests in the weeks before has no usual day: it is [new](Self::new_clients) rather than
    /// jumping. A day like the same day of the month before does not jump either, as that of a monthly batch.
    pub fn jumps(&self, tested: Period, options: &JumpOptions) -> Vec<Jump> {
        let Some(tested) = tested.common(self.known) else { return Vec::new() };
        let mut jumps: Vec<_> = self
            .clients
            .iter()
            .flat_map(|client| self.jumps_of(client, tested.last_day(), options))
            .filter(|jump| tested.contains(jump.date))
            .collect();
        jumps.sort_by(|one, two| {
            let key = |jump: &Jump| (Reverse(jump.excess()), jump.date);
            key(one).cmp(&key(two)).then_with(|| one.client.cmp(&two.client))
        });
        jumps
    }

    /// Returns the clients whose first requests are in `tested`, if there are days before it to compare with; the
    /// largest first.
    pub fn new_clients(&self, tested: Period) -> Vec<Arrival> {
        let Some(tested) = tested.common(self.known).filter(|days| days.first_day() > self.known.first_day())
        else {
            return Vec::new();
        };
        let arrival = |client: &Client| {
            let first = client.requests.iter().position(|requests| *requests > 0)?;
            let first = self.known.first_day().plus_days(i64::try_from(first).ok()?);
            let days = index(self.known, tested.first_day())..=index(self.known, tested.last_day());
            tested.contains(first).then(|| Arrival {
                id: client.identity.id.clone(),
                name: client.identity.name.clone(),
                requests: Some(client.requests[days].iter().fold(0, |sum, requests| capped(sum, *requests))),
                date: Some(first),
            })
        };
        let mut new: Vec<_> = self.clients.iter().filter_map(arrival).collect();
        new.sort_by(|one, two| {
            two.requests.cmp(&one.requests).then_with(|| (&one.id, &one.name).cmp(&(&two.id, &two.name)))
        });
        new
    }

    /// Returns the jumps of `client` up to the day `last`, in the order of their days.
    fn jumps_of(&self, client: &Client, last: Date, options: &JumpOptions) -> Vec<Jump> {
        let (mut jumps, mut normal) = (Vec::new(), Vec::new());
        for (place, (date, &requests)) in self.known.iter().zip(&client.requests).enumerate() {
            if date > last {
                break;
            }
            let is_large = requests >= options.min_excess.max(1);
            let jump = if is_large { client.usual(place, &normal, options) } else { None }
                .map(|usual| Jump { client: client.identity.clone(), date, requests, usual })
                .filter(|jump| jump.factor() >= options.factor && jump.excess() >= options.min_excess)
                .filter(|jump| {
                    float(requests) >= options.factor * float(self.month_before(client, jump.date))
                });
            match jump {
                Some(jump) => jumps.push(jump),
                None if requests > 0 => normal.push((place, float(requests))),
                None => {}
            }
        }
        jumps
    }

    /// Returns the requests of `client` on the same day of the month before `date`; 0 if that is not known.
    fn month_before(&self, client: &Client, date: Date) -> u64 {
        let before = (28..=31).map(|ago| date.plus_days(-ago));
        let same = before.filter(|day| self.known.contains(*day) && is_same_day_of_month(*day, date));
        same.map(|day| client.requests[index(self.known, day)]).max().unwrap_or(0)
    }

    /// Returns the place of the client `key`, a new one the first time; `None` for rows that do not say their client.
    fn place(&mut self, key: Key<'_>) -> Option<usize> {
        let text = key.id().or(key.name())?;
        let next = self.clients.len();
        let place = *self.places.entry((key.id().is_some(), text.to_owned())).or_insert(next);
        if place == next {
            let days = usize::try_from(self.known.days()).unwrap_or(0);
            let identity = Identity::new(Subject::Client, key.id(), key.name());
            self.clients.push(Client { identity, named: None, requests: vec![0; days] });
        }
        Some(place)
    }
}

impl Client {
    /// Returns what is usual on the day at `today`. `normal` has the places and requests of earlier days that are no jumps.
    fn usual(&self, today: usize, normal: &[(usize, f64)], options: &JumpOptions) -> Option<f64> {
        let weeks = options.weeks.min(today / 7);
        if weeks >= options.min_weeks.max(1) {
            return self.usual_of_weekday(today, weeks);
        }
        if options.min_days.is_none_or(|days| normal.len() < days) {
            return None;
        }
        let median_of = |is_wanted: &dyn Fn(usize) -> bool| {
            median(
                normal.iter().filter(|(place, _)| is_wanted(*place)).map(|(_, requests)| *requests).collect(),
            )
        };
        let usual = median_of(&|_| true)?;
        // A jump that goes on is none of a weekday.
        let goes_on =
            normal.last().is_some_and(|(last, _)| *last + 1 < today) && self.requests[today - 1] > 0;
        let of_weekday = median_of(&|place| (today - place).is_multiple_of(7)).filter(|_| !goes_on);
        Some(of_weekday.map_or(usual, |of_weekday| of_weekday.max(usual)))
    }

    /// Returns the median of the same weekday in the `weeks` before, or, if that is zero, of the days with requests in
    /// these weeks.
    fn usual_of_weekday(&self, today: usize, weeks: usize) -> Option<f64> {
        let weekdays = (1..=weeks).map(|week| float(self.requests[today - 7 * week])).collect();
        let before = &self.requests[today - 7 * weeks..today];
        let busy =
            || before.iter().filter(|requests| **requests > 0).map(|requests| float(*requests)).collect();
        median(weekdays).filter(|usual| *usual > 0.0).or_else(|| median(busy()))
    }
}

/// Returns the place of `date`, which is one of `days`.
fn index(days: Period, date: Date) -> usize {
    usize::try_from(days.first_day().days_until(date)).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "a factor needs no more than 52 bits")]
fn float(requests: u64) -> f64 {
    requests as f64
}
