/* /api/reports/compare: what changed between two snapshots; /api/reports/trend: over a series of them. */
#include "core/report/compare/comparison.h"
#include "core/report/compare/comparison_export.h"
#include "core/report/compare/trend_series.h"
#include "ngx_stockverify_module/api/export_query.h"
#include "ngx_stockverify_module/api/job_answer.h"

enum { SV_METRIC_MAX = 128, SV_TREND_POINTS_DEFAULT = 100 };

/* ---- making one */

static void
sv_compare_ask(sv_call_t *call)
{
    sv_json_fields_t fields = { .object = sv_call_body(call), .path = "", .error = &call->error };
    const bson_t *job;
    bool created;

    if (fields.object != NULL && sv_comparison_request(call->store, &call->principal, &fields, call->arena, &job,
                                                       &created, &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_compare_made(sv_call_t *call)
{
    sv_comparison_t comparison;

    if (sv_comparison_load(call->store, sv_job_resource_id(call), call->arena, &comparison, &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_comparison_write_members(&call->json, &comparison, true);
        sv_json_end(&call->json);
        call->message = "Snapshots compared";
    }
}

void
sv_http_compare(sv_request_t *req)
{
    sv_http_job(req, sv_compare_ask, sv_compare_made);
}

/* ---- those that are there */

void
sv_step_comparisons(sv_call_t *call)
{
    sv_page_t page = { 0 };

    if (sv_call_query_page(call, &page)) {
        sv_json_object(&call->json, NULL);
        sv_comparison_list(call->store, &page, &call->json, call->arena, &call->error);
        sv_json_end(&call->json);
    }
}

void
sv_step_comparison(sv_call_t *call)
{
    sv_comparison_t comparison;
    sv_page_t page = { 0 };
    int change;

    if (!sv_call_query_choice(call, "change", sv_row_changes, &change) || !sv_call_query_page(call, &page) ||
        sv_row_cursor_check(page.cursor, &call->error) != SV_OK ||
        sv_comparison_load(call->store, call->params[0], call->arena, &comparison, &call->error) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_comparison_write_members(&call->json, &comparison, true);
    sv_comparison_page(call->store, &comparison, change, &page, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_comparison_delete(sv_call_t *call)
{
    if (sv_comparison_remove(call->store, &call->principal, call->params[0], &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_text(&call->json, "job_id", call->params[0]);
        sv_json_end(&call->json);
        call->message = "Comparison deleted";
    }
}

static void
sv_comparison_export_ask(sv_call_t *call)
{
    sv_export_request_t wanted = { .source_id = call->params[0] };
    const bson_t *job = NULL;
    bool created;

    if (sv_call_query_export(call, &wanted) &&
        sv_comparison_export_request(call->store, &call->principal, &wanted, call->arena, &job, &created,
                                     &call->error) == SV_OK) {
        sv_export_asked(call, job, created);
    }
}

void
sv_http_comparison_export(sv_request_t *req)
{
    sv_http_job(req, sv_comparison_export_ask, sv_job_made_file);
}

/* ---- a series */

static bool
sv_trend_required(sv_call_t *call, const char *name)
{
    if (sv_call_query(call, name) == NULL) {
        sv_fail(&call->error, SV_ERR_PARAMETER_INVALID, NULL);
        sv_fail_field(&call->error, name, "required", "must be given");
    }
    return call->error.status == SV_OK;
}

void
sv_step_trend(sv_call_t *call)
{
    sv_trend_search_t search = { 0 };

    if (!sv_trend_required(call, "tag") || !sv_trend_required(call, "metric") ||
        !sv_call_query_identifier(call, "tag", SV_SNAPSHOT_TAG_MAX, &search.tag) ||
        !sv_call_query_identifier(call, "metric", SV_METRIC_MAX, &search.metric) ||
        !sv_call_query_range(call, NULL, &search.from_ms, &search.to_ms) ||
        !sv_call_query_int(call, "limit", 1, SV_TREND_MAX_POINTS, SV_TREND_POINTS_DEFAULT, &search.limit)) {
        return;
    }
    sv_trend_write(call->store, &search, &call->json, call->arena, &call->error);
}
