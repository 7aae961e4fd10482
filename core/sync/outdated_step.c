#include "core/sync/outdated_step.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/counts/touched.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"
#include "core/sync/conflict.h"

enum { SV_CONFLICTS_A_CHUNK = 100 };

typedef struct {
    const bson_t *conflict;
    const char *record_id;
} sv_stale_conflict_t;

typedef struct {
    sv_migration_chunk_t *chunk;
    sv_stale_conflict_t conflicts[SV_CONFLICTS_A_CHUNK];
    size_t count;
    sv_text_map_t records; /* client_record_id -> its document */
} sv_stale_work_t;

static bson_t *
sv_stale_filter(sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("status", "open", "type", BCON_UTF8(sv_conflict_type_name(SV_CONFLICT_STALE_UPDATE)),
                                "outdated", "{", "$exists", BCON_BOOL(false), "}"),
                       arena);
}

sv_status_t
sv_outdated_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    const bson_t *conflict;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SYNC_CONFLICTS, sv_stale_filter(error->arena), NULL,
                                           error->arena, &conflict, error);

    *due = conflict != NULL;
    return status;
}

static void
sv_stale_take_conflict(const bson_t *row, void *context)
{
    sv_stale_work_t *work = context;
    const bson_t *conflict = sv_doc_copy(row, work->chunk->arena);

    work->conflicts[work->count++] =
        (sv_stale_conflict_t){ .conflict = conflict,
                               .record_id = sv_doc_text(conflict, "client_record_id", work->chunk->arena) };
}

static void
sv_stale_take_record(const bson_t *row, void *context)
{
    sv_stale_work_t *work = context;
    const char *id = sv_doc_text(row, "client_record_id", work->chunk->arena);

    if (id != NULL) {
        *sv_text_map_put(&work->records, id) = sv_doc_copy(row, work->chunk->arena);
    }
}

static sv_status_t
sv_stale_read_records(sv_store_t *store, sv_stale_work_t *work, sv_error_t *error)
{
    sv_arena_t *arena = work->chunk->arena;
    const char *ids[SV_CONFLICTS_A_CHUNK];
    bson_t *filter = sv_doc_new(arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "client_record_id", BCON_INT32(1), "order", BCON_INT32(1), "}"), arena);
    size_t count = 0;

    sv_text_map_init(&work->records, arena, work->count);
    for (size_t i = 0; i < work->count; i++) {
        if (work->conflicts[i].record_id != NULL) {
            ids[count++] = work->conflicts[i].record_id;
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    sv_filter_in(filter, "client_record_id", ids, count);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_stale_take_record, work, error);
}

static bool
sv_stale_is_outdated(const sv_stale_work_t *work, const sv_stale_conflict_t *stale)
{
    const bson_t *record = stale->record_id != NULL ? sv_text_map_get(&work->records, stale->record_id) : NULL;

    return record != NULL && sv_doc_int(stale->conflict, "revision") < sv_doc_int(record, "order");
}

/* Its line says how many conflicts wait: derived anew. */
static sv_status_t
sv_stale_touch(sv_store_t *store, const sv_stale_work_t *work, const sv_stale_conflict_t *stale, sv_error_t *error)
{
    sv_arena_t *arena = work->chunk->arena;
    const char *count_id = sv_doc_text(stale->conflict, "count_id", arena);
    const char *code = sv_doc_text(stale->conflict, "item_code", arena);

    return count_id == NULL || code == NULL
               ? SV_OK
               : sv_touched_note(store, count_id, sv_doc_text(stale->conflict, "warehouse", arena), &code, 1, arena,
                                 error);
}

/* Marks and lines in one transaction, with the records as they are in it: an edit that comes meanwhile settles its own
 * conflicts. */
static sv_status_t
sv_stale_mark(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_stale_work_t *work = context;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    if (sv_stale_read_records(store, work, error) != SV_OK) {
        return error->status;
    }
    sv_bulk_begin(&bulk, store, SV_COLLECTION_SYNC_CONFLICTS, work->chunk->arena);
    for (size_t i = 0; error->status == SV_OK && i < work->count; i++) {
        const sv_stale_conflict_t *stale = &work->conflicts[i];
        bool outdated = sv_stale_is_outdated(work, stale);
        bson_t *filter = sv_doc_new(work->chunk->arena);
        bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "outdated", BCON_BOOL(outdated), "}"), work->chunk->arena);
        bson_iter_t id;

        if (!bson_iter_init_find(&id, stale->conflict, "_id")) {
            continue;
        }
        bson_append_iter(filter, "_id", -1, &id);
        if (sv_bulk_update(&bulk, filter, update, false, error) == SV_OK && outdated) {
            sv_stale_touch(store, work, stale, error);
        }
    }
    if (error->status != SV_OK) {
        sv_bulk_discard(&bulk);
        return error->status;
    }
    return sv_bulk_run(&bulk, work->chunk->arena, &result, error);
}

sv_status_t
sv_outdated_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    bson_t *filter = sv_stale_filter(chunk->arena), child;
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(SV_CONFLICTS_A_CHUNK)), chunk->arena);
    sv_stale_work_t work = { .chunk = chunk };
    bson_iter_t id;

    if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &child);
        bson_append_iter(&child, "$gt", -1, &id);
        bson_append_document_end(filter, &child);
    }
    if (sv_store_each(chunk->store, SV_COLLECTION_SYNC_CONFLICTS, filter, options, sv_stale_take_conflict, &work,
                      error) != SV_OK) {
        return error->status;
    }
    if (work.count > 0 && (chunk->dry_run ? sv_stale_read_records(chunk->store, &work, error)
                                          : sv_transaction_run(chunk->store, sv_stale_mark, &work, error)) != SV_OK) {
        return error->status;
    }
    chunk->seen = (int64_t) work.count;
    for (size_t i = 0; i < work.count; i++) {
        chunk->changed += sv_stale_is_outdated(&work, &work.conflicts[i]);
    }
    if (work.count == SV_CONFLICTS_A_CHUNK &&
        bson_iter_init_find(&id, work.conflicts[work.count - 1].conflict, "_id")) {
        bson_append_iter(chunk->next, "id", -1, &id);
    }
    return SV_OK;
}
