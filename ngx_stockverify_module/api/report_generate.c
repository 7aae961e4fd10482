/* POST /api/reports/generate, /api/reports/export/{format}: a fixed report as a file, made by a job. */
#include "core/jobs/job.h"
#include "core/report/fixed/fixed.h"
#include "ngx_stockverify_module/api/job_answer.h"

static void
sv_generate(sv_call_t *call, const char *format)
{
    const json_t *body = sv_call_body(call);
    sv_job_request_t request = { 0 };
    sv_fixed_request_t wanted;
    const bson_t *job;
    bool created;

    if (body == NULL ||
        !sv_fixed_request_read(body, format, call->principal.role, call->arena, &wanted, &call->error)) {
        return;
    }
    request.type = wanted.report->job_type;
    request.params = sv_fixed_request_to_bson(&wanted, call->arena);
    request.unique_key = sv_fixed_request_key(&wanted, call->arena);
    if (sv_job_request(call->store, &call->principal, &request, call->arena, &job, &created, &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_generate_ask(sv_call_t *call)
{
    sv_generate(call, NULL);
}

static void
sv_generate_ask_in_format(sv_call_t *call)
{
    sv_generate(call, call->params[0]);
}

void
sv_http_report_generate(sv_request_t *req)
{
    sv_http_job(req, sv_generate_ask, NULL);
}

void
sv_http_report_export(sv_request_t *req)
{
    sv_http_job(req, sv_generate_ask_in_format, NULL);
}
