#include "ngx_stockverify_module/api/job_answer.h"
#include "ngx_stockverify_module/request.h"

#include "core/erp/sync.h"

/* /api/admin/erp/sync: imports from the ERP, asked for and told of. */

static void
sv_erp_sync_request(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    const bson_t *job;
    bool full = false, created;

    if (body == NULL) {
        return;
    }
    sv_json_get_bool(&fields, "full", SV_OPTIONAL, &full);
    if (call->error.status == SV_OK && sv_erp_run_request(call->store, &call->principal, full, call->arena, &job,
                                                          &created, &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

void
sv_http_erp_sync_start(sv_request_t *req)
{
    sv_http_job(req, sv_erp_sync_request, NULL);
}

typedef struct {
    sv_redis_command_t command;
    sv_erp_state_t state;
} sv_erp_sync_asked_t;

static void
sv_erp_sync_read_state(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_erp_sync_asked_t *asked = call->state;

    (void) index;
    sv_erp_state_read(reply, call->arena, &asked->state);
}

static void
sv_erp_sync_tell(sv_call_t *call)
{
    const sv_erp_sync_asked_t *asked = call->state;

    sv_erp_sync_write(call->store, &asked->state, &call->json, call->arena, &call->error);
}

static void
sv_erp_sync_state_read(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_erp_sync_tell, sv_http_answer);
}

void
sv_http_erp_sync(sv_request_t *req)
{
    sv_erp_sync_asked_t *asked = sv_arena_zalloc(req->call->arena, sizeof(*asked));

    req->call->state = asked;
    sv_erp_state_ask_command(&asked->command, req->call->arena);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &asked->command }, 1, sv_erp_sync_read_state,
                  sv_erp_sync_state_read);
}
