#include "core/base/version.h"
#include "core/erp/lookup.h"
#include "core/jobs/job_figures.h"
#include "core/oversight/dependency.h"
#include "ngx_stockverify_module/health.h"
#include "ngx_stockverify_module/process.h"
#include "ngx_stockverify_module/request.h"

/* GET /api/admin/system-status: each dependency in turn.  It answers whatever is away, since that is when it is asked.
 */

typedef struct {
    sv_redis_command_t info, erp_asked, waiting;
    const char *redis_version;
    sv_erp_state_t erp;
    sv_job_figures_t jobs;
    bool has_erp, has_jobs, has_stored;
    sv_dependencies_stored_t stored;
} sv_system_status_t;

/* The last error of a server, which stands in the zone for all processes. */
static void
sv_system_write_server(sv_request_t *req, const char *name, sv_server_t server, const sv_health_check_t *check,
                       const char *version)
{
    const sv_zone_t *zone = sv_http_process(req)->zone;
    sv_dependency_t dependency = { .name = name,
                                   .state = sv_check_name(check),
                                   .latency_us = check->state == SV_CHECK_DOWN ? -1 : (int64_t) check->us,
                                   .version = version };
    sv_last_error_seen_t seen;

    sv_last_error_read(&zone->metrics.last_errors[server], &seen);
    if (seen.at != 0) {
        dependency.last_error = seen.text;
        dependency.error_at_ms = (int64_t) seen.at * 1000;
    }
    if (server == SV_SERVER_MONGODB) {
        dependency.breaker = sv_circuit_name(sv_breaker_state(&zone->breaker, ngx_current_msec));
    }
    sv_dependency_write(&req->call->json, &dependency);
}

static void
sv_system_write_erp(sv_request_t *req, const sv_system_status_t *status)
{
    sv_dependency_t erp = { .name = "erp",
                            .state = status->has_erp ? sv_erp_state_word(&status->erp) : "unknown",
                            .latency_us = -1,
                            .last_error = status->stored.erp_error,
                            .error_at_ms = status->stored.erp_error_at_ms };

    if (status->has_erp && status->erp.cause != NULL) {
        erp.last_error = status->erp.cause; /* what it suffers from now */
        erp.error_at_ms = 0;
    }
    sv_dependency_write(&req->call->json, &erp);
}

static void
sv_system_write_queues(sv_json_writer_t *json, const sv_system_status_t *status)
{
    if (!status->has_jobs) {
        sv_json_null(json, "queues");
        return;
    }
    sv_json_array(json, "queues");
    for (int i = 0; i < SV_QUEUE_COUNT; i++) {
        sv_json_object(json, NULL);
        sv_json_text(json, "name", sv_queue_name((sv_queue_t) i));
        sv_json_int(json, "waiting", status->jobs.waiting[i]);
        sv_json_int(json, "oldest_seconds", status->jobs.oldest_s[i]);
        sv_json_end(json);
    }
    sv_json_end(json);
}

static void
sv_system_answer(sv_request_t *req)
{
    const sv_system_status_t *status = req->call->state;
    const sv_process_t *process = sv_http_process(req);
    sv_json_writer_t *json = &req->call->json;
    sv_dependency_t workers = status->stored.workers, mail = status->stored.mail;

    workers.name = "workers";
    mail.name = "mail";
    workers.latency_us = mail.latency_us = -1;
    if (!status->has_stored) {
        workers.state = mail.state = "unknown";
    }
    sv_json_object(json, NULL);
    sv_json_text(json, "status", sv_health_word(process));
    sv_json_text(json, "version", SV_VERSION);
    sv_json_array(json, "dependencies");
    sv_system_write_server(req, "mongodb", SV_SERVER_MONGODB, sv_health_mongodb(process->health),
                           status->stored.mongodb_version);
    sv_system_write_server(req, "redis", SV_SERVER_REDIS, sv_health_redis(process->health), status->redis_version);
    sv_dependency_write(json, &workers);
    sv_system_write_erp(req, status);
    sv_dependency_write(json, &mail);
    sv_json_end(json);
    sv_system_write_queues(json, status);
    sv_json_end(json);
    sv_http_answer(req);
}

/* On a thread. */
static void
sv_system_read_stored(sv_call_t *call)
{
    sv_system_status_t *status = call->state;

    status->has_stored = sv_dependencies_read(call->store, &status->stored, &call->error) == SV_OK;
}

/* What the database did not tell is unknown, and no reason to refuse the rest. */
static void
sv_system_stored_read(sv_request_t *req)
{
    sv_system_status_t *status = req->call->state;

    if (!status->has_stored) {
        status->stored = (sv_dependencies_stored_t){ 0 };
        sv_error_clear(&req->call->error);
    }
    sv_system_answer(req);
}

/* With the thread of health: the circuit and the tasks before it are what is asked about. */
static void
sv_system_ask_mongodb(sv_request_t *req)
{
    sv_error_clear(&req->call->error);
    if (sv_health_mongodb(sv_http_process(req)->health)->state == SV_CHECK_UP) {
        sv_http_resume_on_refusal(req);
        sv_http_thread(req, SV_POOL_HEALTH, sv_system_read_stored, sv_system_stored_read);
        return;
    }
    sv_system_answer(req);
}

static const char *
sv_system_redis_version(const redisReply *reply, sv_arena_t *arena)
{
    static const char name[] = "redis_version:";
    const char *line = reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;

    return line == NULL ? NULL
                        : sv_arena_strndup(arena, line + sizeof(name) - 1, strcspn(line + sizeof(name) - 1, "\r\n"));
}

static void
sv_system_read_redis(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_system_status_t *status = call->state;

    if (reply == NULL) {
        return;
    }
    if (index == 0) {
        status->redis_version = sv_system_redis_version(reply, call->arena);
    } else if (index == 1) {
        sv_erp_state_read(reply, call->arena, &status->erp);
        status->has_erp = true;
    } else {
        status->has_jobs = sv_job_figures_read(reply, &status->jobs);
    }
}

static void
sv_system_ask_redis(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_system_status_t *status = call->state;

    if (!sv_redis_ready(sv_http_process(req)->redis)) {
        sv_system_ask_mongodb(req);
        return;
    }
    sv_redis_command(&status->info, call->arena, "INFO");
    sv_redis_arg(&status->info, "server");
    sv_erp_state_ask_command(&status->erp_asked, call->arena);
    sv_job_figures_command(&status->waiting, call->arena);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &status->info, &status->erp_asked, &status->waiting }, 3,
                  sv_system_read_redis, sv_system_ask_mongodb);
}

void
sv_http_system_status(sv_request_t *req)
{
    req->call->state = sv_arena_zalloc(req->call->arena, sizeof(sv_system_status_t));
    sv_health_look(req, sv_system_ask_redis);
}
