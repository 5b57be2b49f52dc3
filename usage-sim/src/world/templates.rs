//! The API paths that the organization's clients call.

use usage_core::model::HttpMethod::{self, Delete, Get, Patch, Post, Put};

/// A part of the API. A client uses some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Analytics,
    Architect,
    Audits,
    Authorization,
    Conversations,
    Directory,
    ExternalContacts,
    Integrations,
    Notifications,
    Outbound,
    Presence,
    Quality,
    Recordings,
    Routing,
    Speech,
    Telephony,
    Usage,
    Users,
    Workforce,
}

/// A template URI as the service writes it: no leading slash, path parameters in braces.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) uri: &'static str,
    pub(crate) area: Area,
    pub(crate) methods: &'static [HttpMethod],
}

const fn template(area: Area, uri: &'static str, methods: &'static [HttpMethod]) -> Template {
    Template { uri, area, methods }
}

/// All templates. The index of a template is its number in a row's key.
pub(crate) const TEMPLATES: &[Template] = &[
    template(Area::Analytics, "api/v2/analytics/conversations/details/query", &[Post]),
    template(Area::Analytics, "api/v2/analytics/conversations/details/jobs", &[Post]),
    template(Area::Analytics, "api/v2/analytics/conversations/details/jobs/{jobId}", &[Get, Delete]),
    template(Area::Analytics, "api/v2/analytics/conversations/details/jobs/{jobId}/results", &[Get]),
    template(Area::Analytics, "api/v2/analytics/conversations/{conversationId}/details", &[Get]),
    template(Area::Analytics, "api/v2/analytics/conversations/aggregates/query", &[Post]),
    template(Area::Analytics, "api/v2/analytics/queues/observations/query", &[Post]),
    template(Area::Analytics, "api/v2/analytics/users/aggregates/query", &[Post]),
    template(Area::Analytics, "api/v2/analytics/users/details/query", &[Post]),
    template(Area::Analytics, "api/v2/analytics/flows/aggregates/query", &[Post]),
    template(Area::Architect, "api/v2/flows", &[Get, Post]),
    template(Area::Architect, "api/v2/flows/{flowId}", &[Get, Put, Delete]),
    template(Area::Architect, "api/v2/flows/datatables", &[Get]),
    template(Area::Architect, "api/v2/flows/datatables/{datatableId}/rows", &[Get, Post]),
    template(Area::Architect, "api/v2/flows/datatables/{datatableId}/rows/{rowId}", &[Get, Put, Delete]),
    template(Area::Architect, "api/v2/architect/prompts", &[Get]),
    template(Area::Audits, "api/v2/audits/query", &[Post]),
    template(Area::Audits, "api/v2/audits/query/{transactionId}", &[Get]),
    template(Area::Audits, "api/v2/audits/query/{transactionId}/results", &[Get]),
    template(Area::Authorization, "api/v2/authorization/roles", &[Get]),
    template(Area::Authorization, "api/v2/authorization/subjects/{subjectId}", &[Get]),
    template(Area::Authorization, "api/v2/authorization/divisions", &[Get]),
    template(Area::Conversations, "api/v2/conversations", &[Get]),
    template(Area::Conversations, "api/v2/conversations/{conversationId}", &[Get]),
    template(Area::Conversations, "api/v2/conversations/calls", &[Get, Post]),
    template(Area::Conversations, "api/v2/conversations/calls/{conversationId}", &[Get, Patch]),
    template(
        Area::Conversations,
        "api/v2/conversations/calls/{conversationId}/participants/{participantId}",
        &[Patch],
    ),
    template(
        Area::Conversations,
        "api/v2/conversations/{conversationId}/participants/{participantId}/attributes",
        &[Patch],
    ),
    template(
        Area::Conversations,
        "api/v2/conversations/messages/{conversationId}/communications/{communicationId}/messages",
        &[Post],
    ),
    template(Area::Conversations, "api/v2/conversations/emails/{conversationId}/messages", &[Get, Post]),
    template(Area::Directory, "api/v2/groups", &[Get, Post]),
    template(Area::Directory, "api/v2/groups/{groupId}/members", &[Get, Post, Delete]),
    template(Area::Directory, "api/v2/locations", &[Get]),
    template(Area::Directory, "api/v2/organizations/me", &[Get]),
    template(Area::ExternalContacts, "api/v2/externalcontacts/contacts", &[Get, Post]),
    template(Area::ExternalContacts, "api/v2/externalcontacts/contacts/{contactId}", &[Get, Put, Delete]),
    template(Area::ExternalContacts, "api/v2/externalcontacts/reversewhitepageslookup", &[Get]),
    template(Area::Integrations, "api/v2/integrations/actions", &[Get]),
    template(Area::Integrations, "api/v2/integrations/actions/{actionId}/execute", &[Post]),
    template(Area::Notifications, "api/v2/notifications/channels", &[Get, Post]),
    template(
        Area::Notifications,
        "api/v2/notifications/channels/{channelId}/subscriptions",
        &[Get, Post, Put],
    ),
    template(Area::Outbound, "api/v2/outbound/campaigns", &[Get]),
    template(Area::Outbound, "api/v2/outbound/campaigns/{campaignId}", &[Get, Put]),
    template(Area::Outbound, "api/v2/outbound/contactlists/{contactListId}/contacts", &[Post]),
    template(
        Area::Outbound,
        "api/v2/outbound/contactlists/{contactListId}/contacts/{contactId}",
        &[Get, Put, Delete],
    ),
    template(Area::Outbound, "api/v2/outbound/dnclists/{dncListId}/phonenumbers", &[Post, Patch]),
    template(Area::Presence, "api/v2/users/{userId}/presences/{sourceId}", &[Get, Patch]),
    template(Area::Presence, "api/v2/users/{userId}/routingstatus", &[Get, Put]),
    template(Area::Presence, "api/v2/presence/definitions", &[Get]),
    template(Area::Quality, "api/v2/quality/evaluations/query", &[Get]),
    template(Area::Quality, "api/v2/quality/conversations/{conversationId}/evaluations", &[Post]),
    template(Area::Quality, "api/v2/quality/publishedforms", &[Get]),
    template(Area::Recordings, "api/v2/conversations/{conversationId}/recordings", &[Get]),
    template(Area::Recordings, "api/v2/conversations/{conversationId}/recordings/{recordingId}", &[Get, Put]),
    template(Area::Recordings, "api/v2/recording/batchrequests", &[Post]),
    template(Area::Recordings, "api/v2/recording/batchrequests/{jobId}", &[Get]),
    template(Area::Recordings, "api/v2/recordings/screensessions", &[Get]),
    template(Area::Routing, "api/v2/routing/queues", &[Get, Post]),
    template(Area::Routing, "api/v2/routing/queues/{queueId}", &[Get, Put]),
    template(Area::Routing, "api/v2/routing/queues/{queueId}/members", &[Get, Post, Patch]),
    template(Area::Routing, "api/v2/routing/queues/{queueId}/estimatedwaittime", &[Get]),
    template(Area::Routing, "api/v2/routing/skills", &[Get]),
    template(Area::Routing, "api/v2/users/{userId}/routingskills/bulk", &[Put, Patch]),
    template(Area::Routing, "api/v2/routing/wrapupcodes", &[Get]),
    template(
        Area::Speech,
        "api/v2/speechandtextanalytics/conversations/{conversationId}/communications/{communicationId}/transcripturl",
        &[Get],
    ),
    template(Area::Speech, "api/v2/speechandtextanalytics/topics", &[Get]),
    template(Area::Telephony, "api/v2/telephony/providers/edges", &[Get]),
    template(Area::Telephony, "api/v2/telephony/providers/edges/phones", &[Get, Post]),
    template(Area::Telephony, "api/v2/stations", &[Get]),
    template(Area::Usage, "api/v2/usage/query", &[Post]),
    template(Area::Usage, "api/v2/usage/query/{executionId}/results", &[Get]),
    template(Area::Usage, "api/v2/oauth/clients", &[Get]),
    template(Area::Users, "api/v2/users", &[Get, Post]),
    template(Area::Users, "api/v2/users/{userId}", &[Get, Patch, Delete]),
    template(Area::Users, "api/v2/users/{userId}/queues", &[Get]),
    template(Area::Users, "api/v2/users/me", &[Get]),
    template(Area::Users, "api/v2/users/search", &[Post]),
    template(Area::Workforce, "api/v2/workforcemanagement/businessunits", &[Get]),
    template(
        Area::Workforce,
        "api/v2/workforcemanagement/managementunits/{managementUnitId}/agentschedules/search",
        &[Post],
    ),
    template(Area::Workforce, "api/v2/workforcemanagement/managementunits/{managementUnitId}/users", &[Get]),
    template(Area::Workforce, "api/v2/workforcemanagement/adherence", &[Get]),
    template(Area::Workforce, "api/v2/workforcemanagement/adherence/historical/bulk", &[Post]),
];

/// Returns the number of the template `uri`, with or without a leading slash.
pub(crate) fn template_number(uri: &str) -> Option<u16> {
    let uri = uri.strip_prefix('/').unwrap_or(uri);
    TEMPLATES.iter().position(|template| template.uri == uri).and_then(|index| u16::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn uris_are_distinct_and_written_as_the_service_does() {
        let distinct: BTreeSet<_> = TEMPLATES.iter().map(|template| template.uri).collect();
        assert_eq!(distinct.len(), TEMPLATES.len());
        assert!(distinct.len() >= 60);
        assert!(distinct.iter().all(|uri| uri.starts_with("api/v2/")));
        assert!(TEMPLATES.iter().all(|template| !template.methods.is_empty()));
        assert_eq!(template_number("/api/v2/users"), template_number("api/v2/users"));
        assert_eq!(template_number("api/v3/users"), None);
    }
}
