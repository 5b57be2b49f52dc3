//! `genesys-usage events`: operational events, which are independent of the counts of requests.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use clap::{Args, Subcommand, ValueEnum};
use usage_core::events::{
    EntityRef, EventAggregate, EventAggregatesQuery, EventDefinition, EventDefinitionById, EventDefinitions,
    EventQuery, EventSortOrder, MAX_EVENT_PAGE_SIZE, OperationalEvent,
};
use usage_core::{Call, Cursor, Endpoint, EventDefinitionId, Policy};

use crate::arguments::deferred::Deferred;
use crate::arguments::period::PeriodArgs;
use crate::arguments::value_parsers::number;
use crate::connection::caller::Caller;
use crate::connection::credentials::CredentialArgs;
use crate::connection::{Connection, TargetArgs, TimingArgs};
use crate::output::document::DocumentArgs;
use crate::output::listing::{Column, List};
use crate::problem::{Code, Problem};
use crate::run::dry_run::DryRun;
use crate::run::seed;
use crate::service::failure;

/// Query operational events: what happened in the organization, such as a flow that failed
///
/// Operational events are independent of the counts of requests. The service answers at once.
///
/// Permission: usage:events:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// List the kinds of events
    #[command(after_help = EXAMPLES)]
    Definitions(Deferred<DefinitionsArgs>),
    /// Show one kind of event
    #[command(after_help = EXAMPLES)]
    Definition(Deferred<DefinitionArgs>),
    /// List the events of a period
    #[command(after_help = EXAMPLES)]
    Query(Deferred<EventsQueryArgs>),
    /// Count the events of each kind in a period
    #[command(after_help = EXAMPLES)]
    Aggregate(Deferred<AggregateArgs>),
}

/// List the kinds of events
///
/// Runs GET /api/v2/usage/events/definitions.
#[derive(Debug, Args)]
struct DefinitionsArgs {
    #[command(flatten)]
    common: EventsCommon,
}

/// Show one kind of event
///
/// Runs GET /api/v2/usage/events/definitions/{eventDefinitionId}.
#[derive(Debug, Args)]
struct DefinitionArgs {
    /// The id, as listed by 'events definitions'
    id: EventDefinitionId,
    #[command(flatten)]
    common: EventsCommon,
}

/// Count the events of each kind in a period
///
/// Runs POST /api/v2/usage/events/aggregates/query. For a table, it also requests the names of the kinds.
#[derive(Debug, Args)]
struct AggregateArgs {
    #[command(flatten)]
    period: PeriodArgs,
    #[command(flatten)]
    common: EventsCommon,
}

/// List the events of a period
///
/// Runs POST /api/v2/usage/events/query and reads all its pages. For a table, it also requests the names of the
/// kinds.
#[derive(Debug, Args)]
struct EventsQueryArgs {
    #[command(flatten)]
    period: PeriodArgs,

    /// Return only events of this kind, by the id of its definition. May be repeated
    #[arg(long, help_heading = "Query", value_name = "ID")]
    definition: Vec<EventDefinitionId>,

    /// Return only events that match this text
    #[arg(long, help_heading = "Query", value_name = "TEXT")]
    search: Option<String>,

    /// Sort by time [default: the latest first]
    #[arg(long, help_heading = "Query", value_name = "ORDER")]
    order: Option<Order>,

    /// Return at most this many events
    #[arg(long, help_heading = "Query", value_name = "N", value_parser = number(1u32..))]
    limit: Option<u32>,

    /// Return only events after this cursor of the service
    #[arg(long, help_heading = "Query", value_name = "CURSOR", value_parser = cursor, conflicts_with = "before")]
    after: Option<Cursor>,

    /// Return the page of events before this cursor of the service
    #[arg(long, help_heading = "Query", value_name = "CURSOR", value_parser = cursor)]
    before: Option<Cursor>,

    /// Request this many events at a time
    #[arg(long, help_heading = "Query", value_name = "N", default_value_t = MAX_EVENT_PAGE_SIZE,
          value_parser = number(1..=MAX_EVENT_PAGE_SIZE))]
    page_size: u32,

    #[command(flatten)]
    common: EventsCommon,
}

/// The options of all subcommands that send a request.
#[derive(Debug, Args)]
struct EventsCommon {
    #[command(flatten)]
    target: TargetArgs,

    /// Show the request instead of sending it, as text or as a curl command, without the token
    #[arg(long, help_heading = "Service", value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true,
          default_missing_value = "text", conflicts_with = "simulate")]
    dry_run: Option<DryRun>,

    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: DocumentArgs<List>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    /// The earliest first
    Asc,
    /// The latest first
    Desc,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage events definitions
      The kinds of event, with their ids.
  genesys-usage events query --last 1d --search 'Main Flow' --order asc --format jsonl
      What happened to one flow yesterday.
  genesys-usage events aggregate --last 7d
      How many events of each kind there were in a week.
  genesys-usage events query --last 1d --limit 20 --simulate
      The same against a built-in simulator: no account needed.";

pub(crate) fn run(args: EventsArgs) -> Result<(), Problem> {
    match args.command {
        EventsCommand::Definitions(args) => {
            let DefinitionsArgs { common } = args.into_inner();
            let Some(listing) = common.call(EventDefinitions)? else { return Ok(()) };
            common.output.write("definitions", &DEFINITION, &listing.entities)
        }
        EventsCommand::Definition(args) => {
            let DefinitionArgs { id, common } = args.into_inner();
            let answer = common.call(EventDefinitionById::new(id));
            let answer = answer.map_err(|problem| match problem.code() {
                Code::Refused => problem.with_hint("genesys-usage events definitions lists the ids"),
                _ => problem,
            });
            let Some(definition) = answer? else { return Ok(()) };
            common.output.write("definitions", &DEFINITION, &[definition])
        }
        EventsCommand::Query(args) => query(args.into_inner()),
        EventsCommand::Aggregate(args) => aggregate(args.into_inner()),
    }
}

fn aggregate(args: AggregateArgs) -> Result<(), Problem> {
    let AggregateArgs { period, common } = args;
    let query = EventAggregatesQuery::new(period.interval(false)?);
    if let Some(form) = common.dry_run {
        return form.show(call_of(query), &common.target.hosts, &common.timing.roots, &common.credentials);
    }
    let caller = common.caller()?;
    let answer = caller.call(query).map_err(|error| problem::<EventAggregatesQuery>(&caller, &error))?;
    let mut aggregates = answer.event_definition_aggregates;
    let definitions = aggregates.iter_mut().filter_map(|aggregate| aggregate.event_definition.as_mut());
    common.name_for_people(&caller, definitions);
    common.output.write("aggregates", &AGGREGATE, &aggregates)
}

fn query(args: EventsQueryArgs) -> Result<(), Problem> {
    let EventsQueryArgs { period, definition, search, order, limit, after, before, page_size, common } = args;
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let is_one_page = before.is_some();
    let page_size = page_size.min(u32::try_from(limit).unwrap_or(u32::MAX));
    let mut query = EventQuery::new(period.interval(false)?)
        .with_event_definition_ids(definition)
        .with_page_size(page_size);
    query.search_term = search;
    query.sort_order = order.map(|order| match order {
        Order::Asc => EventSortOrder::Asc,
        Order::Desc => EventSortOrder::Desc,
    });
    (query.after, query.before) = (after, before);
    if let Some(form) = common.dry_run {
        return form.show(call_of(query), &common.target.hosts, &common.timing.roots, &common.credentials);
    }

    let caller = common.caller()?;
    let (mut events, mut seen) = (Vec::new(), HashSet::new());
    loop {
        let page = caller.call(query.clone()).map_err(|error| problem::<EventQuery>(&caller, &error))?;
        let next = page.next().map_err(|error| Problem::new(Code::Unreachable, error))?;
        events.extend(page.entities);
        let Some(cursor) = next.filter(|_| events.len() < limit && !is_one_page) else { break };
        if !seen.insert(cursor.as_str().to_owned()) {
            return Err(Problem::new(Code::Unreachable, "the service's pages repeat")
                .with_hint("--limit takes what comes before"));
        }
        query.after = Some(cursor);
    }
    events.truncate(limit);
    common.name_for_people(&caller, events.iter_mut().filter_map(|event| event.event_definition.as_mut()));
    common.output.write("events", &EVENT, &events)
}

impl EventsCommon {
    /// Returns the response of `endpoint`, or `None` if its request was only shown.
    fn call<E: Endpoint>(&self, endpoint: E) -> Result<Option<E::Response>, Problem> {
        if let Some(form) = self.dry_run {
            form.show(call_of(endpoint), &self.target.hosts, &self.timing.roots, &self.credentials)?;
            return Ok(None);
        }
        let caller = self.caller()?;
        caller.call(endpoint).map(Some).map_err(|error| problem::<E>(&caller, &error))
    }

    /// Adds the names of definitions, for a table, with one additional request. If that request fails, or lacks a
    /// definition, the id stays.
    fn name_for_people<'a>(&self, caller: &Caller, definitions: impl Iterator<Item = &'a mut EntityRef>) {
        let mut definitions = definitions.peekable();
        if !self.output.format().is_for_people() || definitions.peek().is_none() {
            return;
        }
        let known = caller.call(EventDefinitions).map(|known| known.entities).unwrap_or_default();
        let names: HashMap<_, _> = known.into_iter().map(|known| (known.id, known.name)).collect();
        for definition in definitions {
            if let Some(Some(name)) = names.get(&definition.id) {
                definition.id = Some(name.clone());
            }
        }
    }

    fn caller(&self) -> Result<Opened, Problem> {
        self.output.check()?;
        let connection = Connection::open(&self.target, &self.timing, &self.credentials)?;
        let caller = Caller::new(&connection).map_err(Problem::build)?;
        Ok(Opened { caller, _connection: connection })
    }
}

/// A caller, and the simulator that it may need.
struct Opened {
    caller: Caller,
    _connection: Connection,
}

impl std::ops::Deref for Opened {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

fn call_of<E: Endpoint>(endpoint: E) -> Call<E> {
    Call::new(endpoint, Policy::default(), seed(), SystemTime::now().into())
}

fn problem<E: Endpoint>(caller: &Caller, error: &usage_core::error::Error) -> Problem {
    failure::of_call(error, caller.service(), E::PERMISSIONS).with_hints(failure::unreached(error))
}

fn cursor(text: &str) -> Result<Cursor, String> {
    Cursor::parse(text).map_err(|error| error.to_string())
}

macro_rules! columns {
    ($($name:literal, $title:literal: $cell:expr;)+) => {
        [$(Column { name: $name, title: $title, cell: $cell }),+]
    };
}

static DEFINITION: [Column<EventDefinition>; 3] = columns! {
    "id", "Id": |item| text(item.id.as_ref());
    "name", "Name": |item| text(item.name.as_ref());
    "description", "Description": |item| text(item.description.as_ref());
};

static AGGREGATE: [Column<EventAggregate>; 2] = columns! {
    "eventDefinitionId", "Definition": |item| id(item.event_definition.as_ref());
    "eventCount", "Events": |item| item.event_count.map(|count| count.to_string().into());
};

static EVENT: [Column<OperationalEvent>; 15] = columns! {
    "dateCreated", "Time": |item| text(item.date_created.as_ref());
    "eventDefinitionId", "Definition": |item| id(item.event_definition.as_ref());
    "entityId", "Entity id": |item| text(item.entity_id.as_ref());
    "entityToken", "Entity token": |item| text(item.entity_token.as_ref());
    "entityName", "Entity": |item| text(item.entity_name.as_ref());
    "entityVersion", "Version": |item| text(item.entity_version.as_ref());
    "parentEntityId", "Parent": |item| text(item.parent_entity_id.as_ref());
    "previousValue", "Before": |item| text(item.previous_value.as_ref());
    "currentValue", "After": |item| text(item.current_value.as_ref());
    "errorCode", "Error": |item| text(item.error_code.as_ref());
    "conversationId", "Conversation": |item| id(item.conversation.as_ref());
    "phoneNumber", "Phone number": |item| text(item.phone_number.as_ref());
    "externalContactId", "External contact": |item| text(item.external_contact_id.as_ref());
    "dateModified", "Changed": |item| text(item.date_modified.as_ref());
    "entityModifiedBy", "Changed by": |item| text(item.entity_modified_by.as_ref());
};

fn text(value: Option<&String>) -> Option<Cow<'_, str>> {
    value.filter(|text| !text.is_empty()).map(|text| text.as_str().into())
}

fn id(reference: Option<&EntityRef>) -> Option<Cow<'_, str>> {
    text(reference.and_then(|reference| reference.id.as_ref()))
}
