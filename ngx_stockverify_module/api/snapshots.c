/* /api/reports/snapshots: the rows of a query at one instant. */
#include "core/report/snapshots/snapshot.h"
#include "ngx_stockverify_module/api/job_answer.h"

/* The id of a path; what is none is no snapshot either. */
static bool
sv_snapshot_of_path(sv_call_t *call, sv_snapshot_t *snapshot)
{
    return sv_snapshot_load(call->store, call->params[0], call->arena, snapshot, &call->error) == SV_OK;
}

static void
sv_snapshot_ask(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_snapshot_wanted_t wanted;
    const bson_t *job;
    bool created;

    if (fields.object != NULL && sv_snapshot_wanted_read(call->store, &fields, call->arena, &wanted) &&
        sv_snapshot_request(call->store, &call->principal, sv_snapshot_params(&wanted, false, call->arena), call->arena, &job,
                            &created, &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_snapshot_ask_again(sv_call_t *call)
{
    const bson_t *job;
    bool created;

    if (sv_snapshot_refresh(call->store, &call->principal, call->params[0], call->arena, &job, &created,
                            &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_snapshot_made(sv_call_t *call)
{
    sv_snapshot_t snapshot;

    if (sv_snapshot_load(call->store, sv_job_resource_id(call), call->arena, &snapshot, &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_snapshot_write_members(&call->json, &snapshot, true);
        sv_json_end(&call->json);
        call->message = "Snapshot taken";
    }
}

void
sv_http_snapshot_create(sv_request_t *req)
{
    sv_http_job(req, sv_snapshot_ask, sv_snapshot_made);
}

void
sv_http_snapshot_refresh(sv_request_t *req)
{
    sv_http_job(req, sv_snapshot_ask_again, sv_snapshot_made);
}

void
sv_step_snapshots(sv_call_t *call)
{
    sv_snapshot_search_t search = { 0 };
    sv_page_t page = { 0 };

    if (!sv_call_query_identifier(call, "tag", SV_SNAPSHOT_TAG_MAX, &search.tag) ||
        !sv_call_query_range(call, NULL, &search.from_ms, &search.to_ms) || !sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_snapshot_list(call->store, &search, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_snapshot(sv_call_t *call)
{
    sv_snapshot_t snapshot;
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page) || !sv_snapshot_of_path(call, &snapshot)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_snapshot_write_members(&call->json, &snapshot, true);
    sv_snapshot_page(call->store, &snapshot, &page, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_snapshot_delete(sv_call_t *call)
{
    if (sv_snapshot_remove(call->store, &call->principal, call->params[0], &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_text(&call->json, "snapshot_id", call->params[0]);
        sv_json_end(&call->json);
        call->message = "Snapshot deleted";
    }
}
