#include "ngx_stockverify_module/health.h"

#include <stdlib.h>

#include "core/base/version.h"
#include "core/erp/lookup.h"
#include "ngx_stockverify_module/process.h"
#include "ngx_stockverify_module/request.h"

/*
 * GET /api/health.  One check at a time in a process, and its result stands for a second, so that nobody can
 * wear the database out by asking.  The check goes past the circuit breaker, because it must see for itself, and has a
 * thread of its own, because it must not wait behind what is to be found out.
 */

enum {
    SV_HEALTH_LIFE_MS = 1000,
    SV_HEALTH_BUSY_MS = 1000, /* tasks that wait so long for a thread */
    SV_HEALTH_WRITE_LIFE_MS = 60000,
};

static const char *const sv_check_names[] = { "down", "up", "refuses_writes" };

struct sv_health_s {
    bool known;
    bool checking;
    ngx_msec_t checked_at;
    uint64_t begun_us;
    sv_health_check_t redis;
    sv_health_check_t mongodb;
    bool erp_on, erp_up;
    ngx_queue_t waiting; /* sv_health_wait_t */
    /* the check under way */
    sv_request_t *check;
    sv_redis_command_t write, erp;
    sv_exchange_t exchange;
};

typedef struct {
    ngx_queue_t queue;
    sv_request_t *req;
    sv_next_pt next;
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

const sv_health_check_t *
sv_health_redis(const sv_health_t *health)
{
    return &health->redis;
}

const sv_health_check_t *
sv_health_mongodb(const sv_health_t *health)
{
    return &health->mongodb;
}

const char *
sv_check_name(const sv_health_check_t *check)
{
    return sv_check_names[check->state];
}

static void
sv_health_write_check(sv_json_writer_t *json, const char *name, const sv_health_check_t *check)
{
    sv_json_object(json, name);
    sv_json_text(json, "status", sv_check_name(check));
    if (check->state == SV_CHECK_DOWN) {
        sv_json_null(json, "latency_ms");
    } else {
        sv_json_double(json, "latency_ms", (double) check->us / 1000.0);
    }
    if (check->state == SV_CHECK_REFUSES_WRITES) {
        sv_json_text(json, "reason", check->reason);
    }
    sv_json_end(json);
}

/* Whether database tasks of this process wait long for a thread: MongoDB may be well and its callers too many. */
static bool
sv_health_is_busy(const sv_process_t *process)
{
    const sv_process_gauges_t *gauges = process->gauges;

    return gauges->queued[SV_POOL_DB] > 0 && (gauges->waited_ms[SV_POOL_DB] >= SV_HEALTH_BUSY_MS ||
                                              ngx_current_msec - gauges->begun_at[SV_POOL_DB] >= SV_HEALTH_BUSY_MS);
}

static void
sv_health_write_threads(sv_json_writer_t *json, const sv_process_t *process, bool busy)
{
    sv_json_object(json, "threads");
    sv_json_text(json, "status", busy ? "busy" : "up");
    sv_json_int(json, "queued", (int64_t) process->gauges->queued[SV_POOL_DB]);
    sv_json_end(json);
}

/* Counting goes on without the ERP: it makes no server unwell.  Why it is down is for who administers it. */
static void
sv_health_write_erp(sv_json_writer_t *json, const sv_health_t *health)
{
    const sv_erp_state_t state = { .on = health->erp_on, .up = health->erp_up };

    sv_json_object(json, "erp");
    sv_json_text(json, "status", sv_erp_state_word(&state));
    sv_json_end(json);
}

const char *
sv_health_word(const sv_process_t *process)
{
    const sv_health_t *health = process->health;

    if (health->mongodb.state != SV_CHECK_UP) {
        return "unhealthy";
    }
    return health->redis.state != SV_CHECK_UP || sv_health_is_busy(process) ||
                   sv_breaker_state(&process->zone->breaker, ngx_current_msec) == SV_CIRCUIT_OPEN
               ? "degraded"
               : "healthy";
}

static void
sv_health_answer(sv_request_t *req)
{
    sv_process_t *process = sv_http_process(req);
    const sv_health_t *health = process->health;
    sv_json_writer_t *json = &req->call->json;
    bool up = health->mongodb.state == SV_CHECK_UP;
    sv_circuit_t circuit = sv_breaker_state(&process->zone->breaker, ngx_current_msec);
    const char *status = sv_health_word(process);

    sv_json_object(json, NULL);
    sv_json_text(json, "status", status);
    sv_json_text(json, "version", SV_VERSION);
    sv_json_object(json, "checks");
    sv_health_write_check(json, "redis", &health->redis);
    sv_health_write_check(json, "mongodb", &health->mongodb);
    sv_health_write_threads(json, process, sv_health_is_busy(process));
    sv_health_write_erp(json, health);
    sv_json_object(json, "circuit");
    sv_json_text(json, "status", sv_circuit_name(circuit));
    sv_json_end(json);
    sv_json_end(json);
    sv_json_end(json);
    if (!up) {
        req->call->data_with_error = true;
        sv_fail(&req->call->error, SV_ERR_UNAVAILABLE, "The database is away");
    }
    /* `status` stands on top always; the flat envelope brings it there by itself. */
    if (!up || !sv_http_is_flat(req)) {
        req->call->head_members = sv_arena_printf(req->call->arena, "\"status\":\"%s\",", status);
    }
    sv_http_answer(req);
}

static void
sv_health_checked(sv_request_t *check)
{
    sv_health_t *health = sv_http_process(check)->health;
    ngx_queue_t waiting;

    health->mongodb = (sv_health_check_t){
        .state = check->call->error.status == SV_OK ? SV_CHECK_UP : SV_CHECK_DOWN,
        .us = sv_metrics_now_us() - health->begun_us,
    };
    health->known = true;
    health->checking = false;
    health->checked_at = ngx_current_msec;
    sv_http_work_end(check);
    ngx_queue_init(&waiting);
    if (!ngx_queue_empty(&health->waiting)) {
        ngx_queue_add(&waiting, &health->waiting);
        ngx_queue_init(&health->waiting);
    }
    while (!ngx_queue_empty(&waiting)) {
        sv_health_wait_t *wait = ngx_queue_data(ngx_queue_head(&waiting), sv_health_wait_t, queue);

        ngx_queue_remove(&wait->queue);
        sv_http_go_on(wait->req, wait->next);
    }
}

/* On a thread. */
static void
sv_health_ping_mongodb(sv_call_t *call)
{
    sv_store_ping(call->store, &call->error);
}

static void
sv_health_read_erp(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_health_t *health = exchange->data;
    sv_erp_state_t state;

    sv_erp_state_read(reply, health->check->call->arena, &state);
    health->erp_on = state.on;
    health->erp_up = state.up;
    health->begun_us = sv_metrics_now_us();
    sv_http_thread(health->check, SV_POOL_HEALTH, sv_health_ping_mongodb, sv_health_checked);
}

/* A Redis that answers PING may refuse every lease: full (OOM), a replica (READONLY), unable to save (MISCONF). */
static void
sv_health_wrote_redis(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_health_t *health = exchange->data;
    sv_health_check_t *redis = &health->redis;

    *redis = (sv_health_check_t){ .state = reply == NULL ? SV_CHECK_DOWN : SV_CHECK_UP,
                                  .us = sv_metrics_now_us() - health->begun_us };
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        redis->state = SV_CHECK_REFUSES_WRITES;
        snprintf(redis->reason, sizeof(redis->reason), "%.*s", (int) strcspn(reply->str, " "), reply->str);
        sv_last_error_note(&sv_http_process(health->check)->zone->metrics.last_errors[SV_SERVER_REDIS], reply->str);
    }
    sv_erp_state_ask_command(&health->erp, health->check->call->arena);
    health->exchange = (sv_exchange_t){ .command = &health->erp, .done = sv_health_read_erp, .data = health };
    sv_redis_send(sv_http_process(health->check)->redis, &health->exchange);
}

static void
sv_health_begin(sv_process_t *process)
{
    sv_health_t *health = process->health;
    sv_redis_command_t *write = &health->write;

    health->checking = true;
    health->begun_us = sv_metrics_now_us();
    health->check = sv_http_work_begin(process);
    sv_redis_command(write, health->check->call->arena, "SET");
    sv_redis_arg(write, "health:write");
    sv_redis_arg(write, "1");
    sv_redis_arg(write, "PX");
    sv_redis_arg_int(write, SV_HEALTH_WRITE_LIFE_MS);
    health->exchange =
        (sv_exchange_t){ .command = write, .done = sv_health_wrote_redis, .data = health, .takes_errors = 1 };
    sv_redis_send(process->redis, &health->exchange);
}

void
sv_health_look(sv_request_t *req, sv_next_pt next)
{
    sv_process_t *process = sv_http_process(req);
    sv_health_t *health = process->health;
    sv_health_wait_t *wait;

    if (health->known && ngx_current_msec - health->checked_at <= SV_HEALTH_LIFE_MS) {
        next(req);
        return;
    }
    wait = sv_arena_alloc(req->call->arena, sizeof(*wait));
    wait->req = req;
    wait->next = next;
    sv_http_hold(req);
    ngx_queue_insert_tail(&health->waiting, &wait->queue);
    if (!health->checking) {
        sv_health_begin(process);
    }
}

void
sv_http_health(sv_request_t *req)
{
    sv_health_look(req, sv_health_answer);
}
