/* Asking for a snapshot: what is wanted, checked, becomes the params of a job. */
#include <string.h>

#include "core/base/codec.h"
#include "core/report/query/saved_query.h"
#include "core/report/snapshots/snapshot.h"
#include "core/store/document.h"

/* Stored as it was asked; what it means is settled when it is taken, and tried here. */
static void
sv_wanted_read_query(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena, sv_snapshot_wanted_t *wanted)
{
    sv_report_query_t *query = sv_saved_query_choose(store, fields, arena, &wanted->query_id);

    if (query == NULL || fields->error->status != SV_OK) {
        return;
    }
    wanted->query = sv_report_query_to_bson(query, arena);
    if (sv_report_query_settle(store, query, NULL, 0, arena, fields->error) == SV_OK) {
        sv_report_query_warehouse(store, query, arena, &wanted->warehouse, fields->error);
    }
}

bool
sv_snapshot_wanted_read(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena,
                        sv_snapshot_wanted_t *wanted)
{
    memset(wanted, 0, sizeof(*wanted));
    sv_json_get_text(fields, "name", SV_REQUIRED, 1, SV_SNAPSHOT_NAME_MAX, &wanted->name);
    sv_json_get_note(fields, "description", SV_OPTIONAL, SV_SNAPSHOT_TEXT_MAX, &wanted->description);
    sv_json_get_identifiers(fields, "tags", SV_OPTIONAL, SV_SNAPSHOT_TAGS_MAX, SV_SNAPSHOT_TAG_MAX, arena,
                            &wanted->tags, &wanted->tag_count);
    sv_wanted_read_query(store, fields, arena, wanted);
    return fields->error->status == SV_OK;
}

bson_t *
sv_snapshot_params(const sv_snapshot_wanted_t *wanted, bool by_id, sv_arena_t *arena)
{
    bson_t *params = sv_doc_new(arena);

    BSON_APPEND_UTF8(params, "name", wanted->name);
    sv_doc_put_text(params, "description", wanted->description);
    if (by_id) {
        BSON_APPEND_UTF8(params, "query_id", wanted->query_id);
    } else {
        BSON_APPEND_DOCUMENT(params, "query", wanted->query);
    }
    sv_doc_put_texts(params, "tags", wanted->tags, wanted->tag_count);
    return params;
}

static sv_status_t
sv_snapshot_ask(sv_store_t *store, const sv_principal_t *who, bson_t *params, const char *key, sv_arena_t *arena,
                const bson_t **job, bool *created, sv_error_t *error)
{
    sv_job_request_t request = { .type = "snapshot.create", .params = params, .unique_key = key };
    char id[SV_UUID_SIZE];
    bson_t person;

    sv_uuid_v4(id);
    request.resource_type = "snapshot";
    request.resource_id = id;
    request.resource_url = sv_arena_printf(arena, "/api/reports/snapshots/%s", id);
    BSON_APPEND_UTF8(params, "snapshot_id", id);
    BSON_APPEND_DOCUMENT_BEGIN(params, "created_by", &person);
    BSON_APPEND_UTF8(&person, "user_id", who->user_id);
    sv_doc_put_text(&person, "username", who->username);
    sv_doc_put_text(&person, "full_name", who->full_name);
    bson_append_document_end(params, &person);
    return sv_job_request(store, who, &request, arena, job, created, error);
}

sv_status_t
sv_snapshot_request(sv_store_t *store, const sv_principal_t *who, const bson_t *params, sv_arena_t *arena,
                    const bson_t **job, bool *created, sv_error_t *error)
{
    char digest[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(bson_get_data(params), params->len, digest);
    return sv_snapshot_ask(store, who, sv_doc_copy(params, arena),
                           sv_arena_printf(arena, "%s:%s", who->user_id, digest), arena, job, created, error);
}

sv_status_t
sv_snapshot_refresh(sv_store_t *store, const sv_principal_t *who, const char *id, sv_arena_t *arena, const bson_t **job,
                    bool *created, sv_error_t *error)
{
    bson_t *params = sv_doc_new(arena);
    sv_snapshot_t previous;
    bson_iter_t tags;

    if (sv_snapshot_load(store, id, arena, &previous, error) != SV_OK ||
        sv_report_query_from_bson(previous.query, arena, error) == NULL) {
        return error->status;
    }
    BSON_APPEND_UTF8(params, "name", previous.name);
    sv_doc_put_text(params, "description", previous.description);
    BSON_APPEND_DOCUMENT(params, "query", previous.query);
    if (bson_iter_init_find(&tags, previous.document, "tags")) {
        bson_append_iter(params, "tags", -1, &tags);
    }
    BSON_APPEND_UTF8(params, "previous_id", previous.snapshot_id);
    BSON_APPEND_INT64(params, "version", previous.version + 1);
    return sv_snapshot_ask(store, who, params, sv_arena_printf(arena, "refresh:%s", id), arena, job, created, error);
}
