//! The rate budget against services with fixed, sliding and irregular windows.

use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_millis(seconds * 1000)
}

fn headers(count: &str, allowed: &str, reset: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("inin-ratelimit-count", count.parse().unwrap());
    headers.insert("inin-ratelimit-allowed", allowed.parse().unwrap());
    headers.insert("inin-ratelimit-reset", reset.parse().unwrap());
    headers
}

/// Sends as many requests at `now` as may go out.
fn send_all(budget: &mut RateBudget, now: Timestamp) -> u64 {
    (0..10_000)
        .take_while(|_| {
            let free = budget.blocked_until(now).is_none();
            if free {
                budget.spend(now);
            }
            free
        })
        .count() as u64
}

#[test]
fn blocks_when_the_service_says_the_window_is_full() {
    let mut budget = RateBudget::default();
    assert_eq!(budget.blocked(at(0)), None);
    budget.observe(at(0), &headers("180", "180", "61"));
    assert_eq!(budget.blocked(at(1)), Some(Blocked { until: at(61), reason: BlockReason::Exhausted }));
    assert_eq!(budget.blocked(at(61)), None);
    budget.block(at(90));
    assert_eq!(budget.blocked(at(61)), Some(Blocked { until: at(90), reason: BlockReason::Throttled }));
}

#[test]
fn counts_what_is_sent_between_answers() {
    let mut budget = RateBudget::default();
    budget.observe(at(0), &headers("1", "3", "60"));
    budget.spend(at(1));
    assert_eq!(budget.blocked_until(at(1)), None);
    budget.spend(at(1));
    assert_eq!(budget.blocked_until(at(1)), Some(at(60)));
    // The answer to the first of the two does not take the second one back.
    budget.observe(at(2), &headers("2", "3", "58"));
    assert_eq!(budget.blocked_until(at(2)), Some(at(60)));
}

#[test]
fn the_limit_is_known_beyond_its_window() {
    for reset in ["61", "10"] {
        let mut budget = RateBudget::default();
        budget.spend(at(0));
        budget.observe(at(0), &headers("1", "180", reset));
        let end = at(reset.parse().unwrap());
        assert_eq!((send_all(&mut budget, at(1)), send_all(&mut budget, end)), (179, 180), "{reset}");
    }
}

#[test]
fn a_limit_that_changes_is_followed() {
    let mut budget = RateBudget::default();
    for (minute, limit) in [180, 300, 60].into_iter().enumerate() {
        let start = at(60 * minute as u64);
        budget.spend(start);
        budget.observe(start, &headers("1", &limit.to_string(), "60"));
        assert_eq!(send_all(&mut budget, start), limit - 1);
    }
    // In the middle of a window too, also where the other headers are missing.
    budget.observe(at(180), &headers("61", "90", "x"));
    assert_eq!(send_all(&mut budget, at(180)), 90);
}

#[test]
fn an_answer_that_arrives_late_gives_nothing_back() {
    for (count, reset) in [("180", "0"), ("3", "0"), ("3", "2"), ("180", "1")] {
        let mut budget = RateBudget::default();
        budget.spend(at(0));
        budget.observe(at(0), &headers("1", "180", "60"));
        send_all(&mut budget, at(1));
        assert_eq!(send_all(&mut budget, at(60)), 180);
        // Of the window that ended a second ago.
        budget.observe(at(61), &headers(count, "180", reset));
        for second in 61..120 {
            assert_eq!(send_all(&mut budget, at(second)), 0, "{count} {reset}, {second}");
        }
        assert_eq!(send_all(&mut budget, at(120)), 180);
    }
}

#[test]
fn a_window_that_slides_does_not_add_up() {
    for rate in [1, 4] {
        let mut budget = RateBudget::default();
        for second in 0..1000 {
            let count = rate * u64::min(second + 1, 60);
            for _ in 0..rate {
                assert_eq!(budget.blocked_until(at(second)), None, "{rate}, {second}");
                budget.spend(at(second));
                budget.observe(at(second), &headers(&count.to_string(), "300", "60"));
            }
        }
    }
}

#[test]
fn an_end_that_moves_is_that_of_a_new_window_only_at_the_end_of_the_present_one() {
    for (now, is_new) in [(10, false), (57, false), (58, true), (59, true)] {
        let mut budget = RateBudget::default();
        budget.observe(at(0), &headers("1", "9", "60"));
        budget.observe(at(now), &headers("1", "9", "60"));
        let reading = budget.reading.unwrap();
        let end = if is_new { at(now + 60) } else { at(60) };
        assert_eq!((reading.first_end, reading.steady), (end, is_new), "{now}");
    }
}

#[test]
fn what_is_sent_after_the_true_end_of_a_window_counts_for_the_next_one() {
    // The window ends at 60; the answer that says so took 4 s.
    let mut budget = RateBudget::default();
    budget.spend(at(1));
    budget.observe(at(5), &headers("1", "9", "59"));
    (0..3).for_each(|_| budget.spend(at(5)));
    assert_eq!((send_all(&mut budget, at(62)), send_all(&mut budget, at(64))), (5, 4));
}

#[test]
fn answers_that_disagree_about_the_end_do_not_begin_the_count_anew() {
    // The window ends at 60; the first answer took 20 s.
    let mut budget = RateBudget::default();
    budget.spend(at(1));
    budget.observe(at(21), &headers("1", "9", "59"));
    budget.observe(at(30), &headers("2", "9", "30"));
    (0..3).for_each(|_| budget.spend(at(30)));
    assert_eq!((send_all(&mut budget, at(62)), send_all(&mut budget, at(80))), (5, 1));
}

#[test]
fn a_late_answer_of_the_window_before_leaves_the_present_end_certain() {
    let mut budget = RateBudget::default();
    for (now, reset) in [(0, "60"), (60, "60"), (61, "1")] {
        budget.observe(at(now), &headers("1", "9", reset));
    }
    assert_eq!((send_all(&mut budget, at(61)), send_all(&mut budget, at(120))), (8, 9));
}

#[test]
fn an_answer_of_the_window_before_does_not_replace_the_present_one() {
    let mut budget = RateBudget::default();
    budget.observe(at(30), &headers("1", "9", "60"));
    assert_eq!(send_all(&mut budget, at(30)), 8);
    budget.observe(at(31), &headers("3", "9", "5"));
    assert_eq!((send_all(&mut budget, at(36)), send_all(&mut budget, at(89))), (0, 0));
    assert_eq!(send_all(&mut budget, at(90)), 9);
}

#[test]
fn a_window_is_over_at_its_very_end() {
    let mut budget = RateBudget::default();
    budget.observe(at(0), &headers("3", "3", "60"));
    assert_eq!(budget.window(at(59)).map(|window| window.resets_at), Some(at(60)));
    assert_eq!(budget.window(at(60)), None);
    budget.spend(at(60));
    assert_eq!(budget.window(at(60)).map(|window| (window.used, window.resets_at)), Some((1, at(120))));
    // However long the service says that it lasts, it is believed for a minute.
    budget.observe(at(60), &headers("1", "3", "99999999999"));
    assert_eq!(budget.window(at(60)).map(|window| window.resets_at), Some(at(121)));
}

#[test]
fn an_absurd_end_gives_way_to_a_sane_one() {
    let mut budget = RateBudget::default();
    budget.observe(at(0), &headers("1", "180", "99999999999"));
    budget.observe(at(10), &headers("180", "180", "5"));
    assert_eq!(budget.blocked_until(at(10)), Some(at(15)));
}

#[test]
fn readings_up_to_two_seconds_apart_are_of_one_window() {
    for (reset, used) in [("58", 2), ("60", 2), ("61", 2)] {
        let mut budget = RateBudget::default();
        budget.observe(at(0), &headers("1", "9", "60"));
        budget.spend(at(0));
        budget.observe(at(0), &headers("1", "9", reset));
        assert_eq!(budget.window(at(0)).map(|window| window.used), Some(used), "{reset}");
    }
}

#[test]
fn assumes_the_documented_limit_until_told() {
    let mut budget = RateBudget::default();
    budget.observe(at(5), &HeaderMap::new());
    assert_eq!(send_all(&mut budget, at(5)), ASSUMED_PER_MINUTE);
    assert_eq!(budget.blocked_until(at(5)), Some(at(65)));
    assert_eq!(send_all(&mut budget, at(65)), ASSUMED_PER_MINUTE);
}

#[test]
fn begins_slowly_until_the_service_answers() {
    let mut budget = RateBudget::default();
    for second in 5..10 {
        assert_eq!(send_all(&mut budget, at(second)), UNANSWERED_PER_SECOND);
        assert_eq!(budget.blocked_until(at(second)), Some(at(if second == 9 { 65 } else { second + 1 })));
    }
    let mut budget = RateBudget::default();
    assert_eq!(send_all(&mut budget, at(5)), UNANSWERED_PER_SECOND);
    budget.observe(at(5), &headers("1", "180", "60"));
    assert_eq!(send_all(&mut budget, at(5)), 180 - UNANSWERED_PER_SECOND);
}

#[test]
fn a_block_is_never_shortened_and_nonsense_is_skipped() {
    let mut budget = RateBudget::default();
    budget.block(at(10));
    budget.block(at(5));
    assert_eq!(budget.blocked_until(at(1)), Some(at(10)));
    budget.observe(at(1), &headers("x", "3", "60"));
    assert_eq!(budget.window(at(1)), None);
    budget.observe(at(11), &headers("0", "0", "99999999999"));
    assert_eq!(budget.blocked_until(at(11)), None);
}

#[test]
fn a_clock_that_steps_back_takes_the_budget_with_it() {
    let mut budget = RateBudget::default();
    budget.spend(at(7200));
    budget.observe(at(7200), &headers("3", "3", "60"));
    budget.block(at(7205));
    budget.step_back(Duration::from_secs(3600));
    assert_eq!(budget.blocked_until(at(3600)), Some(at(3660)));
    assert_eq!(send_all(&mut budget, at(3660)), 3);
}

/// A service with windows of a minute that begin with the first request, whose answers take time.
#[derive(Default)]
struct Service {
    ends: Timestamp,
    count: u64,
    most: u64,
    slides: bool,
    log: std::collections::VecDeque<Timestamp>,
}

impl Service {
    /// Takes a request; what the answer's headers say.
    fn take(&mut self, now: Timestamp, limit: u64) -> HeaderMap {
        if self.slides {
            self.log.push_back(now);
            while self.log.front().is_some_and(|sent| sent.saturating_add(WINDOW) <= now) {
                self.log.pop_front();
            }
            self.count = self.log.len() as u64;
            self.ends = now.saturating_add(WINDOW);
        } else if now >= self.ends {
            (self.ends, self.count) = (now.saturating_add(WINDOW), 1);
        } else {
            self.count += 1;
        }
        self.most = self.most.max(self.count);
        let reset = self.ends.saturating_since(now).as_millis().div_ceil(1000);
        headers(&self.count.to_string(), &limit.to_string(), &reset.to_string())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Sends as much as the budget allows, at random moments, with answers that are late, lost or out of order.
    #[test]
    fn no_window_gets_more_than_allowed(
        limit in 1u64..40,
        slides: bool,
        steps in prop::collection::vec((1u64..9_000, prop_oneof![3 => Just(0u64), 1 => 0u64..5_000], 0u8..10), 1..60),
    ) {
        let (mut budget, mut service) = (RateBudget::default(), Service { slides, ..Service::default() });
        let mut now = at(1000);
        // The first answer names the limit.
        budget.spend(now);
        budget.observe(now, &service.take(now, limit));
        let mut answers: Vec<(Timestamp, HeaderMap)> = Vec::new();
        for (pause, delay, fate) in steps {
            now = now.saturating_add(Duration::from_millis(pause));
            answers.sort_by_key(|(arrives, _)| *arrives);
            while answers.first().is_some_and(|(arrives, _)| *arrives <= now) {
                let (arrives, headers) = answers.remove(0);
                budget.observe(arrives, &headers);
            }
            for _ in 0..=fate * 8 {
                let blocked = budget.blocked_until(now);
                prop_assert!(blocked.is_none_or(|until| now < until && until <= now.saturating_add(LONGEST_WINDOW)));
                if blocked.is_some() {
                    break;
                }
                budget.spend(now);
                let headers = service.take(now, limit);
                if fate != 9 {
                    answers.push((now.saturating_add(Duration::from_millis(delay)), headers));
                }
            }
        }
        // A window that slides is known as one once its end has moved: until then, twice the limit is possible.
        let most = if slides { 2 * limit } else { limit };
        prop_assert!(service.most <= most, "{} of {limit}", service.most);
    }

    /// Whatever the headers say, nothing is blocked for longer than a window.
    #[test]
    fn no_headers_block_for_longer_than_a_window(
        readings in prop::collection::vec(("[0-9]{1,22}|x|", "[0-9]{1,22}|0|", "[0-9]{1,2}|[0-9]{1,22}|-1|", 0u64..70), 1..40)
    ) {
        let (mut budget, mut now) = (RateBudget::default(), at(1000));
        for (count, allowed, reset, pause) in readings {
            now = now.saturating_add(Duration::from_secs(pause));
            budget.observe(now, &headers(&count, &allowed, &reset));
            let longest = now.saturating_add(LONGEST_WINDOW);
            prop_assert!(budget.blocked_until(now).is_none_or(|until| now < until && until <= longest));
            prop_assert_eq!(budget.blocked_until(longest), None);
            if budget.blocked_until(now).is_none() {
                budget.spend(now);
            }
        }
    }
}
