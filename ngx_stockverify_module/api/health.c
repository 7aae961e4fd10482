#include "ngx_stockverify_module/health.h"

#include <stdlib.h>

#include "ngx_stockverify_module/state.h"

/*
 * GET /api/health.  One check at a time in a process, and its result stands for a second, so that nobody can
 * wear the database out by asking.  The check goes past the circuit breaker: it must see for itself.
 */

enum { SV_HEALTH_LIFE_MS = 1000 };

typedef struct {
    bool up;
    uint64_t us;
} sv_health_check_t;

struct sv_health_s {
    bool known;
    bool checking;
    ngx_msec_t checked_at;
    uint64_t begun_us;
    sv_health_check_t redis;
    sv_health_check_t mongodb;
    ngx_queue_t waiting; /* sv_health_wait_t */
};

typedef struct {
    ngx_queue_t queue;
    sv_request_state_t *state;
} sv_health_wait_t;

sv_health_t *
sv_health_create(void)
{
    sv_health_t *health = calloc(1, sizeof(*health));

    if (health != NULL) {
        ngx_queue_init(&health->waiting);
    }
    return health;
}

void
sv_health_destroy(sv_health_t *health)
{
    free(health);
}

static void
sv_health_write_check(sv_json_writer_t *json, const char *name, const sv_health_check_t *check)
{
    sv_json_object(json, name);
    sv_json_text(json, "status", check->up ? "up" : "down");
    if (check->up) {
        sv_json_double(json, "latency_ms", (double) check->us / 1000.0);
    } else {
        sv_json_null(json, "latency_ms");
    }
    sv_json_end(json);
}

static void
sv_health_answer(sv_request_t *req)
{
    sv_process_t *process = req->state->process;
    const sv_health_t *health = process->health;
    sv_json_writer_t *json = &req->call->json;
    const char *status = !health->mongodb.up ? "unhealthy" : health->redis.up ? "healthy" : "degraded";

    sv_json_object(json, NULL);
    sv_json_text(json, "status", status);
    sv_json_text(json, "version", SV_VERSION);
    sv_json_object(json, "checks");
    sv_health_write_check(json, "redis", &health->redis);
    sv_health_write_check(json, "mongodb", &health->mongodb);
    sv_json_object(json, "circuit");
    sv_json_text(json, "status", sv_circuit_name(sv_breaker_state(&process->zone->breaker, ngx_current_msec)));
    sv_json_end(json);
    sv_json_end(json);
    sv_json_end(json);
    if (!health->mongodb.up) {
        req->state->data_with_error = 1;
        sv_fail(&req->call->error, SV_ERR_UNAVAILABLE, "The database is away");
    }
    /* `status` stands on top always; the flat envelope brings it there by itself. */
    if (!health->mongodb.up || req->state->location->envelope == SV_ENVELOPE_NESTED) {
        req->state->head_members = sv_arena_printf(req->call->arena, "\"status\":\"%s\",", status);
    }
    sv_http_answer(req);
}

static void
sv_health_checked(sv_request_t *check)
{
    sv_request_state_t *state = check->state;
    sv_health_t *health = state->process->health;
    ngx_queue_t waiting;

    health->mongodb = (sv_health_check_t){
        .up = state->call.error.status == SV_OK,
        .us = sv_metrics_now_us() - health->begun_us,
    };
    health->known = true;
    health->checking = false;
    health->checked_at = ngx_current_msec;
    sv_state_release(state);
    ngx_queue_init(&waiting);
    if (!ngx_queue_empty(&health->waiting)) {
        ngx_queue_add(&waiting, &health->waiting);
        ngx_queue_init(&health->waiting);
    }
    while (!ngx_queue_empty(&waiting)) {
        sv_health_wait_t *wait = ngx_queue_data(ngx_queue_head(&waiting), sv_health_wait_t, queue);
        sv_request_state_t *waiter = wait->state;

        ngx_queue_remove(&wait->queue);
        if (waiter->gone) {
            sv_state_release(waiter);
        } else {
            waiter->references--;
            sv_state_go_on(waiter, sv_health_answer);
        }
    }
}

/* On a thread. */
static void
sv_health_ping_mongodb(sv_call_t *call)
{
    sv_store_ping(call->store, &call->error);
}

static void
sv_health_check_mongodb(sv_request_t *check)
{
    check->state->process->health->begun_us = sv_metrics_now_us();
    check->state->past_breaker = 1;
    sv_http_thread(check, SV_POOL_DB, sv_health_ping_mongodb, sv_health_checked);
}

static void
sv_health_read_redis(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_health_t *health = call->state;

    (void) index;
    health->redis = (sv_health_check_t){ .up = reply != NULL, .us = sv_metrics_now_us() - health->begun_us };
}

static void
sv_health_begin(sv_process_t *process)
{
    sv_request_state_t *state = sv_state_create(process, NULL);
    sv_redis_command_t *ping = sv_arena_zalloc(state->call.arena, sizeof(*ping));

    process->health->checking = true;
    process->health->begun_us = sv_metrics_now_us();
    state->call.state = process->health;
    sv_redis_command(ping, state->call.arena, "PING");
    sv_http_redis(&state->req, (sv_redis_command_t *const[]){ ping }, 1, sv_health_read_redis, sv_health_check_mongodb);
}

void sv_http_health(sv_request_t *req);

void
sv_http_health(sv_request_t *req)
{
    sv_process_t *process = req->state->process;
    sv_health_t *health = process->health;
    sv_health_wait_t *wait;

    if (health->known && ngx_current_msec - health->checked_at <= SV_HEALTH_LIFE_MS) {
        sv_health_answer(req);
        return;
    }
    wait = sv_arena_alloc(req->call->arena, sizeof(*wait));
    wait->state = req->state;
    req->state->references++;
    sv_state_watch_client(req->state);
    ngx_queue_insert_tail(&health->waiting, &wait->queue);
    if (!health->checking) {
        sv_health_begin(process);
    }
}
