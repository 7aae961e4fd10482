#include "core/sync/conflict.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/base/log.h"
#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/sync/text_map.h"

static const char *const sv_conflict_types[SV_CONFLICT_TYPE_COUNT] = {
    [SV_CONFLICT_LOCK_LOST] = "lock_lost",
    [SV_CONFLICT_SESSION_CLOSED] = "session_closed",
    [SV_CONFLICT_DUPLICATE_SERIAL] = "duplicate_serial",
    [SV_CONFLICT_DUPLICATE_COUNT] = "duplicate_count",
    [SV_CONFLICT_STALE_UPDATE] = "stale_update",
    [SV_CONFLICT_FOREIGN_RECORD] = "foreign_record",
};

const char *const sv_conflict_statuses[] = { "open", "resolved", NULL };

const char *
sv_conflict_type_name(sv_conflict_type_t type)
{
    return sv_conflict_types[type];
}

void
sv_holder_write_json(sv_json_writer_t *w, const char *name, const sv_holder_t *holder)
{
    sv_json_object(w, name);
    sv_json_text(w, "user_id", holder->user_id);
    sv_json_text(w, "full_name", holder->full_name);
    sv_json_text(w, "session_id", holder->session_id);
    sv_json_time(w, "since", holder->since_ms);
    sv_json_int(w, "lock_ttl", holder->lock_ttl_s);
    sv_json_end(w);
}

static void
sv_append_holder(bson_t *document, const sv_holder_t *holder)
{
    bson_t child;

    if (holder == NULL) {
        BSON_APPEND_NULL(document, "holder");
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(document, "holder", &child);
    sv_doc_put_text(&child, "user_id", holder->user_id);
    sv_doc_put_text(&child, "full_name", holder->full_name);
    sv_doc_put_text(&child, "session_id", holder->session_id);
    sv_doc_put_time(&child, "since", holder->since_ms);
    bson_append_document_end(document, &child);
}

/* What is kept of a conflict the first time it is met. */
static void
sv_append_conflict(bson_t *document, const sv_principal_t *who, const sv_verdict_t *verdict)
{
    const sv_record_t *record = verdict->record;
    char conflict_id[SV_UUID_SIZE];
    bson_t mine;

    sv_uuid_v4(conflict_id);
    BSON_APPEND_UTF8(document, "conflict_id", conflict_id);
    BSON_APPEND_UTF8(document, "status", "open");
    BSON_APPEND_UTF8(document, "user_id", who->user_id);
    BSON_APPEND_UTF8(document, "session_id", record->session_id);
    sv_doc_put_text(document, "rack_id", verdict->rack_id);
    sv_doc_put_text(document, "count_id", verdict->count_id);
    sv_doc_put_text(document, "warehouse", verdict->warehouse);
    sv_doc_put_text(document, "item_code", record->item_code);
    BSON_APPEND_DOCUMENT_BEGIN(document, "mine", &mine);
    sv_record_append_sent(&mine, record);
    bson_append_document_end(document, &mine);
    if (verdict->server_record != NULL) {
        BSON_APPEND_DOCUMENT(document, "server", verdict->server_record);
    } else {
        BSON_APPEND_NULL(document, "server");
    }
    sv_append_holder(document, verdict->holder);
    BSON_APPEND_UTF8(document, "message", verdict->message);
    BSON_APPEND_NULL(document, "resolution");
    BSON_APPEND_NULL(document, "resolved_by");
    BSON_APPEND_NULL(document, "resolved_at");
}

/* One upsert a conflict: the first that meets it says everything, later ones only when it was last met. */
static bool
sv_queue_conflict(mongoc_bulk_operation_t *bulk, const sv_principal_t *who, const sv_verdict_t *verdict,
                  bson_error_t *reason)
{
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, options = BSON_INITIALIZER, child;
    bool good;

    BSON_APPEND_UTF8(&filter, "client_record_id", verdict->record->client_record_id);
    BSON_APPEND_UTF8(&filter, "type", sv_conflict_type_name(verdict->type));
    BSON_APPEND_INT64(&filter, "revision", verdict->record->order);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &child);
    sv_append_conflict(&child, who, verdict);
    BSON_APPEND_DATE_TIME(&child, "created_at", sv_clock_now_ms());
    bson_append_document_end(&update, &child);
    sv_query_mark(&update, "$currentDate", "updated_at");
    BSON_APPEND_BOOL(&options, "upsert", true);
    good = mongoc_bulk_operation_update_one_with_opts(bulk, &filter, &update, &options, reason);
    bson_destroy(&filter);
    bson_destroy(&update);
    bson_destroy(&options);
    return good;
}

static bool
sv_store_conflicts(sv_store_t *store, const sv_principal_t *who, const sv_verdict_t *verdicts, size_t count,
                   bson_error_t *reason)
{
    bson_t options = BSON_INITIALIZER, reply;
    mongoc_bulk_operation_t *bulk;
    bool good = true;

    BSON_APPEND_BOOL(&options, "ordered", false);
    bulk =
        mongoc_collection_create_bulk_operation_with_opts(store->collections[SV_COLLECTION_SYNC_CONFLICTS], &options);
    for (size_t i = 0; good && i < count; i++) {
        if (verdicts[i].kind == SV_VERDICT_CONFLICT) {
            good = sv_queue_conflict(bulk, who, &verdicts[i], reason);
        }
    }
    if (good) {
        good = mongoc_bulk_operation_execute(bulk, &reply, reason) != 0 || sv_store_is_duplicate_key(reason, &reply);
        bson_destroy(&reply);
    }
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&options);
    return good;
}

typedef struct {
    const sv_principal_t *who;
    sv_text_map_t ids; /* key of the conflict -> conflict_id */
    sv_arena_t *arena;
} sv_kept_t;

static const char *
sv_conflict_key(sv_arena_t *arena, const char *client_record_id, const char *type, int64_t revision)
{
    return sv_arena_printf(arena, "%lld %s %s", (long long) revision, type, client_record_id);
}

static void
sv_kept_row(const bson_t *row, void *context)
{
    sv_kept_t *kept = context;
    const char *user_id = sv_doc_text(row, "user_id", kept->arena);
    const char *key = sv_conflict_key(kept->arena, sv_doc_text(row, "client_record_id", kept->arena),
                                      sv_doc_text(row, "type", kept->arena), sv_doc_int(row, "revision"));

    if (user_id != NULL && strcmp(user_id, kept->who->user_id) == 0) {
        *sv_text_map_put(&kept->ids, key) = (void *) sv_doc_text(row, "conflict_id", kept->arena);
    }
}

static sv_status_t
sv_find_conflicts(sv_store_t *store, const sv_verdict_t *verdicts, size_t count, sv_kept_t *kept, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);
    static const char *const names[] = { "client_record_id", "type", "revision", "conflict_id", "user_id" };
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, error->arena);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].kind == SV_VERDICT_CONFLICT) {
            sv_query_texts_add(&ids, verdicts[i].record->client_record_id);
        }
    }
    sv_query_in(filter, "client_record_id", &ids);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        BSON_APPEND_INT32(projection, names[i], 1);
    }
    return sv_query_each(store, SV_COLLECTION_SYNC_CONFLICTS, filter, projection, sv_kept_row, kept, error);
}

void
sv_conflicts_keep(sv_store_t *store, const sv_principal_t *who, sv_verdict_t *verdicts, size_t count, sv_arena_t *arena)
{
    sv_kept_t kept = { .who = who, .arena = arena };
    bson_error_t reason;
    sv_error_t error;

    sv_error_init(&error, arena);
    sv_text_map_init(&kept.ids, arena, count);
    if (!sv_store_conflicts(store, who, verdicts, count, &reason)) {
        sv_log(SV_LOG_WARNING, "conflicts could not be kept: %s", reason.message);
    } else if (sv_find_conflicts(store, verdicts, count, &kept, &error) != SV_OK) {
        sv_log(SV_LOG_WARNING, "kept conflicts could not be read: %s", error.cause);
    }
    for (size_t i = 0; i < count; i++) {
        sv_verdict_t *verdict = &verdicts[i];

        if (verdict->kind == SV_VERDICT_CONFLICT) {
            verdict->conflict_id = sv_text_map_get(&kept.ids, sv_conflict_key(arena, verdict->record->client_record_id,
                                                                              sv_conflict_type_name(verdict->type),
                                                                              verdict->record->order));
        }
    }
}

static void
sv_write_record_or_null(sv_json_writer_t *w, const char *name, const bson_t *conflict, const char *field)
{
    bson_iter_t iter;
    const uint8_t *data;
    uint32_t length;
    bson_t record;

    if (bson_iter_init_find(&iter, conflict, field) && BSON_ITER_HOLDS_DOCUMENT(&iter)) {
        bson_iter_document(&iter, &length, &data);
        if (bson_init_static(&record, data, length)) {
            sv_record_write_member(w, name, &record);
            return;
        }
    }
    sv_json_null(w, name);
}

void
sv_conflict_write_json(sv_json_writer_t *w, const char *name, const bson_t *conflict)
{
    static const char *const hidden[] = { "_id", "mine", "server", "revision", NULL };
    bson_iter_t iter;

    sv_json_object(w, name);
    if (bson_iter_init(&iter, conflict)) {
        while (bson_iter_next(&iter)) {
            size_t i = 0;

            while (hidden[i] != NULL && strcmp(hidden[i], bson_iter_key(&iter)) != 0) {
                i++;
            }
            if (hidden[i] == NULL) {
                sv_doc_write_value(w, bson_iter_key(&iter), &iter);
            }
        }
    }
    sv_write_record_or_null(w, "mine", conflict, "mine");
    sv_write_record_or_null(w, "server", conflict, "server");
    sv_json_end(w);
}

static void
sv_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_conflict_write_json(w, NULL, row);
}

static void
sv_filter_session_or_count(bson_t *filter, const char *id)
{
    static const char *const names[] = { "session_id", "count_id" };
    bson_t either, one;

    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &either);
    for (int i = 0; i < 2; i++) {
        bson_append_document_begin(&either, i == 0 ? "0" : "1", 1, &one);
        BSON_APPEND_UTF8(&one, names[i], id);
        bson_append_document_end(&either, &one);
    }
    bson_append_array_end(filter, &either);
}

sv_status_t
sv_conflicts_list(sv_store_t *store, const sv_principal_t *who, sv_conflict_query_t *query, sv_json_writer_t *w,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), since;

    if (who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(filter, "user_id", who->user_id);
    }
    if (query->status != NULL) {
        BSON_APPEND_UTF8(filter, "status", query->status);
    }
    if (query->session_id != NULL) {
        sv_filter_session_or_count(filter, query->session_id);
    }
    if (query->since_ms != 0) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "updated_at", &since);
        BSON_APPEND_DATE_TIME(&since, "$gte", query->since_ms);
        bson_append_document_end(filter, &since);
    }
    query->page.list = "conflicts";
    query->page.sort_field = "created_at";
    query->page.unique_field = "conflict_id";
    query->page.direction = -1;
    query->page.tells_since = true;
    return sv_page_run(store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, &query->page, sv_write_row, NULL, w,
                       error->arena, error);
}
