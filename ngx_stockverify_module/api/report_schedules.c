/* /api/reports/schedules: reports and snapshots by the clock, and what became of mailing them. */
#include "core/report/delivery/delivery.h"
#include "core/report/delivery/report_schedule.h"
#include "core/store/document.h"
#include "ngx_stockverify_module/api/job_answer.h"

void
sv_step_schedules(sv_call_t *call)
{
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_report_schedules_list(call->store, &call->principal, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_schedule(sv_call_t *call)
{
    const bson_t *schedule;

    if (sv_report_schedule_load(call->store, &call->principal, call->params[0], call->arena, &schedule, &call->error) ==
        SV_OK) {
        sv_report_schedule_write_json(&call->json, NULL, schedule);
    }
}

/* `schedule_id` NULL: a new one. */
static const bson_t *
sv_schedule_take(sv_call_t *call, const char *schedule_id)
{
    const json_t *body = sv_call_body(call);
    const bson_t *schedule = NULL;
    sv_report_schedule_t wanted;

    if (body != NULL &&
        sv_report_schedule_read(call->store, body, call->principal.role, call->arena, &wanted, &call->error)) {
        sv_report_schedule_save(call->store, &call->principal, schedule_id, &wanted, call->arena, &schedule,
                                &call->error);
    }
    if (schedule != NULL) {
        sv_report_schedule_write_json(&call->json, NULL, schedule);
    }
    return schedule;
}

void
sv_step_schedule_create(sv_call_t *call)
{
    const bson_t *schedule = sv_schedule_take(call, NULL);

    if (schedule != NULL) {
        call->success_status = 201;
        call->location = sv_arena_printf(call->arena, "/api/reports/schedules/%s",
                                         sv_doc_text(schedule, "schedule_id", call->arena));
        call->message = "Schedule made";
    }
}

void
sv_step_schedule_change(sv_call_t *call)
{
    sv_schedule_take(call, call->params[0]);
}

void
sv_step_schedule_delete(sv_call_t *call)
{
    if (sv_report_schedule_delete(call->store, &call->principal, call->params[0], &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_text(&call->json, "schedule_id", call->params[0]);
        sv_json_end(&call->json);
    }
}

void
sv_step_schedule_deliveries(sv_call_t *call)
{
    const bson_t *schedule;
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page) || sv_report_schedule_load(call->store, &call->principal, call->params[0],
                                                                    call->arena, &schedule, &call->error) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_deliveries_list(call->store, call->params[0], &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

static void
sv_schedule_ask_run(sv_call_t *call)
{
    const bson_t *job;
    bool created;

    if (sv_schedule_run(call->store, &call->principal, call->params[0], call->arena, &job, &created, &call->error) ==
        SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_delivery_ask_resend(sv_call_t *call)
{
    const bson_t *schedule, *job;

    if (sv_report_schedule_load(call->store, &call->principal, call->params[0], call->arena, &schedule, &call->error) ==
            SV_OK &&
        sv_delivery_resend(call->store, &call->principal, call->params[0], call->params[1], call->arena, &job,
                           &call->error) == SV_OK) {
        sv_job_asked(call, job, true);
    }
}

void
sv_http_delivery_resend(sv_request_t *req)
{
    sv_http_job(req, sv_delivery_ask_resend, NULL);
}

void
sv_http_schedule_run(sv_request_t *req)
{
    sv_http_job(req, sv_schedule_ask_run, NULL);
}
