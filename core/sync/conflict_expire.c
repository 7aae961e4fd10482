#include "core/sync/conflict_expire.h"

#include "core/counts/count.h"
#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_EXPIRE_CHUNK = 500 };

static bson_t *
sv_expire_filter(const char *status, int64_t before_ms, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("status", BCON_UTF8(status), "updated_at", "{", "$lt", BCON_DATE_TIME(before_ms), "}"),
                       arena);
}

/* Removes what the filter finds, a chunk at a time: a backlog of years is no single statement. */
static sv_status_t
sv_expire_all(sv_store_t *store, const bson_t *filter, int64_t *removed, sv_error_t *error)
{
    int64_t deleted;
    size_t count;
    sv_status_t status;

    do {
        sv_arena_t *arena = sv_arena_create();
        bson_t *options = sv_doc_take(
            BCON_NEW("limit", BCON_INT64(SV_EXPIRE_CHUNK), "projection", "{", "conflict_id", BCON_INT32(1), "}"),
            arena);
        const char *ids[SV_EXPIRE_CHUNK];
        mongoc_cursor_t *cursor;
        const bson_t *row;

        count = 0;
        deleted = 0;
        status = sv_store_find(store, SV_COLLECTION_SYNC_CONFLICTS, filter, options, &cursor, error);
        if (status == SV_OK) {
            while (count < SV_EXPIRE_CHUNK && mongoc_cursor_next(cursor, &row)) {
                ids[count] = sv_doc_text(row, "conflict_id", arena);
                count += ids[count] != NULL;
            }
            status = sv_store_cursor_end(store, cursor, error);
            mongoc_cursor_destroy(cursor);
        }
        if (status == SV_OK && count > 0) {
            bson_t *chosen = sv_doc_copy(filter, arena); /* one that was met again meanwhile stays */

            sv_filter_in(chosen, "conflict_id", ids, count);
            status = sv_store_delete_many(store, SV_COLLECTION_SYNC_CONFLICTS, chosen, &deleted, error);
            *removed += deleted;
        }
        sv_arena_destroy(arena);
    } while (status == SV_OK && count > 0 && deleted > 0);
    return status;
}

/* The next count after `*count_id` that has old open conflicts; NULL: there is none. */
static sv_status_t
sv_expire_next_count(sv_store_t *store, const char **count_id, int64_t before_ms, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_expire_filter("open", before_ms, arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "count_id", BCON_INT32(1), "}", "limit", BCON_INT64(1),
                                           "projection", "{", "count_id", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    BCON_APPEND(filter, "count_id", "{", "$gt", BCON_UTF8(*count_id), "}");
    status = sv_store_find(store, SV_COLLECTION_SYNC_CONFLICTS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    *count_id = mongoc_cursor_next(cursor, &row) ? sv_doc_text(row, "count_id", arena) : NULL;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_expire_of_closed(sv_store_t *store, int64_t before_ms, int64_t *removed, sv_arena_t *arena, sv_error_t *error)
{
    const char *count_id = "";
    sv_status_t status = sv_expire_next_count(store, &count_id, before_ms, arena, error);

    while (status == SV_OK && count_id != NULL) {
        sv_count_t count;

        status = sv_count_find(store, count_id, arena, &count, error);
        if (status == SV_OK && sv_count_is_over(count.status)) {
            bson_t *filter = sv_expire_filter("open", before_ms, arena);

            BSON_APPEND_UTF8(filter, "count_id", count_id);
            status = sv_expire_all(store, filter, removed, error);
        } else if (status == SV_ERR_NOT_FOUND) {
            sv_error_clear(error);
            status = SV_OK;
        }
        if (status == SV_OK) {
            status = sv_expire_next_count(store, &count_id, before_ms, arena, error);
        }
    }
    return status;
}

sv_status_t
sv_conflicts_expire(sv_store_t *store, int64_t *removed, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    int64_t now_ms = 0, before_ms;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    *removed = 0;
    before_ms = now_ms - store->settings->conflict_retention * 86400000;
    if (status == SV_OK) {
        status = sv_expire_all(store, sv_expire_filter("resolved", before_ms, arena), removed, error);
    }
    if (status == SV_OK) {
        status = sv_expire_of_closed(store, before_ms, removed, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}
