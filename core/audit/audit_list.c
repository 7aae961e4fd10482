#include "core/audit/audit_list.h"

#include "core/audit/seal.h"
#include "core/store/document.h"
#include "core/store/filter.h"

static void
sv_audit_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    static const char *const texts[] = { "action",   "user_id",   "role",       "session_id", "rack_id",
                                         "count_id", "warehouse", "request_id", "hash" };
    const bson_t *details = sv_doc_child(row, "details", context);

    sv_json_object(w, NULL);
    sv_json_time(w, "at", sv_doc_time(row, "at"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(row, texts[i], context));
    }
    if (details != NULL) {
        sv_doc_write_json(w, "details", details);
    } else {
        sv_json_null(w, "details");
    }
    if (sv_doc_bool(row, "sealed")) {
        sv_json_int(w, "seq", sv_doc_int(row, "seq"));
        sv_json_bool(w, "verified", sv_audit_entry_is_whole(row, context));
    } else {
        sv_json_null(w, "seq");
        sv_json_null(w, "verified");
    }
    sv_json_end(w);
}

static bson_t *
sv_audit_filter(const sv_audit_query_t *query, sv_arena_t *arena)
{
    static const char *const searched[] = { "action", NULL };
    const struct {
        const char *field, *value;
    } texts[] = { { "user_id", query->user_id },     { "session_id", query->session_id },
                  { "rack_id", query->rack_id },     { "count_id", query->count_id },
                  { "warehouse", query->warehouse }, { "request_id", query->request_id } };
    bson_t *filter = sv_doc_new(arena);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].value != NULL) {
            BSON_APPEND_UTF8(filter, texts[i].field, texts[i].value);
        }
    }
    sv_filter_span(filter, "at", query->from_ms, query->to_ms);
    sv_filter_contains(filter, searched, query->action);
    return filter;
}

static sv_status_t
sv_audit_chain_write(sv_store_t *store, sv_json_writer_t *w, sv_error_t *error)
{
    sv_audit_verdict_t verdict;

    if (sv_audit_verify(store, &verdict, error) != SV_OK) {
        return error->status;
    }
    sv_json_object(w, "chain");
    sv_json_bool(w, "whole", verdict.problem == NULL);
    sv_json_int(w, "entries", verdict.entries);
    sv_json_int(w, "unsealed", verdict.unsealed);
    if (verdict.problem != NULL) {
        sv_json_int(w, "bad_seq", verdict.bad_seq);
    } else {
        sv_json_null(w, "bad_seq");
    }
    sv_json_text(w, "problem", verdict.problem);
    sv_json_end(w);
    return SV_OK;
}

sv_status_t
sv_audit_page_write(sv_store_t *store, sv_audit_query_t *query, sv_json_writer_t *w, sv_error_t *error)
{
    query->page.unique_field = "_id";
    if (sv_page_run(store, SV_COLLECTION_ACTIVITY_LOGS, sv_audit_filter(query, error->arena), NULL, &query->page,
                    sv_audit_write_row, error->arena, w, error->arena, error) != SV_OK) {
        return error->status;
    }
    if (query->verify) {
        return sv_audit_chain_write(store, w, error);
    }
    sv_json_null(w, "chain");
    return SV_OK;
}
