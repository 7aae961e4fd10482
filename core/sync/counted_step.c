#include "core/sync/counted_step.h"

#include "core/store/bulk.h"
#include "core/store/document.h"

enum { SV_RECORDS_A_CHUNK = 500 };

static bson_t *
sv_uncounted_filter(sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("counted_at", BCON_NULL), arena);
}

sv_status_t
sv_counted_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    const bson_t *record;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_VERIFICATION_RECORDS, sv_uncounted_filter(error->arena),
                                           NULL, error->arena, &record, error);

    *due = record != NULL;
    return status;
}

typedef struct {
    sv_migration_chunk_t *chunk;
    const bson_t *records[SV_RECORDS_A_CHUNK];
    size_t count;
} sv_uncounted_t;

static void
sv_uncounted_take(const bson_t *row, void *context)
{
    sv_uncounted_t *uncounted = context;

    uncounted->records[uncounted->count++] = sv_doc_copy(row, uncounted->chunk->arena);
}

/* A record that was edited meanwhile has its time. */
static sv_status_t
sv_uncounted_write(const sv_uncounted_t *uncounted, sv_error_t *error)
{
    sv_arena_t *arena = uncounted->chunk->arena;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, uncounted->chunk->store, SV_COLLECTION_VERIFICATION_RECORDS, arena);
    for (size_t i = 0; error->status == SV_OK && i < uncounted->count; i++) {
        int64_t stored_ms = sv_doc_time(uncounted->records[i], "changed_at");
        bson_t *filter = sv_uncounted_filter(arena);
        bson_t *update =
            sv_doc_take(BCON_NEW("$set", "{", "counted_at", BCON_DATE_TIME(stored_ms), "}"), arena);
        bson_iter_t id;

        if (bson_iter_init_find(&id, uncounted->records[i], "_id")) {
            bson_append_iter(filter, "_id", -1, &id);
            sv_bulk_update(&bulk, filter, update, false, error);
        }
    }
    if (error->status != SV_OK) {
        sv_bulk_discard(&bulk);
        return error->status;
    }
    return sv_bulk_run(&bulk, arena, &result, error);
}

sv_status_t
sv_counted_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    bson_t *filter = sv_uncounted_filter(chunk->arena), child;
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
                                           BCON_INT64(SV_RECORDS_A_CHUNK), "projection", "{", "changed_at",
                                           BCON_INT32(1), "}"),
                                  chunk->arena);
    sv_uncounted_t uncounted = { .chunk = chunk };
    bson_iter_t id;

    if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &child);
        bson_append_iter(&child, "$gt", -1, &id);
        bson_append_document_end(filter, &child);
    }
    if (sv_store_each(chunk->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_uncounted_take, &uncounted,
                      error) != SV_OK ||
        (!chunk->dry_run && sv_uncounted_write(&uncounted, error) != SV_OK)) {
        return error->status;
    }
    chunk->seen = chunk->changed = (int64_t) uncounted.count;
    if (uncounted.count == SV_RECORDS_A_CHUNK &&
        bson_iter_init_find(&id, uncounted.records[uncounted.count - 1], "_id")) {
        bson_append_iter(chunk->next, "id", -1, &id);
    }
    return SV_OK;
}
