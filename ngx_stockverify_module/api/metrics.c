#include "ngx_stockverify_module/metrics.h"
#include "core/base/json_writer.h"
#include "ngx_stockverify_module/metrics_page.h"
#include "ngx_stockverify_module/process.h"
#include "ngx_stockverify_module/request.h"

/* GET /metrics and /metrics/json: the zone's counters, and the leases that Redis holds. */

enum { SV_LEASE_SCAN_COUNT = 1000, SV_LEASES_LIFE_S = 10 };

typedef struct {
    int64_t leases; /* -1: unknown */
    const char *cursor;
    sv_redis_command_t scan, waiting, ended;
    sv_job_figures_t job_figures;
    bool has_job_figures;
    const sv_job_count_t *job_counts;
    size_t job_count_count;
} sv_metrics_state_t;

static void sv_metrics_scan(sv_request_t *req);

static void
sv_metrics_answer_page(sv_request_t *req)
{
    sv_metrics_state_t *metrics_state = req->call->state;
    ngx_str_t uri = req->http->uri;
    sv_metrics_page_t page = { .zone = sv_http_process(req)->zone,
                               .leases = metrics_state->leases,
                               .job_figures = metrics_state->has_job_figures ? &metrics_state->job_figures : NULL,
                               .job_counts = metrics_state->job_counts,
                               .job_count_count = metrics_state->job_count_count };
    sv_buffer_t out;
    bool json = uri.len >= 5 && ngx_strncmp(uri.data + uri.len - 5, "/json", 5) == 0;

    sv_metrics_page_sum(&page);
    sv_buffer_init(&out, req->call->arena, 32 * 1024);
    if (json) {
        sv_metrics_page_json(&page, &out);
    } else {
        sv_metrics_page_text(&page, &out);
    }
    sv_http_answer_plain(req, &out, json ? "application/json" : "text/plain; version=0.0.4; charset=utf-8");
}

static void
sv_metrics_read_scan(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_metrics_state_t *state = call->state;
    const char *cursor = sv_redis_element_text(reply, 0);

    (void) index;
    if (cursor == NULL || reply->elements < 2) {
        state->leases = -1;
        state->cursor = NULL;
        return;
    }
    state->leases += (int64_t) reply->element[1]->elements;
    state->cursor = strcmp(cursor, "0") == 0 ? NULL : sv_arena_strdup(call->arena, cursor);
}

static void
sv_metrics_scanned(sv_request_t *req)
{
    const sv_metrics_state_t *state = req->call->state;
    sv_metrics_t *metrics = &sv_http_process(req)->zone->metrics;

    if (state->cursor != NULL) {
        sv_metrics_scan(req);
        return;
    }
    if (state->leases >= 0) {
        metrics->leases_held = (ngx_atomic_uint_t) state->leases;
        metrics->leases_counted_at = (ngx_atomic_uint_t) ngx_time();
    }
    sv_metrics_answer_page(req);
}

/* The one figure that no counter has: a lease that expires tells nobody.  In small bites, so that Redis serves
 * others in between, and not at each asking, because it goes over every key. */
static void
sv_metrics_scan(sv_request_t *req)
{
    sv_metrics_state_t *state = req->call->state;

    sv_redis_command(&state->scan, req->call->arena, "SCAN");
    sv_redis_arg(&state->scan, state->cursor);
    sv_redis_arg(&state->scan, "MATCH");
    sv_redis_arg(&state->scan, "rack:lock:*");
    sv_redis_arg(&state->scan, "COUNT");
    sv_redis_arg_int(&state->scan, SV_LEASE_SCAN_COUNT);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &state->scan }, 1, sv_metrics_read_scan, sv_metrics_scanned);
}

static void
sv_metrics_leases(sv_request_t *req)
{
    sv_metrics_state_t *state = req->call->state;
    const sv_metrics_t *metrics = &sv_http_process(req)->zone->metrics;

    if (metrics->leases_counted_at != 0 && (time_t) metrics->leases_counted_at + SV_LEASES_LIFE_S > ngx_time()) {
        state->leases = (int64_t) metrics->leases_held;
        sv_metrics_answer_page(req);
        return;
    }
    state->cursor = "0";
    sv_metrics_scan(req);
}

static void
sv_metrics_read_jobs(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_metrics_state_t *state = call->state;

    if (index == 0) {
        state->has_job_figures = sv_job_figures_read(reply, &state->job_figures);
    } else {
        state->job_counts = sv_job_counts_read(reply, call->arena, &state->job_count_count);
    }
}

void
sv_http_metrics(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_metrics_state_t *state = sv_arena_zalloc(call->arena, sizeof(*state));

    call->state = state;
    if (!sv_redis_ready(sv_http_process(req)->redis)) {
        state->leases = -1;
        sv_metrics_answer_page(req);
        return;
    }
    sv_job_figures_command(&state->waiting, call->arena);
    sv_job_counts_command(&state->ended, call->arena);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &state->waiting, &state->ended }, 2, sv_metrics_read_jobs,
                  sv_metrics_leases);
}
