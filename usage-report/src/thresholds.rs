//! From which numbers on something is worth a finding.

use crate::severity::Severity;

/// The share of rate-limited requests (429) from which on it is a notice, and from which on a warning.
pub const THROTTLE_RATES: [f64; 2] = [0.001, 0.01];

/// The share of other errors (4xx without 429, and 5xx) from which on it is a notice, and from which on a warning.
pub const ERROR_RATES: [f64; 2] = [0.01, 0.05];

/// A client or URI is in a finding about rates and changes only if it has at least this many requests…
pub const MATERIAL_REQUESTS: u64 = 100;

/// … and at least this share of all requests.
pub const MATERIAL_SHARE: f64 = 0.001;

/// A client or URI is the cause if at least this share of the cases is its own; below, it only has the most of them.
pub const CAUSE_SHARE: f64 = 0.5;

/// An error rate stands out if it is at least this many times that of all requests. That of the [cause](CAUSE_SHARE) of
/// the errors stands out as a warning of [`ERROR_RATES`] already.
pub const OUTSTANDING_ERRORS: f64 = 2.0;

/// The growth of all requests, up or down, from which on it is a finding, and from which on a notice.
pub const GROWTH: [f64; 2] = [0.1, 0.2];

/// A single client or URI is in a finding about growth if its change is at least this share of all earlier requests, and
/// at least [`GROWTH`]'s first value of its own.
pub const GROWTH_SHARE: f64 = 0.02;

/// Two periods are compared only if the longer one has at most this many times the days of the shorter one.
pub const COMPARABLE_DAYS: f64 = 1.15;

/// Clients appeared or vanished only if the other period has at least this many days, so far as it is known.
pub const ARRIVAL_DAYS: u64 = 7;

/// New clients are a notice from this share of all requests on.
pub const NEW_CLIENT_SHARE: f64 = 0.01;

/// The part of the allowance from which on its use is a notice.
pub const ALLOWANCE_NOTICE: f64 = 0.8;

/// A day of a client is a jump if it has at least this many times the median of its weekday.
pub const JUMP_FACTOR: f64 = 3.0;

/// The median of a weekday is of at most this many weeks…
pub const JUMP_WEEKS: usize = 8;

/// … and of at least this many.
pub const JUMP_MIN_WEEKS: usize = 3;

/// In a report that knows fewer weeks, a day is compared with the median of the earlier days, at least this many with
/// requests. Alerts always need [`JUMP_MIN_WEEKS`].
pub const JUMP_MIN_DAYS: usize = 7;

/// How many clients at most are in findings about jumps.
pub const MAX_JUMPING_CLIENTS: usize = 3;

/// Returns how severe a share of rate-limited requests is, by [`THROTTLE_RATES`].
pub fn throttle_severity(rate: f64) -> Severity {
    by_steps(rate, THROTTLE_RATES)
}

/// Returns how severe a share of errors besides the rate-limited requests is, by [`ERROR_RATES`].
pub fn error_severity(rate: f64) -> Severity {
    by_steps(rate, ERROR_RATES)
}

pub(crate) fn by_steps(value: f64, [notice, warning]: [f64; 2]) -> Severity {
    match value {
        _ if value >= warning => Severity::Warning,
        _ if value >= notice => Severity::Notice,
        _ => Severity::Info,
    }
}

/// Returns `share` of `whole`, rounded up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a threshold needs no more than 52 bits"
)]
pub(crate) fn fraction(whole: u64, share: f64) -> u64 {
    (whole as f64 * share).ceil() as u64
}
