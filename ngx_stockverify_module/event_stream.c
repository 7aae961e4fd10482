#include "ngx_stockverify_module/event_stream.h"

#include "ngx_stockverify_module/event_hub.h"
#include "ngx_stockverify_module/event_output.h"
#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/state.h"

/*
 * behind --pages of what Redis keeps, each when the client took the one before, until the hub has no more--> hears the
 * hub
 *
 * Memory is the request's and its arena's.  Whatever ends the request (the client, a write that fails, the stream
 * itself) goes through sv_stream_leave() at once; the arena goes when the last step under way is over.
 */

enum { SV_PAGE_ENTRIES = 200, SV_READ_AGAIN_MS = 500, SV_STREAMS_RETRY_S = 5 };

typedef struct sv_event_stream_s sv_event_stream_t;

/* The account is looked at by work of its own, whose memory does not pile up with the stream's age. */
typedef struct {
    sv_event_stream_t *stream; /* NULL: it ended meanwhile */
} sv_stream_check_t;

struct sv_event_stream_s {
    sv_event_listener_t listener; /* first */
    sv_request_t *req;
    sv_event_hub_t *hub;
    const sv_event_wish_t *wish;
    sv_event_output_t output;
    sv_event_place_t place;   /* what was before this was sent, or is not for this reader */
    ngx_event_t timer;        /* comments, a look at the account, the token's end */
    sv_stream_check_t *check; /* under way */
    unsigned behind : 1;      /* reads what Redis keeps, the hub is not heard yet */
    unsigned reading : 1;     /* a page is under way */
    unsigned unread : 1;      /* Redis has not said yet what is on it */
    unsigned gap : 1;         /* it no longer keeps what comes next */
    unsigned closed : 1;
};

static void sv_stream_read_on(sv_event_stream_t *stream);

static sv_metrics_t *
sv_stream_metrics(const sv_event_stream_t *stream)
{
    return &stream->req->state->process->zone->metrics;
}

static void
sv_stream_leave(sv_event_stream_t *stream, sv_stream_end_t why)
{
    if (stream->closed) {
        return;
    }
    stream->closed = 1;
    sv_event_hub_leave(stream->hub, &stream->listener);
    if (stream->timer.timer_set) {
        ngx_del_timer(&stream->timer);
    }
    if (stream->check != NULL) {
        stream->check->stream = NULL;
        stream->check = NULL;
    }
    ngx_atomic_fetch_add(&sv_stream_metrics(stream)->streams_ended[why], 1);
}

/* nginx ends the request. */
static void
sv_stream_gone(void *data)
{
    sv_stream_leave(data, SV_STREAM_CLIENT_GONE);
}

/* The last message, and the end of the answer. */
static void
sv_stream_end(sv_event_stream_t *stream, sv_stream_end_t why)
{
    ngx_http_request_t *r = stream->req->http;

    if (why == SV_STREAM_SLOW) {
        sv_event_output_forget_waiting(&stream->output);
    }
    sv_event_output_add(&stream->output, sv_event_message_end(sv_stream_end_names[why]));
    sv_stream_leave(stream, why);
    ngx_http_finalize_request(r, sv_event_output_finish(&stream->output));
}

/* NGX_ERROR: the request is over. */
static ngx_int_t
sv_stream_flush(sv_event_stream_t *stream)
{
    ngx_int_t rc = sv_event_output_send(&stream->output);

    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(stream->req->http, NGX_ERROR);
    }
    return rc;
}

static void
sv_stream_reset(sv_event_stream_t *stream, const char *reason)
{
    stream->place = *sv_event_hub_place(stream->hub);
    stream->behind = 0;
    sv_event_output_add(&stream->output, sv_event_message_reset(&stream->place, reason));
}

static void
sv_stream_add(sv_event_stream_t *stream, sv_event_entry_t *entry)
{
    sv_event_message_t *message;

    stream->place.id = entry->place.id;
    if (!sv_event_is_heard(&entry->event, stream->wish, &stream->req->call->principal)) {
        return;
    }
    message = sv_event_entry_message(entry);
    sv_event_output_add(&stream->output, message == NULL ? NULL : sv_event_message_hold(message));
    ngx_atomic_fetch_add(&sv_stream_metrics(stream)->events_sent, 1);
}

static void
sv_stream_hear(sv_event_stream_t *stream, sv_event_entry_t *entry)
{
    if (stream->behind || sv_event_id_compare(&entry->place.id, &stream->place.id) <= 0) {
        return;
    }
    sv_stream_add(stream, entry);
    if (stream->output.pending > (size_t) stream->req->call->settings->events_buffer) {
        sv_stream_end(stream, SV_STREAM_SLOW);
    }
}

static void
sv_stream_on_news(sv_event_listener_t *listener, sv_event_news_t news, sv_event_entry_t *entry)
{
    sv_event_stream_t *stream = (sv_event_stream_t *) listener;
    ngx_connection_t *c = stream->req->http->connection;

    ngx_http_set_log_request(c->log, stream->req->http);
    switch (news) {
    case SV_EVENT_TOLD:
        sv_stream_hear(stream, entry);
        break;
    case SV_EVENT_ALL_TOLD:
        if (stream->output.waiting.first != NULL && !stream->behind) {
            sv_stream_flush(stream);
        }
        break;
    case SV_EVENT_LOST:
        sv_stream_reset(stream, "redis");
        sv_stream_flush(stream);
        break;
    case SV_EVENT_CLOSING:
        sv_stream_end(stream, SV_STREAM_SHUTTING_DOWN);
        break;
    }
    ngx_http_run_posted_requests(c);
}

/* ---- what Redis keeps */

/* The place itself comes first: while it is kept, nothing behind it is missing. */
static void
sv_stream_take_page(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_event_stream_t *stream = call->state;

    (void) index;
    if (stream->closed || !stream->behind) {
        return;
    }
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        stream->unread = 1;
        return;
    }
    stream->gap = 1;
    for (size_t i = 0; i < reply->elements; i++) {
        sv_event_entry_t entry;
        bool is_event = sv_event_entry_read(reply->element[i], stream->place.epoch, &entry);

        if (i == 0 && sv_event_id_compare(&entry.place.id, &stream->place.id) != 0) {
            return;
        }
        stream->gap = 0;
        stream->place.id = entry.place.id;
        if (i > 0 && is_event) {
            sv_stream_add(stream, &entry);
            sv_event_message_release(entry.message);
        }
    }
}

/* When the client has taken everything: is there more? */
static void
sv_stream_go_on(sv_event_stream_t *stream)
{
    if (!stream->behind || stream->reading) {
        return;
    }
    if (stream->unread || stream->gap ||
        sv_event_id_compare(&stream->place.id, &sv_event_hub_place(stream->hub)->id) < 0) {
        sv_stream_read_on(stream);
    } else {
        stream->behind = 0;
    }
}

static void
sv_stream_read_again(sv_event_stream_t *stream)
{
    ngx_add_timer(&stream->timer, SV_READ_AGAIN_MS);
}

static void sv_stream_on_write(ngx_http_request_t *r);

static void
sv_stream_page_taken(sv_request_t *req)
{
    sv_event_stream_t *stream = req->call->state;

    stream->reading = 0;
    if (stream->closed) {
        return;
    }
    req->http->write_event_handler = sv_stream_on_write;
    if (stream->behind && (stream->unread || (stream->gap && !sv_event_hub_is_live(stream->hub)))) {
        sv_stream_read_again(stream);
        return;
    }
    if (stream->behind && stream->gap) {
        sv_stream_reset(stream, "too_old");
    }
    if (sv_stream_flush(stream) == NGX_OK) {
        sv_stream_go_on(stream);
    }
}

static void
sv_stream_read_on(sv_event_stream_t *stream)
{
    sv_call_t *call = stream->req->call;
    sv_redis_command_t *command = sv_arena_zalloc(call->arena, sizeof(*command));
    char *from = sv_arena_alloc(call->arena, SV_EVENT_ID_SIZE);

    stream->reading = 1;
    stream->unread = stream->gap = 0;
    sv_event_id_write(&stream->place.id, from);
    sv_redis_command(command, call->arena, "XRANGE");
    sv_redis_arg(command, SV_EVENTS_KEPT);
    sv_redis_arg(command, from);
    sv_redis_arg(command, "+");
    sv_redis_arg(command, "COUNT");
    sv_redis_arg_int(command, SV_PAGE_ENTRIES + 1);
    sv_http_redis(stream->req, (sv_redis_command_t *const[]){ command }, 1, sv_stream_take_page, sv_stream_page_taken);
}

static void
sv_stream_on_write(ngx_http_request_t *r)
{
    sv_event_stream_t *stream = sv_context(r)->state->call.state;

    if (r->connection->write->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT, "client timed out");
        r->connection->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
    } else if (sv_stream_flush(stream) == NGX_OK) {
        sv_stream_go_on(stream);
    }
}

/* ---- as long as the token */

static bool
sv_stream_is_of(const sv_principal_t *before, const sv_principal_t *now)
{
    const char *there = before->warehouse == NULL ? "" : before->warehouse;

    return before->role == now->role && strcmp(there, now->warehouse == NULL ? "" : now->warehouse) == 0;
}

/* An account that nobody can ask about now keeps its streams until their token's end. */
static void
sv_stream_judge(sv_event_stream_t *stream, const sv_call_t *looked)
{
    switch (looked->error.status) {
    case SV_OK:
        if (!sv_stream_is_of(&stream->req->call->principal, &looked->principal)) {
            sv_stream_end(stream, SV_STREAM_ACCOUNT_CHANGED);
        }
        break;
    case SV_ERR_ACCOUNT_DISABLED:
        sv_stream_end(stream, SV_STREAM_ACCOUNT_DISABLED);
        break;
    case SV_ERR_TOKEN_REVOKED:
        sv_stream_end(stream, SV_STREAM_TOKEN_REVOKED);
        break;
    default:
        break;
    }
}

static void
sv_stream_checked(sv_request_t *work)
{
    sv_event_stream_t *stream = ((sv_stream_check_t *) work->call->state)->stream;

    if (stream != NULL) {
        ngx_connection_t *c = stream->req->http->connection;

        stream->check = NULL;
        ngx_http_set_log_request(c->log, stream->req->http);
        sv_stream_judge(stream, work->call);
        ngx_http_run_posted_requests(c);
    }
    sv_http_work_end(work);
}

static void
sv_stream_check_account(sv_event_stream_t *stream)
{
    sv_request_t *work;

    if (stream->check != NULL) {
        return;
    }
    work = sv_http_work_begin(stream->req->state->process);
    stream->check = sv_arena_zalloc(work->call->arena, sizeof(*stream->check));
    stream->check->stream = stream;
    work->call->state = stream->check;
    sv_http_gate_claims(work, &stream->req->state->claims, sv_stream_checked);
}

static int64_t
sv_stream_time_left(const sv_event_stream_t *stream)
{
    const ngx_time_t *now = ngx_timeofday();

    return (stream->req->state->claims.expires_at_s - now->sec) * 1000 - (int64_t) now->msec;
}

/* Spread, so that streams that began together are not busy together for ever. */
static void
sv_stream_set_timer(sv_event_stream_t *stream)
{
    int64_t keepalive = stream->req->call->settings->events_keepalive * 1000, left = sv_stream_time_left(stream);
    int64_t wait = keepalive - (int64_t) (ngx_random() % (keepalive / 4));

    ngx_add_timer(&stream->timer, (ngx_msec_t) ngx_max(ngx_min(wait, left), 1));
}

/* A comment while all that was to be sent is sent; else the client shows itself by reading. */
static void
sv_stream_keep_alive(sv_event_stream_t *stream)
{
    sv_stream_set_timer(stream);
    sv_stream_check_account(stream);
    if (stream->output.pending == 0) {
        sv_event_output_add(&stream->output, sv_event_message_comment(&stream->place));
        if (sv_stream_flush(stream) == NGX_OK) {
            sv_stream_go_on(stream);
        }
    }
}

static void
sv_stream_on_timer(ngx_event_t *event)
{
    sv_event_stream_t *stream = event->data;
    ngx_connection_t *c = stream->req->http->connection;

    ngx_http_set_log_request(c->log, stream->req->http);
    if (ngx_exiting) {
        sv_stream_end(stream, SV_STREAM_SHUTTING_DOWN);
    } else if (sv_stream_time_left(stream) <= 0) {
        sv_stream_end(stream, SV_STREAM_TOKEN_EXPIRED);
    } else {
        sv_stream_keep_alive(stream);
    }
    ngx_http_run_posted_requests(c);
}

/* ---- the beginning */

static bool
sv_stream_may_open(sv_request_t *req, const sv_event_hub_t *hub)
{
    const sv_settings_t *settings = req->call->settings;
    sv_error_t *error = &req->call->error;
    ngx_uint_t all, of_user;

    sv_event_hub_count(hub, req->call->principal.user_id, &all, &of_user);
    if (of_user >= (ngx_uint_t) settings->events_user_streams) {
        error->retry_after_s = SV_STREAMS_RETRY_S;
        sv_fail(error, SV_ERR_TOO_MANY_STREAMS, NULL);
    } else if (all >= (ngx_uint_t) settings->events_streams) {
        error->retry_after_s = SV_STREAMS_RETRY_S;
        sv_fail(error, SV_ERR_BUSY, "Too many streams of events are open");
    } else if (!sv_event_hub_is_live(hub)) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "the events cannot be read from Redis at present");
    }
    return error->status == SV_OK;
}

/* Where it begins, and what is said of it first. */
static void
sv_stream_place(sv_event_stream_t *stream, const char *last_event_id)
{
    const sv_event_place_t *now = sv_event_hub_place(stream->hub);
    const char *reason = NULL;

    stream->place = *now;
    if (last_event_id == NULL) {
        /* from now on */
    } else if (!sv_event_place_read(last_event_id, strlen(last_event_id), &stream->place) ||
               strcmp(stream->place.epoch, now->epoch) != 0) {
        reason = "unknown";
    } else if (stream->place.id.ms == 0 && now->id.ms != 0) {
        reason = "too_old"; /* from before the first event, and whether that is still kept cannot be said */
    } else {
        /* Also when it says to be further than the hub, which may be so, or not. */
        stream->behind = stream->unread = sv_event_id_compare(&stream->place.id, &now->id) != 0;
    }
    if (reason != NULL) {
        stream->place = *now;
    }
    sv_event_output_add(&stream->output, sv_event_message_hello(&stream->place));
    if (reason != NULL) {
        sv_stream_reset(stream, reason);
    }
}

static sv_event_stream_t *
sv_stream_create(sv_request_t *req, sv_event_hub_t *hub, const sv_event_wish_t *wish)
{
    sv_event_stream_t *stream = sv_arena_zalloc(req->call->arena, sizeof(*stream));
    ngx_http_cleanup_t *cleanup = ngx_http_cleanup_add(req->http, 0);

    if (cleanup == NULL) {
        return NULL;
    }
    stream->listener.heard = sv_stream_on_news;
    stream->listener.user_id = req->call->principal.user_id;
    stream->req = req;
    stream->hub = hub;
    stream->wish = wish;
    stream->timer.handler = sv_stream_on_timer;
    stream->timer.data = stream;
    stream->timer.log = req->state->process->log;
    sv_event_output_init(&stream->output, req->http, req->call->arena);
    sv_event_hub_join(hub, &stream->listener);
    cleanup->handler = sv_stream_gone;
    cleanup->data = stream;
    req->call->state = stream;
    return stream;
}

/* An event is to leave at once, not with the next one. */
static ngx_int_t
sv_stream_no_delay(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

#if (NGX_HTTP_V2)
    if (r->stream != NULL) {
        return NGX_OK;
    }
#endif
    return core->tcp_nodelay ? ngx_tcp_nodelay(r->connection) : NGX_OK;
}

void
sv_event_stream_begin(sv_request_t *req, const sv_event_wish_t *wish, const char *last_event_id)
{
    ngx_http_request_t *r = req->http;
    sv_event_hub_t *hub = req->state->process->events;
    sv_event_stream_t *stream;

    if (!sv_stream_may_open(req, hub)) {
        sv_http_answer(req);
        return;
    }
    if (sv_header_add_text(r, "X-Accel-Buffering", "no") != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }
    if (sv_http_answer_begin(req, "text/event-stream") != NGX_OK) {
        return;
    }
    stream = sv_stream_create(req, hub, wish);
    if (stream == NULL || sv_stream_no_delay(r) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }
    sv_state_watch_client(req->state);
    r->write_event_handler = sv_stream_on_write;
    sv_stream_set_timer(stream);
    sv_stream_place(stream, last_event_id);
    if (sv_stream_flush(stream) == NGX_OK) {
        sv_stream_go_on(stream);
    }
}
