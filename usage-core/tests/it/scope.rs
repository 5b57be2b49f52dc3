//! The scope of the rows of executions and queries.

use usage_core::model::{Dimension, Granularity, HttpMethod, Metric, SearchColumn};
use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{Endpoint, Execution, Gap, Interval, Machine, Scope, UsageQuery};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, START, drive, execution, ok, policy, query, script, static_token,
};

fn june() -> Interval {
    "2026-06/2026-06".parse().unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The scope of a query has exactly the members of its request body.
#[track_caller]
fn says_what_it_asks<Q: UsageQuery + Endpoint>(query: &Q, more: &[(&str, &[&str])]) {
    let body: serde_json::Value = serde_json::from_slice(&query.body().unwrap().unwrap()).unwrap();
    let scope = query.scope(START);
    assert_eq!((scope.family.as_deref(), scope.asked_at), (Some(Q::FAMILY), Some(START)));
    let asked = scope.query.unwrap();
    let mut members = serde_json::to_value(&asked.filters).unwrap();
    for (name, value) in more {
        assert_eq!(members[name], serde_json::json!(value), "{name}");
        members.as_object_mut().unwrap().remove(*name);
    }
    members["interval"] = asked.interval.to_string().into();
    for (name, values) in [("groupBy", &asked.group_by), ("metrics", &asked.metrics)] {
        if !values.is_empty() {
            members[name] = serde_json::json!(values);
        }
    }
    if let Some(granularity) = &asked.granularity {
        members["granularity"] = granularity.as_str().into();
    }
    assert_eq!(members, body);
}

#[test]
fn the_scope_of_a_query_has_every_member_of_its_body() {
    let (groups, metrics) = ([Dimension::OAuthClientId, Dimension::TemplateUri], [Metric::Requests]);
    let query = OrganizationQuery::new(june()).with_group_by(groups.clone()).with_metrics(metrics.clone());
    says_what_it_asks(&query, &[]);
    says_what_it_asks(&query.with_granularity(Granularity::Week), &[]);
    let client = || "7de3af06".parse().unwrap();
    let query = ClientQuery::new(client(), june()).with_granularity(Granularity::Month);
    says_what_it_asks(&query, &[("clientId", &["7de3af06"])]);
    let job = OrganizationJob::new(june())
        .with_granularity(Granularity::Day)
        .with_group_by(groups)
        .with_metrics(metrics)
        .with_template_uris(texts(&["api/v2/users"]))
        .with_http_methods([HttpMethod::Get, HttpMethod::Put])
        .with_platforms(texts(&["api"]))
        .with_user_ids(texts(&["u"]))
        .with_oauth_client_ids(texts(&["c", "d"]));
    says_what_it_asks(&job, &[]);
    let job = ClientJob::new(client(), june()).with_organization_ids(texts(&["o"]));
    says_what_it_asks(&job, &[("clientId", &["7de3af06"])]);
}

#[test]
fn the_scope_of_a_search_separates_columns_and_counters() {
    let search = SimpleSearch::new(june())
        .with_columns([SearchColumn::Date, SearchColumn::ClientName, SearchColumn::Status429])
        .with_oauth_client_names(texts(&["Bot"]));
    let asked = search.scope(START).query.unwrap();
    assert_eq!((asked.group_by, asked.metrics), (texts(&["ClientName"]), texts(&["Status429"])));
    assert_eq!(asked.granularity, Some(Granularity::Day));
    assert_eq!(asked.filters["oauthClientNames"], ["Bot"]);
    // Without columns, the service returns all of them, including the date.
    let granularity = |search: SimpleSearch| search.scope(START).query.unwrap().granularity;
    assert_eq!(granularity(SimpleSearch::new(june())), Some(Granularity::Day));
    assert_eq!(granularity(SimpleSearch::new(june()).with_columns([SearchColumn::ClientName])), None);
}

#[test]
fn the_scope_of_a_summary_has_the_days_before_it_was_asked() {
    let summary = ClientSummary::new("c".parse().unwrap());
    let interval = |summary: &ClientSummary| summary.scope(START).query.unwrap().interval.to_string();
    assert_eq!(interval(&summary), "2026-06-24/2026-06-30");
    assert_eq!(interval(&summary.with_days(1)), "2026-06-30/2026-06-30");
}

#[test]
fn the_scope_of_an_execution_is_complete_when_the_execution_is() {
    let mut whole = execution();
    assert_eq!(whole.scope().missing, [Gap::Pages]);
    drive(&mut whole, &mut static_token(), START, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
    assert!(whole.scope().is_complete());
    assert_eq!(whole.scope().data_until.unwrap().to_string(), "2026-06-30");

    let mut late = execution();
    drive(&mut late, &mut static_token(), START, |request| {
        ok(if request.method() == "POST" { ACCEPTED } else { RUNNING })
    });
    assert_eq!(late.scope().missing, [Gap::Deadline]);
}

#[test]
fn an_execution_that_was_submitted_elsewhere_has_no_time() {
    let mut attached = Execution::attach(query(), "e".parse().unwrap(), policy(), 1, START);
    drive(&mut attached, &mut static_token(), START, script(vec![ok(COMPLETE)]));
    let scope: Scope = attached.scope();
    assert_eq!((scope.asked_at, scope.data_until, scope.is_complete()), (None, None, true));
    assert!(attached.error().is_none());
}
