/* /api/reports/collections and the preview of a query. */
#include "core/base/codec.h"
#include "core/report/query/preview.h"
#include "core/report/query/saved_query.h"
#include "ngx_stockverify_module/request.h"

enum { SV_ETAG_DIGITS = 16 };

void
sv_http_report_collections(sv_request_t *req)
{
    sv_call_t *call = req->call;
    char digest[SV_SHA256_HEX_SIZE];

    sv_report_collections_write_json(&call->json, NULL);
    sv_sha256_hex(call->data.data, call->data.length, digest);
    call->etag = sv_arena_printf(call->arena, "\"%.*s\"", SV_ETAG_DIGITS, digest);
    sv_http_answer(req);
}

/* The query is the body itself; of a saved one it has the id. */
static sv_report_query_t *
sv_preview_query(sv_call_t *call, const json_t *body)
{
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    const char *query_id;

    if (json_object_get(body, "query_id") == NULL) {
        return sv_report_query_parse(body, call->arena, &call->error);
    }
    if (json_object_get(body, "collection") != NULL) {
        sv_fail_field(&call->error, "collection", "not_allowed", "stands in the query that query_id names");
        return NULL;
    }
    return sv_saved_query_choose(call->store, &fields, call->arena, &query_id);
}

/* `limit` is the query's own number of rows and of those shown. */
void
sv_step_report_preview(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    sv_report_query_t *query = body != NULL ? sv_preview_query(call, body) : NULL;
    int64_t limit = SV_PREVIEW_ROWS;

    if (query == NULL || sv_report_query_settle(call->store, query, NULL, 0, call->arena, &call->error) != SV_OK) {
        return;
    }
    if (json_is_integer(json_object_get(body, "limit"))) {
        limit = json_integer_value(json_object_get(body, "limit"));
    }
    sv_report_preview(call->store, query, limit < SV_PREVIEW_MAX_ROWS ? limit : SV_PREVIEW_MAX_ROWS, &call->json,
                      &call->error);
}
