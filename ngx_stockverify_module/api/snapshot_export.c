/* GET /api/reports/snapshots/{id}/export: the rows as a file, made by a job once and kept for a while. */
#include "core/report/snapshots/snapshot_export.h"
#include "ngx_stockverify_module/api/export_query.h"
#include "ngx_stockverify_module/api/job_answer.h"

static void
sv_snapshot_export_ask(sv_call_t *call)
{
    sv_export_request_t wanted = { .source_id = call->params[0] };
    const bson_t *job = NULL;
    bool created;

    if (sv_call_query_export(call, &wanted) &&
        sv_snapshot_export_request(call->store, &call->principal, &wanted, call->arena, &job, &created, &call->error) ==
            SV_OK) {
        sv_export_asked(call, job, created);
    }
}

void
sv_http_snapshot_export(sv_request_t *req)
{
    sv_http_job(req, sv_snapshot_export_ask, sv_job_made_file);
}
