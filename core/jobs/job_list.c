#include "core/jobs/job_list.h"

#include "core/store/document.h"

const char *const sv_job_statuses[] = { "queued", "running", "succeeded", "failed", "cancelled", NULL };

static void
sv_job_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_job_write_json(w, NULL, row);
}

/* Kinds above the role; those of another release are shown to every supervisor. */
static void
sv_job_put_hidden_kinds(bson_t *filter, sv_role_t role)
{
    bson_t type, hidden;
    uint32_t count = 0;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "type", &type);
    BSON_APPEND_ARRAY_BEGIN(&type, "$nin", &hidden);
    for (size_t i = 0; i < sv_job_kind_count; i++) {
        if (sv_job_kinds[i].role > role) {
            char room[16];
            const char *key;

            bson_uint32_to_string(count++, &key, room, sizeof(room));
            BSON_APPEND_UTF8(&hidden, key, sv_job_kinds[i].type);
        }
    }
    bson_append_array_end(&type, &hidden);
    bson_append_document_end(filter, &type);
}

static void
sv_job_put_allowed(bson_t *filter, const sv_principal_t *who)
{
    bson_t any, own, seen;

    if (who->role >= SV_ROLE_ADMIN) {
        return;
    }
    if (who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(filter, "requested_by", who->user_id);
        return;
    }
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &any);
    BSON_APPEND_DOCUMENT_BEGIN(&any, "0", &own);
    BSON_APPEND_UTF8(&own, "requested_by", who->user_id);
    bson_append_document_end(&any, &own);
    BSON_APPEND_DOCUMENT_BEGIN(&any, "1", &seen);
    sv_job_put_hidden_kinds(&seen, who->role);
    bson_append_document_end(&any, &seen);
    bson_append_array_end(filter, &any);
}

sv_status_t
sv_job_list(sv_store_t *store, const sv_principal_t *who, const sv_job_query_t *query, sv_page_t *page,
            sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t *projection = sv_doc_take(BCON_NEW("params", BCON_INT32(0)), arena); /* not shown, and long at times */

    if (query->status != NULL) {
        BSON_APPEND_UTF8(filter, "status", query->status);
    }
    if (query->type != NULL) {
        BSON_APPEND_UTF8(filter, "type", query->type);
    }
    sv_job_put_allowed(filter, who);
    page->list = "jobs";
    page->sort_field = "created_at";
    page->unique_field = "job_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_JOBS, filter, projection, page, sv_job_write_row, NULL, w, arena, error);
}
