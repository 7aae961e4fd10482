/* /api/reports/queries: queries under a name. */
#include "core/report/query/saved_query.h"
#include "core/store/document.h"
#include "ngx_stockverify_module/call.h"

void
sv_step_report_queries(sv_call_t *call)
{
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_saved_queries_list(call->store, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_report_query(sv_call_t *call)
{
    const bson_t *saved;

    if (sv_saved_query_load(call->store, call->params[0], call->arena, &saved, &call->error) == SV_OK) {
        sv_saved_query_write_json(&call->json, NULL, saved);
    }
}

/* `query_id` NULL: a new one. */
static const bson_t *
sv_report_query_take(sv_call_t *call, const char *query_id)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    const bson_t *saved = NULL;
    sv_saved_wanted_t wanted;

    if (fields.object != NULL && sv_saved_query_read(&fields, call->arena, &wanted)) {
        sv_saved_query_save(call->store, &call->principal, query_id, &wanted, call->arena, &saved, &call->error);
    }
    if (saved != NULL) {
        sv_saved_query_write_json(&call->json, NULL, saved);
    }
    return saved;
}

void
sv_step_report_query_create(sv_call_t *call)
{
    const bson_t *saved = sv_report_query_take(call, NULL);

    if (saved != NULL) {
        call->success_status = 201;
        call->location =
            sv_arena_printf(call->arena, "/api/reports/queries/%s", sv_doc_text(saved, "query_id", call->arena));
        call->message = "Query saved";
    }
}

void
sv_step_report_query_change(sv_call_t *call)
{
    sv_report_query_take(call, call->params[0]);
}

void
sv_step_report_query_delete(sv_call_t *call)
{
    if (sv_saved_query_delete(call->store, &call->principal, call->params[0], &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_text(&call->json, "query_id", call->params[0]);
        sv_json_end(&call->json);
    }
}
