#include "ngx_stockverify_module/request.h"

#include "core/events/event_reader.h"
#include "core/events/ticket.h"
#include "ngx_stockverify_module/event_stream.h"
#include "ngx_stockverify_module/headers.h"

/* Events as they happen (docs/events.md): tickets, and the streams they or tokens open. */

typedef struct {
    sv_event_wish_t wish;
    const char *ticket_text; /* NULL: a token */
    sv_event_ticket_t ticket;
    bool found;
    bool answered; /* Redis did */
    const char *last_event_id;
    sv_redis_command_t command;
} sv_events_call_t;

/* ---- a ticket */

static void
sv_ticket_kept(sv_call_t *call, size_t index, const redisReply *reply)
{
    (void) index;
    if (reply == NULL) {
        sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "Redis did not take a ticket");
    }
}

static void
sv_ticket_write(sv_call_t *call, const char *text, int64_t ttl_s)
{
    const sv_events_call_t *events = call->state;

    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "ticket", text);
    sv_json_int(&call->json, "expires_in", ttl_s);
    sv_json_array(&call->json, "topics");
    for (size_t i = 0; i < events->wish.count; i++) {
        sv_json_text(&call->json, NULL, events->wish.topics[i]);
    }
    sv_json_end(&call->json);
    sv_json_end(&call->json);
    call->success_status = 201;
    call->message = "Ticket issued";
}

/* The topics of the body as the query has them. */
static const char *
sv_ticket_read_topics(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    const char **topics;
    size_t count;
    sv_buffer_t joined;

    if (body == NULL || !sv_json_get_identifiers(&fields, "topics", SV_REQUIRED, SV_READER_TOPICS_MAX,
                                                 SV_READER_TOPIC_LENGTH_MAX, call->arena, &topics, &count)) {
        return NULL;
    }
    sv_buffer_init(&joined, call->arena, 256);
    sv_buffer_puts(&joined, "");
    for (size_t i = 0; i < count; i++) {
        sv_buffer_printf(&joined, "%s%s", i == 0 ? "" : ",", topics[i]);
    }
    return joined.data;
}

void
sv_http_event_ticket(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_events_call_t *events = sv_arena_zalloc(call->arena, sizeof(*events));
    char *text = sv_arena_alloc(call->arena, SV_EVENT_TICKET_SIZE);
    int64_t ttl_s = call->settings->events_ticket_ttl;

    call->state = events;
    events->ticket.topics = sv_ticket_read_topics(call);
    if (events->ticket.topics == NULL ||
        sv_event_wish_read(events->ticket.topics, call->principal.role, SV_ERR_VALIDATION_FAILED, call->arena,
                           &events->wish, &call->error) != SV_OK) {
        sv_http_answer(req);
        return;
    }
    events->ticket.claims = *sv_http_claims(req);
    sv_event_ticket_make(text);
    sv_event_ticket_keep_command(&events->command, call->arena, text, &events->ticket, ttl_s);
    sv_ticket_write(call, text, ttl_s);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &events->command }, 1, sv_ticket_kept, sv_http_answer);
}

/* ---- a stream */

/* The role may have become another since the ticket was made. */
static void
sv_events_admitted(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_events_call_t *events = call->state;
    const char *topics = events->ticket_text != NULL ? events->ticket.topics : sv_call_query(call, "topics");

    if (call->error.status == SV_OK && topics == NULL) {
        sv_call_wrong_parameter(call, "topics", "required", "is required");
    }
    if (call->error.status != SV_OK || sv_event_wish_read(topics, call->principal.role, SV_ERR_PARAMETER_INVALID,
                                                          call->arena, &events->wish, &call->error) != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_event_stream_begin(req, &events->wish, events->last_event_id);
}

static void
sv_events_read_ticket(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_events_call_t *events = call->state;

    (void) index;
    events->answered = reply != NULL;
    events->found = sv_event_ticket_read(reply, call->arena, &events->ticket);
}

static void
sv_events_ticket_taken(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_events_call_t *events = call->state;
    const char *topics = sv_call_query(call, "topics");

    if (!events->answered) {
        sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "Redis was not there to be asked for a ticket");
    } else if (!events->found || events->ticket.claims.expires_at_s <= ngx_time()) {
        sv_fail(&call->error, SV_ERR_TICKET_INVALID, NULL);
    } else if (topics != NULL && strcmp(topics, events->ticket.topics) != 0) {
        sv_call_wrong_parameter(call, "topics", "not_allowed", "must be those that the ticket was made for");
    }
    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_http_gate_claims(req, &events->ticket.claims, sv_events_admitted);
}

/* The header goes before the parameter, which stands for it where a client cannot set it. */
static const char *
sv_events_last_id(sv_request_t *req)
{
    ngx_str_t header = sv_header_find(req->http, "last-event-id");
    const char *parameter = sv_call_query(req->call, "last_event_id");

    if (header.len > 0) {
        return sv_arena_strndup(req->call->arena, (char *) header.data, header.len);
    }
    return parameter != NULL && *parameter != '\0' ? parameter : NULL;
}

void
sv_http_events(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_events_call_t *events = sv_arena_zalloc(call->arena, sizeof(*events));

    call->state = events;
    events->ticket_text = sv_call_query(call, "ticket");
    events->last_event_id = sv_events_last_id(req);
    if (events->ticket_text != NULL) {
        sv_event_ticket_take_command(&events->command, call->arena, events->ticket_text);
        sv_http_redis(req, (sv_redis_command_t *const[]){ &events->command }, 1, sv_events_read_ticket,
                      sv_events_ticket_taken);
    } else {
        sv_http_gate_load(req, sv_events_admitted);
    }
}
