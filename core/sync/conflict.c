#include "core/sync/conflict.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/base/log.h"
#include "core/counts/touched.h"
#include "core/store/document.h"
#include "core/sync/conflict_view.h"
#include "core/sync/query.h"
#include "core/sync/record_form.h"

static const char *const sv_conflict_types[SV_CONFLICT_TYPE_COUNT] = {
    [SV_CONFLICT_LOCK_LOST] = "lock_lost",
    [SV_CONFLICT_SESSION_CLOSED] = "session_closed",
    [SV_CONFLICT_DUPLICATE_SERIAL] = "duplicate_serial",
    [SV_CONFLICT_DUPLICATE_COUNT] = "duplicate_count",
    [SV_CONFLICT_STALE_UPDATE] = "stale_update",
    [SV_CONFLICT_FOREIGN_RECORD] = "foreign_record",
    [SV_CONFLICT_RESCUED] = "rescued",
};

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

/* What is kept of a conflict the first time it is met, beside what it is known by. */
static void
sv_append_conflict(bson_t *document, const sv_verdict_t *verdict)
{
    const sv_record_t *record = verdict->record;
    char conflict_id[SV_UUID_SIZE];
    bson_t mine;

    sv_uuid_v4(conflict_id);
    BSON_APPEND_UTF8(document, "conflict_id", conflict_id);
    BSON_APPEND_UTF8(document, "status", "open");
    if (verdict->type == SV_CONFLICT_STALE_UPDATE) {
        BSON_APPEND_BOOL(document, "outdated", verdict->outdated);
    }
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

/* A conflict that was met before is only marked with when it was last met; the first meeting says everything. */
static bool
sv_queue_conflict(mongoc_bulk_operation_t *bulk, const sv_principal_t *who, const sv_verdict_t *verdict,
                  bson_error_t *reason)
{
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, options = BSON_INITIALIZER, child;
    bool good;

    if (verdict->conflict_id != NULL) {
        BSON_APPEND_UTF8(&filter, "conflict_id", verdict->conflict_id);
    } else {
        BSON_APPEND_UTF8(&filter, "user_id", who->user_id);
        BSON_APPEND_UTF8(&filter, "session_id", verdict->record->session_id);
        BSON_APPEND_UTF8(&filter, "client_record_id", verdict->record->client_record_id);
        BSON_APPEND_UTF8(&filter, "type", sv_conflict_type_name(verdict->type));
        BSON_APPEND_INT64(&filter, "revision", verdict->record->order);
        BSON_APPEND_UTF8(&filter, "content_hash", verdict->record->content_hash);
        BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &child);
        sv_append_conflict(&child, verdict);
        BSON_APPEND_DATE_TIME(&child, "created_at", sv_clock_now_ms());
        bson_append_document_end(&update, &child);
        BSON_APPEND_BOOL(&options, "upsert", true);
    }
    sv_query_mark(&update, "$currentDate", "updated_at");
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

/* Whether a kept conflict is about what the record says: sent from the same floor session, with the same content. */
static bool
sv_kept_is_of(const bson_t *kept, const sv_record_t *record, sv_arena_t *arena)
{
    const bson_t *mine = sv_doc_child(kept, "mine", arena);
    const char *content_hash = sv_doc_text(kept, "content_hash", arena), *session_id;
    sv_record_t again;

    session_id = sv_doc_text(kept, "session_id", arena);
    if (session_id == NULL || strcmp(session_id, record->session_id) != 0 ||
        sv_doc_int(kept, "revision") != record->order) {
        return false;
    }
    if (content_hash != NULL) {
        return strcmp(content_hash, record->content_hash) == 0;
    }
    /* Kept by the version before, which noted no hash. */
    return mine != NULL && sv_record_from_sent(mine, arena, &again) &&
           strcmp(again.content_hash, record->content_hash) == 0;
}

/* The same conflict gets the same id; a record that a person decided about has that decision, whatever stands in its
 * way now.  A rescued one that waits as a conflict of any kind waits already. */
static void
sv_kept_take(sv_verdict_t *verdict, const bson_t *kept, sv_arena_t *arena)
{
    const char *type = sv_doc_text(kept, "type", arena), *resolution = sv_doc_text(kept, "resolution", arena);
    bool same_type = verdict->type == SV_CONFLICT_RESCUED ||
                     (type != NULL && strcmp(type, sv_conflict_type_name(verdict->type)) == 0);

    if (resolution == NULL ? same_type && verdict->resolution == NULL : same_type || verdict->resolution == NULL) {
        verdict->conflict_id = sv_doc_text(kept, "conflict_id", arena);
        verdict->resolution = resolution;
    }
}

typedef struct {
    sv_verdict_t *verdicts;
    size_t count;
    sv_arena_t *arena;
} sv_kept_t;

static void
sv_kept_row(const bson_t *row, void *context)
{
    sv_kept_t *kept = context;
    const char *id = sv_doc_text(row, "client_record_id", kept->arena);

    for (size_t i = 0; id != NULL && i < kept->count; i++) {
        sv_verdict_t *verdict = &kept->verdicts[i];

        if (verdict->kind == SV_VERDICT_CONFLICT && strcmp(verdict->record->client_record_id, id) == 0 &&
            sv_kept_is_of(row, verdict->record, kept->arena)) {
            sv_kept_take(verdict, row, kept->arena);
        }
    }
}

/* Looks for the conflicts that have no id yet among those kept of the user. */
static sv_status_t
sv_find_conflicts(sv_store_t *store, const sv_principal_t *who, sv_verdict_t *verdicts, size_t count, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    sv_kept_t kept = { verdicts, count, error->arena };
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, error->arena);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].kind == SV_VERDICT_CONFLICT && verdicts[i].conflict_id == NULL) {
            sv_query_texts_add(&ids, verdicts[i].record->client_record_id);
        }
    }
    if (ids.count == 0) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "user_id", who->user_id);
    sv_query_in(filter, "client_record_id", &ids);
    return sv_query_each(store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, sv_kept_row, &kept, error);
}

/* A conflict that is kept nowhere is none: the phone would take the record from its queue for nothing. */
static void
sv_unkept_is_error(sv_verdict_t *verdict)
{
    verdict->kind = SV_VERDICT_ERROR;
    verdict->retry = true;
    verdict->fault = (sv_record_fault_t){ "client_record_id", "conflict_not_kept",
                                          "The record is in conflict, which could not be kept; send it again" };
}

/* Lines of their items wait for a person now.  A failure is told by the conflict itself, which bars an approval. */
static void
sv_conflicts_touch(sv_store_t *store, const sv_verdict_t *verdicts, size_t count, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(error->arena, (count + 1) * sizeof(codes[0]));

    for (size_t from = 0, next; from < count; from = next) {
        const char *count_id = verdicts[from].count_id;
        size_t found = 0;

        for (next = from; next < count && verdicts[next].count_id == verdicts[from].count_id; next++) {
            if (verdicts[next].kind == SV_VERDICT_CONFLICT && verdicts[next].record->item_code != NULL) {
                codes[found++] = verdicts[next].record->item_code;
            }
        }
        if (count_id != NULL && found > 0 &&
            sv_touched_note(store, count_id, verdicts[from].warehouse, codes, found, error->arena, error) != SV_OK) {
            sv_log(SV_LOG_WARNING, "the totals of count %s were not told of its conflicts: %s", count_id,
                   error->cause != NULL ? error->cause : sv_status_code(error->status));
            sv_error_clear(error);
        }
    }
}

void
sv_conflicts_keep(sv_store_t *store, const sv_principal_t *who, sv_verdict_t *verdicts, size_t count, sv_arena_t *arena)
{
    bson_error_t reason;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_find_conflicts(store, who, verdicts, count, &error) != SV_OK) {
        sv_log(SV_LOG_WARNING, "kept conflicts could not be read: %s", error.cause);
    } else if (!sv_store_conflicts(store, who, verdicts, count, &reason)) {
        sv_log(SV_LOG_WARNING, "conflicts could not be kept: %s", reason.message);
    } else if (sv_find_conflicts(store, who, verdicts, count, &error) != SV_OK) {
        sv_log(SV_LOG_WARNING, "kept conflicts could not be read: %s", error.cause);
    }
    sv_error_clear(&error);
    sv_conflicts_touch(store, verdicts, count, &error);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].kind == SV_VERDICT_CONFLICT && verdicts[i].conflict_id == NULL) {
            sv_unkept_is_error(&verdicts[i]);
        }
    }
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

/* Whose conflicts a caller sees. */
static bson_t *
sv_conflicts_filter(const sv_principal_t *who, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    if (who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(filter, "user_id", who->user_id);
    }
    return filter;
}

sv_status_t
sv_conflicts_count_open(sv_store_t *store, const sv_principal_t *who, int64_t *count, sv_error_t *error)
{
    bson_t *filter = sv_conflicts_filter(who, error->arena);

    BSON_APPEND_UTF8(filter, "status", "open");
    return sv_store_count(store, SV_COLLECTION_SYNC_CONFLICTS, filter, count, error);
}

sv_status_t
sv_conflicts_list(sv_store_t *store, const sv_principal_t *who, sv_conflict_query_t *query, sv_json_writer_t *w,
                  sv_error_t *error)
{
    bson_t *filter = sv_conflicts_filter(who, error->arena), since;
    sv_conflict_view_t view;
    sv_page_rows_t rows;

    if (query->status != NULL) {
        BSON_APPEND_UTF8(filter, "status", query->status);
    }
    if (query->session_id != NULL) {
        sv_filter_session_or_count(filter, query->session_id);
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", query->warehouse);
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
    if (sv_page_read(store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, &query->page, &rows, error->arena, error) !=
            SV_OK ||
        sv_conflict_view(store, who, rows.rows, rows.count, &view, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < rows.count; i++) {
        sv_conflict_write_json(w, NULL, rows.rows[i], &view);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    sv_json_time(w, "next_since", rows.next_since_ms);
    sv_pagination_write(w, &query->page, rows.total);
    return SV_OK;
}
