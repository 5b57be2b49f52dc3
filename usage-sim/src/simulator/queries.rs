//! Executions and jobs: their submission and their results.

use std::borrow::Cow;

use http::{Response, StatusCode, request};
use serde_json::json;
use usage_core::{Date, Timestamp};

use super::Simulator;
use crate::execution::{Ending, Execution, Rows, Scope, Status};
use crate::fault::Fault;
use crate::job_results::{self, JobResults};
use crate::journal::Entry;
use crate::query::{self, Body, Page, PageSizes};
use crate::reply::{self, Problem};
use crate::results;
use crate::route::{Operation, Route};
use crate::uri::{page_uri, segment, written};

impl Simulator {
    pub(super) fn submit(
        &mut self,
        now: Timestamp,
        route: &Route,
        head: &request::Parts,
        body: &[u8],
        entry: &mut Entry,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let horizon = self.horizon(now);
        let scope = self.scope(now, route)?;
        let parse = || Body::parse(&head.headers, body);
        let plan = match scope {
            Scope::Client(client) if route.operation == Operation::ClientSummary => {
                let days = query_parameter(head, "days");
                query::client_summary(days.as_deref(), now, horizon, client)?
            }
            Scope::Client(client) => query::client_query(&parse()?, horizon, client)?,
            Scope::SimpleSearch => query::simple_search(&parse()?, horizon, &self.world)?,
            Scope::Organization => query::organization_query(&parse()?, horizon)?,
            Scope::OrganizationJob => query::organization_job(&parse()?, now, horizon, &self.world)?,
            Scope::ClientJob(client) => query::client_job(&parse()?, now, horizon, &self.world, client)?,
        };
        let ending = ending(entry.fault.as_ref(), &scope).unwrap_or(Ending::Complete);
        let id = self.executions.start(now, scope.clone(), plan, ending);
        let path = results_path(&scope, route, &id);
        let results_uri = written(path.clone(), entry.fault.as_ref());
        let body = if scope.is_job() {
            json!({"id": id, "resultsUri": results_uri, "selfUri": path})
        } else {
            json!({"executionId": id, "resultsUri": results_uri})
        };
        entry.started = Some(id);
        Ok(reply::json_response(body.to_string().into_bytes()))
    }

    pub(super) fn results(
        &mut self,
        now: Timestamp,
        route: &Route,
        query: &str,
        entry: &Entry,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let scope = self.scope(now, route)?;
        let (what, parameter) = if scope.is_job() { ("job", "jobId") } else { ("execution", "executionId") };
        let id = route.parameter(parameter);
        let fault = entry.fault.as_ref();
        if let Some(ending) = ending(fault, &scope).filter(|_| self.executions.find(id, &scope).is_some()) {
            self.executions.end_as(id, ending);
        }
        let found = self.executions.find(id, &scope);
        let execution = found.ok_or_else(|| Problem::not_found(what, id))?.clone();
        let status = self.executions.status(&execution, now);
        let body = if scope.is_job() {
            let page = Page::parse(query, PageSizes::JOB, id)?;
            let path = results_path(&scope, route, id);
            self.job_results(&execution, status, page, &path, entry)
        } else {
            let page = match scope {
                Scope::SimpleSearch => Some(Page::parse(query, PageSizes::SIMPLE_SEARCH, id)?),
                _ => None,
            };
            match (fault, status) {
                (Some(Fault::UnknownStatus(status)), _) => results::status_only(status),
                (Some(Fault::MissingStatus), _) => b"{}".to_vec(),
                (_, Status::Queued | Status::Running) => results::status_only("Running"),
                (_, Status::Ended(Ending::Complete)) => self.complete(&execution, page, fault),
                (_, Status::Ended(Ending::Failed | Ending::Cancelled)) => results::status_only("Failed"),
            }
        };
        Ok(reply::json_response(body))
    }

    fn complete(&mut self, execution: &Execution, page: Option<Page>, fault: Option<&Fault>) -> Vec<u8> {
        let rows = self.executions.rows(&self.world, execution);
        let Some(page) = page else { return results::complete(&self.world, &execution.plan, &rows, None) };
        let part = Part::of(&rows, page, execution, fault);
        results::complete(&self.world, &execution.plan, &rows[part.start..part.end], part.after.as_deref())
    }

    fn job_results(
        &mut self,
        execution: &Execution,
        status: Status,
        page: Page,
        path: &str,
        entry: &Entry,
    ) -> Vec<u8> {
        let fault = entry.fault.as_ref();
        let answer = || JobResults { self_uri: path.into(), ..JobResults::default() };
        let of_status = |status| JobResults { query_status: Some(status), ..answer() };
        match (fault, status) {
            (Some(Fault::UnknownStatus(status)), _) => of_status(status).into_body(),
            (Some(Fault::MissingStatus), _) => answer().into_body(),
            (_, Status::Queued) => of_status("Queued").into_body(),
            (_, Status::Running) => of_status("Running").into_body(),
            (_, Status::Ended(Ending::Cancelled)) => of_status("Cancelled").into_body(),
            (_, Status::Ended(Ending::Failed)) => {
                let error_body = query_failed().body(&entry.correlation_id);
                JobResults { error_body: Some(error_body), ..of_status("Failed") }.into_body()
            }
            (_, Status::Ended(Ending::Complete)) => self.succeeded(execution, page, path, fault),
        }
    }

    fn succeeded(&mut self, execution: &Execution, page: Page, path: &str, fault: Option<&Fault>) -> Vec<u8> {
        let rows = self.executions.rows(&self.world, execution);
        let part = Part::of(&rows, page, execution, fault);
        let of_client = matches!(execution.scope, Scope::ClientJob(_));
        let next_uri = part.after.as_deref().map(|after| page_uri(path, page.size, Some(("after", after))));
        let own = (page.offset > 0).then(|| query::cursor(page.offset, &execution.id));
        let entities =
            job_results::rows(&self.world, &execution.plan, of_client, &rows[part.start..part.end]);
        let answer = JobResults {
            query_status: Some("Succeeded"),
            error_body: None,
            entities: Some(entities),
            next_uri: next_uri.map(|uri| written(uri, fault)),
            self_uri: page_uri(path, page.size, own.as_deref().map(|after| ("after", after))),
        };
        answer.into_body()
    }

    /// Returns the scope of a route's executions, or 404 for an unknown client.
    fn scope(&self, now: Timestamp, route: &Route) -> Result<Scope, Problem> {
        let client = || {
            let id = route.parameter("clientId");
            let number = self.world.client_number(id).filter(|&number| {
                self.world.client(number).is_some_and(|client| client.is_shown_on(Date::of(now)))
            });
            number.ok_or_else(|| Problem::not_found("OAuth client", id))
        };
        match route.operation {
            Operation::SimpleSearch | Operation::SimpleSearchResults => Ok(Scope::SimpleSearch),
            Operation::ClientQuery | Operation::ClientSummary | Operation::ClientResults => {
                client().map(Scope::Client)
            }
            Operation::OrganizationJob | Operation::OrganizationJobResults => Ok(Scope::OrganizationJob),
            Operation::ClientJob | Operation::ClientJobResults => client().map(Scope::ClientJob),
            _ => Ok(Scope::Organization),
        }
    }
}

/// The rows of a page, and the cursor of the next page.
struct Part {
    start: usize,
    end: usize,
    after: Option<String>,
}

impl Part {
    fn of(rows: &Rows, page: Page, execution: &Execution, fault: Option<&Fault>) -> Self {
        let start = page.offset.min(rows.len());
        let end = page.offset.saturating_add(page.size).min(rows.len());
        let next = match fault {
            Some(Fault::RepeatCursor) => Some(page.offset),
            _ => Some(end).filter(|&end| end < rows.len()),
        };
        Self { start, end, after: next.map(|offset| query::cursor(offset, &execution.id)) }
    }
}

/// Returns the ending that a fault causes.
fn ending(fault: Option<&Fault>, scope: &Scope) -> Option<Ending> {
    match fault {
        Some(Fault::FailQuery) => Some(Ending::Failed),
        Some(Fault::CancelQuery) if scope.is_job() => Some(Ending::Cancelled),
        _ => None,
    }
}

/// Returns the `errorBody` of a failed job.
fn query_failed() -> Problem {
    let template = "The query could not be completed. Submit it again.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal.server.error", template)
}

fn results_path(scope: &Scope, route: &Route, id: &str) -> String {
    let client_id = segment(route.parameter("clientId"));
    match scope {
        Scope::Organization => format!("/api/v2/usage/query/{id}/results"),
        Scope::SimpleSearch => format!("/api/v2/usage/simplesearch/{id}/results"),
        Scope::Client(_) => format!("/api/v2/oauth/clients/{client_id}/usage/query/results/{id}"),
        Scope::OrganizationJob => format!("/api/v2/usage/aggregates/query/jobs/{id}"),
        Scope::ClientJob(_) => format!("/api/v2/usage/client/{client_id}/aggregates/query/jobs/{id}"),
    }
}

fn query_parameter<'a>(head: &'a request::Parts, wanted: &str) -> Option<Cow<'a, str>> {
    let query = head.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
}
