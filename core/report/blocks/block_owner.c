#include "core/report/blocks/block_owner.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_OWNERS_ROUND = 200, SV_OWNER_FORGET_MS = 3600000 };

static bson_t *
sv_owner_filter(const sv_block_place_t *place, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("owner", BCON_UTF8(place->owner)), arena);
}

/* An upsert: the server's clock writes the time, and an owner is noted once. */
static sv_status_t
sv_owner_put(sv_store_t *store, const sv_block_place_t *place, const sv_job_claim_t *claim, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena);
    const bson_t *noted;
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "collection", sv_collection_name(place->collection));
    BSON_APPEND_UTF8(&set, "owner_field", place->owner_field);
    sv_doc_put_text(&set, "job_id", claim != NULL ? claim->job_id : NULL);
    BSON_APPEND_INT64(&set, "attempt", claim != NULL ? claim->attempt : 0);
    BSON_APPEND_NULL(&set, "dead_at");
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "at", BCON_BOOL(true), "}");
    return sv_store_find_and_update(store, SV_COLLECTION_REPORT_BLOCK_OWNERS, sv_owner_filter(place, error->arena),
                                    update, true, true, error->arena, &noted, error);
}

sv_status_t
sv_block_owner_note(sv_store_t *store, const sv_block_place_t *place, const sv_job_claim_t *claim, sv_error_t *error)
{
    return sv_owner_put(store, place, claim, error);
}

sv_status_t
sv_block_owner_abandon(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error)
{
    return sv_owner_put(store, place, NULL, error);
}

sv_status_t
sv_block_owner_settle(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error)
{
    return sv_store_delete_many(store, SV_COLLECTION_REPORT_BLOCK_OWNERS, sv_owner_filter(place, error->arena), NULL,
                                error);
}

sv_status_t
sv_block_owner_is_noted(sv_store_t *store, const sv_block_place_t *place, bool *noted, sv_error_t *error)
{
    const bson_t *note = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_REPORT_BLOCK_OWNERS,
                                           sv_owner_filter(place, error->arena), NULL, error->arena, &note, error);

    *noted = note != NULL;
    return status;
}

/* ---- the round */

static bool
sv_owner_place(const bson_t *noted, sv_block_place_t *place, sv_arena_t *arena)
{
    const char *collection = sv_doc_text(noted, "collection", arena);

    place->owner = sv_doc_text(noted, "owner", arena);
    place->owner_field = sv_doc_text(noted, "owner_field", arena);
    for (int i = 0; collection != NULL && i < SV_COLLECTION_COUNT; i++) {
        if (strcmp(sv_collection_name((sv_collection_t) i), collection) == 0) {
            place->collection = (sv_collection_t) i;
            return place->owner != NULL && place->owner_field != NULL;
        }
    }
    return false;
}

static sv_status_t
sv_owner_lives(sv_store_t *store, const bson_t *noted, bool *lives, sv_arena_t *arena, sv_error_t *error)
{
    const char *job_id = sv_doc_text(noted, "job_id", arena);
    const bson_t *job = NULL;
    bson_t *filter;
    sv_status_t status;

    *lives = false;
    if (job_id == NULL) {
        return SV_OK;
    }
    filter = sv_doc_take(
        BCON_NEW("job_id", BCON_UTF8(job_id), "attempt", BCON_INT64(sv_doc_int(noted, "attempt")), "status", "running"),
        arena);
    status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, &job, error);
    *lives = job != NULL;
    return status;
}

/* Marks it as seen dead.  A head may have been published since the owner was read: then it is struck off, and nothing
 * is marked.  Once it is marked, none can be: an attempt that is over publishes no more. */
static sv_status_t
sv_owner_mark(sv_store_t *store, const bson_t *noted, const sv_block_place_t *place, bool *marked, sv_error_t *error)
{
    bson_t *filter = sv_owner_filter(place, error->arena);
    int64_t matched = 0;
    sv_status_t status;

    if (sv_doc_has(noted, "dead_at")) {
        *marked = true;
        return SV_OK;
    }
    BSON_APPEND_NULL(filter, "dead_at");
    status = sv_store_update_one(
        store, SV_COLLECTION_REPORT_BLOCK_OWNERS, filter,
        sv_doc_take(BCON_NEW("$currentDate", "{", "dead_at", BCON_BOOL(true), "}"), error->arena), &matched, error);
    *marked = status == SV_OK && matched == 1;
    return status;
}

static sv_status_t
sv_owner_clear(sv_store_t *store, const bson_t *noted, int64_t *removed, sv_arena_t *arena, sv_error_t *error)
{
    sv_block_place_t place = { 0 };
    bool lives = false, marked = false;
    sv_status_t status;

    if (!sv_owner_place(noted, &place, arena)) {
        return SV_OK; /* of another release */
    }
    status = sv_owner_lives(store, noted, &lives, arena, error);
    if (status == SV_OK && !lives) {
        status = sv_owner_mark(store, noted, &place, &marked, error);
    }
    if (status != SV_OK || !marked) {
        return status;
    }
    status = sv_blocks_remove(store, &place, error);
    if (status == SV_OK && sv_doc_has(noted, "dead_at")) {
        status = sv_block_owner_settle(store, &place, error);
    }
    *removed += status == SV_OK;
    return status;
}

/* Those not seen dead yet, and those seen dead an hour ago. */
static bson_t *
sv_owners_due(const char *job_id, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena), *long_dead = sv_doc_new(arena);

    if (job_id != NULL) {
        BSON_APPEND_UTF8(filter, "job_id", job_id);
    }
    sv_filter_past(long_dead, "$dead_at", NULL, SV_OWNER_FORGET_MS);
    BCON_APPEND(filter, "$or", "[", "{", "dead_at", BCON_NULL, "}", BCON_DOCUMENT(long_dead), "]");
    return filter;
}

sv_status_t
sv_block_owners_round(sv_store_t *store, const char *job_id, int64_t *removed, sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "at", BCON_INT32(1), "}", "limit", BCON_INT64(SV_OWNERS_ROUND)),
                                  error->arena);
    const bson_t *noted[SV_OWNERS_ROUND], *row;
    size_t count = 0;
    mongoc_cursor_t *cursor;
    sv_status_t status;

    *removed = 0;
    status = sv_store_find(store, SV_COLLECTION_REPORT_BLOCK_OWNERS, sv_owners_due(job_id, error->arena), options,
                           &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (count < SV_OWNERS_ROUND && mongoc_cursor_next(cursor, &row)) {
        noted[count++] = sv_doc_copy(row, error->arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        status = sv_owner_clear(store, noted[i], removed, error->arena, error);
    }
    return status;
}
