//! The scenarios by subject, and their list.

pub(super) mod drift;
pub(super) mod families;
pub(super) mod limits;
pub(super) mod lives;
pub(super) mod protocol;
pub(super) mod service;
pub(super) mod token;
pub(super) mod token_responses;
pub(super) mod transports;
pub(super) mod wire;

use super::scenario::{Scenario, Work};
use crate::fault::Match;
use crate::wire_fault::WireFault;

/// The numbers of rows of the queries: of one day, and of two days of a week in three pages.
const BY_CLIENT: usize = 23;
const IN_SEARCH: usize = 2477;
const IN_JOB: usize = 2088;

/// Returns a scenario of a query of the organization.
fn organization() -> Scenario {
    Scenario::new(Work::Organization)
}

/// Returns a scenario in which `fault` strikes the poll, which is sent again half a second later, and all rows arrive.
fn retried(fault: WireFault) -> Scenario {
    organization()
        .fault(Match::Results, fault)
        .wire("0 token, 0 submit, 2000 poll, 2500 poll")
        .causes("Authorized Sent Accepted Elapsed Sent TransportFailed Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// Returns a scenario in which `fault` strikes the response to the submit, whose fate is unknown then.
fn ambiguous_submit(fault: WireFault) -> Scenario {
    organization()
        .fault(Match::Submit, fault)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent AmbiguousSubmit")
        .ends("ambiguous submit: Reset (at usage.query after 2 requests)")
}

/// Lists the scenarios once: to find them by name, and for the macro that defines a test for each.
macro_rules! scenarios {
    // `$d` is a dollar sign: the inner macro has variables of its own.
    ($d:tt; all { $($room:ident { $($name:ident,)* })* } futures { $($of_futures:ident,)* }) => {
        /// Returns the scenario with this name.
        pub(super) fn find(name: &str) -> Option<Scenario> {
            match name {
                $($(stringify!($name) => Some($room::$name()),)*)*
                $(stringify!($of_futures) => Some(lives::$of_futures()),)*
                _ => None,
            }
        }

        /// Defines a test for each scenario, for a type that implements [`Driver`](crate::conformance::Driver):
        /// `conformance_suite!(UnderTest)`, or `conformance_suite!(UnderTest, futures)` if it has futures that can be
        /// dropped.
        #[macro_export]
        macro_rules! conformance_suite {
            ($d driver:ty) => {
                $($(
                    #[test]
                    fn $name() {
                        $d crate::conformance::check::<$d driver>(stringify!($name));
                    }
                )*)*
            };
            ($d driver:ty, futures) => {
                $d crate::conformance_suite!($d driver);
                $(
                    #[test]
                    fn $of_futures() {
                        $d crate::conformance::check::<$d driver>(stringify!($of_futures));
                    }
                )*
            };
        }
    };
}

scenarios! { $;
    all {
        families {
            organization_query,
            client_query,
            client_summary,
            simple_search_in_pages,
            organization_job_in_pages,
            client_job,
            a_token_of_the_caller,
            submit_alone,
            event_definitions,
            event_definition_by_id,
            event_query,
            event_aggregates,
            users,
            oauth_clients,
            organization_me,
            users_forbidden,
            pending_for_long,
            chunked_answers,
            slow_answers,
        }
        service {
            query_failed,
            job_failed,
            job_cancelled,
            unknown_status,
            unknown_status_to_the_end,
            default_polls,
            second_query_is_polled_when_the_first_was_done,
            missing_status,
            repeated_cursor,
            next_uri_of_another_origin,
            results_uri_of_another_origin,
            redirected_token_request,
            redirected_submit,
            redirected_poll,
            bad_request_400,
            forbidden_403,
            not_found_404_within_the_grace,
            not_found_404_after_the_grace,
            timed_out_408,
            conflict_409,
            too_large_413,
            unsupported_415,
            throttled_429_for_seconds,
            throttled_429_until_a_date,
            throttled_429_with_nonsense,
            throttled_429_for_hours,
            budget_of_the_minute_is_kept,
            failing_500,
            unavailable_503,
            timed_out_504,
            unavailable_503_to_the_end,
            html_error_page,
            html_page_with_200,
            no_content_204,
            empty_200,
        }
        token {
            unauthorized_401_once,
            unauthorized_401_twice,
            unauthorized_401_of_the_callers_token,
            token_endpoint_400,
            token_endpoint_401,
            token_endpoint_401_is_remembered,
            token_endpoint_500_then_fine,
            one_token_for_two_executions,
            one_fetch_for_two_executions_at_once,
            token_renewed_ahead_of_its_end,
        }
        wire {
            connection_refused,
            connection_refused_at_login,
            name_that_does_not_resolve,
            tls_with_a_known_root,
            tls_with_an_unknown_root,
            tls_with_the_wrong_name,
            tls_expired,
            tls_self_signed,
            tls_with_a_host_without_tls,
            tls_handshake_without_an_end,
            tls_untrusted_at_login,
            tls_with_a_certificate_of_the_client,
            tls_without_the_certificate_of_the_client,
            closed_before_the_head,
            closed_before_the_head_is_reported,
            closed_in_the_head,
            closed_in_the_body,
            closed_in_the_body_is_reported,
            closed_in_the_body_over_tls,
            head_counts_without_its_body,
            submit_of_unknown_fate,
            submit_of_unknown_fate_sent_again,
            token_response_that_breaks_off,
            kept_connection_closed_between_exchanges,
            garbage_instead_of_an_answer,
            silence,
            silence_is_reported,
            silence_at_login,
            silence_after_a_submit,
            silence_in_the_body,
            silence_over_tls,
            drip_past_the_timeout,
            large_head,
            oversized_head,
            oversized_body,
            endless_body,
            gzip_bomb,
            gzip,
            garbage_between_chunks,
            broken_page_is_fetched_again,
            late_responses_are_ignored,
        }
        protocol {
            interim_100,
            interim_early_hints_103,
            interim_answers_in_a_row,
            body_until_the_connection_closes,
            answer_of_http_1_0,
            status_line_without_a_reason,
            chunks_with_extensions_and_a_trailer,
            length_beside_chunks,
            same_length_twice,
            two_lengths_that_differ,
            length_that_is_not_a_number,
            body_cut_where_the_connection_closes,
            chunks_without_the_last,
            length_of_half_the_body,
            length_of_half_a_page,
            submit_cut_where_the_connection_closes,
            submit_in_chunks_without_the_last,
            submit_closed_in_the_head,
            submit_answered_with_garbage,
            login_closed_before_the_head,
            login_closed_in_the_head,
            login_in_chunks_without_the_last,
            login_answered_with_garbage,
            unrequested_bytes_after_a_response,
            each_page_breaks_in_another_way,
            time_limits_of_any_length,
        }
        drift {
            odd_members_beside_the_status,
            cursor_of_a_family_without_pages,
            running_job_with_a_next_uri,
            failed_job_with_an_error_body_of_another_type,
            done_without_a_list,
            submission_with_an_odd_uri,
            events_without_a_list,
        }
        limits {
            throttled_429_until_the_window_ends,
            throttled_429_until_a_date_of_another_clock,
            throttled_429_for_an_absurd_time,
            throttled_429_ten_times,
            window_that_slides,
            window_that_is_over,
            window_with_an_absurd_end,
            limit_is_known_in_the_next_minute,
            throttled_429_at_login,
        }
        token_responses {
            token_type_in_capitals,
            token_without_a_lifetime,
            token_with_more_members,
            token_with_a_refresh_token,
        }
        transports {
            body_ends_with_the_connection_over_tls,
            reset_in_a_body_without_a_length,
            reset_in_a_body_without_a_length_over_tls,
            reset_in_a_body_without_a_length_of_a_submit,
            cut_in_a_body_without_a_length_over_tls,
            cut_in_a_body_without_a_length_of_a_submit_over_tls,
            closed_between_chunks_over_tls,
            submit_behind_a_closed_connection,
            submit_just_before_the_deadline,
            through_a_proxy,
            proxy_refuses_with_401,
            proxy_refuses_with_403,
            proxy_refuses_with_407,
            proxy_refuses_with_502,
            proxy_answers_with_html,
            proxy_closes,
            proxy_is_not_there,
            proxy_is_silent,
            exchange_ends_before_there_is_a_connection,
            tls12_without_the_certificate_of_the_client,
        }
        lives {
            deadline_before_the_first_poll,
            attached_to_by_its_id,
            cancelled_at_each_step,
            cancelled_during_each_step,
            restored_at_each_step,
            stopped_and_resumed_at_each_step,
        }
    }
    futures {
        dropped_poll,
        dropped_in_the_body,
        dropped_submit,
        dropped_token_request,
        dropped_and_restored,
        dropped_and_restored_in_the_middle,
    }
}
