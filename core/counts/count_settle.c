#include "core/counts/count_settle.h"

#include <string.h>

#include "core/counts/rack_states.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_SETTLE_CHUNK = 100 };

typedef struct {
    const char *count_id;
    const char *status; /* the count's */
    bool over;
    sv_arena_t *arena;
    const char *ids[SV_SETTLE_CHUNK]; /* of the chunk */
    size_t id_count;
    int64_t told;
    bool overtaken;           /* it has gone another step: that one is told instead */
    sv_floor_session_t *live; /* interrupted by the last run of its transaction */
    size_t live_count;
} sv_settle_work_t;

/* Floor sessions that take the count for something else. */
static bson_t *
sv_settle_filter(const sv_settle_work_t *work)
{
    return sv_doc_take(
        BCON_NEW("count_id", BCON_UTF8(work->count_id), "count_state", "{", "$ne", BCON_UTF8(work->status), "}"),
        work->arena);
}

/* A changing write: the count may be taken back from its approval, and who tells its sessions of that must not be
 * overtaken by who still tells them of the approval. */
static sv_status_t
sv_settle_hold_count(sv_store_t *store, sv_settle_work_t *work, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->count_id), "status", BCON_UTF8(work->status)), work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$inc", "{", "settled", BCON_INT64(1), "}"), work->arena);
    int64_t matched = 0;
    sv_status_t status = sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, &matched, error);

    work->overtaken = status == SV_OK && matched == 0;
    return status;
}

static sv_status_t
sv_settle_read_chunk(sv_store_t *store, sv_settle_work_t *work, sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("limit", BCON_INT64(SV_SETTLE_CHUNK), "projection", "{", "session_id", BCON_INT32(1), "}"),
                    work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status =
        sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, sv_settle_filter(work), options, &cursor, error);

    work->id_count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (work->id_count < SV_SETTLE_CHUNK && mongoc_cursor_next(cursor, &row)) {
        work->ids[work->id_count] = sv_doc_text(row, "session_id", work->arena);
        work->id_count += work->ids[work->id_count] != NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_settle_read_live(sv_store_t *store, sv_settle_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    sv_filter_in(filter, "session_id", work->ids, work->id_count);
    BCON_APPEND(filter, "status", "{", "$in", "[", BCON_UTF8("active"), BCON_UTF8("paused"), "]", "}", "superseded",
                BCON_BOOL(false));
    work->live = sv_arena_alloc(work->arena, (work->id_count + 1) * sizeof(*work->live));
    work->live_count = 0;
    status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (work->live_count < work->id_count && mongoc_cursor_next(cursor, &row)) {
        sv_floor_session_t *session = &work->live[work->live_count++];

        sv_floor_session_read(sv_doc_copy(row, work->arena), work->arena, session);
        session->status = SV_SESSION_INTERRUPTED;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_settle_interrupt(sv_store_t *store, const sv_settle_work_t *work, sv_error_t *error)
{
    const char *ids[SV_SETTLE_CHUNK];
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *sessions = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("interrupted"), "}", "$currentDate", "{",
                                            "interrupted_at", BCON_BOOL(true), "}"),
                                   work->arena);
    bson_t *racks = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("available"), "hold_ms", BCON_INT64(0), "}",
                                         "$currentDate", "{", "updated_at", BCON_BOOL(true), "}"),
                                work->arena);
    sv_status_t status;

    for (size_t i = 0; i < work->live_count; i++) {
        ids[i] = work->live[i].session_id;
    }
    sv_filter_in(filter, "session_id", ids, work->live_count);
    status = sv_store_update_many(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, sessions, NULL, error);
    return status == SV_OK ? sv_store_update_many(store, SV_COLLECTION_RACK_REGISTRY, filter, racks, NULL, error)
                           : status;
}

/* The changing write comes first: floor sessions sync while this runs, and the sooner they are written, the fewer have
 * moved on since the snapshot. */
static sv_status_t
sv_settle_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_settle_work_t *work = context;
    bson_t *filter = sv_settle_filter(work);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "count_state", BCON_UTF8(work->status), "}", "$inc", "{", "writes", BCON_INT64(1), "}"),
        work->arena);
    sv_status_t status;

    sv_filter_in(filter, "session_id", work->ids, work->id_count);
    work->live_count = 0;
    work->told = 0;
    status = sv_settle_hold_count(store, work, error);
    if (status != SV_OK || work->overtaken) {
        return status;
    }
    status = sv_store_update_many(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, &work->told, error);
    if (status == SV_OK && work->over) {
        status = sv_settle_read_live(store, work, error);
    }
    if (status == SV_OK && work->live_count > 0) {
        status = sv_settle_interrupt(store, work, error);
    }
    return status;
}

static void
sv_settled_add(sv_count_settled_t *settled, const sv_settle_work_t *work)
{
    for (size_t i = 0; i < work->live_count; i++) {
        settled->interrupted = sv_arena_grow(work->arena, settled->interrupted, settled->interrupted_count,
                                             &settled->capacity, sizeof(*settled->interrupted));
        settled->interrupted[settled->interrupted_count++] = work->live[i];
    }
    settled->told += work->told;
}

static sv_status_t
sv_settle_end(sv_store_t *store, const sv_settle_work_t *work, sv_error_t *error)
{
    /* Not when it has gone another step on: that one is still to be settled. */
    bson_t *filter =
        sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->count_id), "status", BCON_UTF8(work->status)), work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$unset", "{", "settling", "", "}"), work->arena);

    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

sv_status_t
sv_count_settle(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_count_settled_t *settled,
                sv_error_t *error)
{
    sv_settle_work_t *work = sv_arena_zalloc(arena, sizeof(*work));
    int64_t changed;
    sv_count_t count;
    sv_status_t status = sv_count_find(store, count_id, arena, &count, error);

    memset(settled, 0, sizeof(*settled));
    if (status != SV_OK || sv_count_is_open(&count)) {
        return status;
    }
    work->count_id = count_id;
    work->status = count.status;
    work->over = sv_count_is_over(count.status);
    work->arena = arena;
    do {
        status = sv_settle_read_chunk(store, work, error);
        if (status == SV_OK && work->id_count > 0) {
            status = sv_transaction_run(store, sv_settle_body, work, error);
            if (status == SV_OK) {
                sv_settled_add(settled, work);
            }
        }
    } while (status == SV_OK && work->id_count > 0 && !work->overtaken);
    if (status == SV_OK && !work->overtaken) {
        status = sv_rack_states_follow(store, count.warehouse, &changed, error);
    }
    return status == SV_OK ? sv_settle_end(store, work, error) : status;
}

sv_status_t
sv_count_settling_next(sv_store_t *store, const char **count_id, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("settling", BCON_BOOL(true), "session_id", "{", "$gt", BCON_UTF8(*count_id), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "session_id", BCON_INT32(1), "}", "limit", BCON_INT64(1),
                                           "projection", "{", "session_id", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_SESSIONS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    *count_id = mongoc_cursor_next(cursor, &row) ? sv_doc_text(row, "session_id", arena) : NULL;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}
