#include "core/counts/standing.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/codec.h"
#include "core/base/log.h"
#include "core/counts/count_close.h"
#include "core/counts/period.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"

/* What a warehouse's standing counts are judged by. */
typedef struct {
    const char *warehouse;
    int64_t now_ms; /* the server's */
    sv_period_t period;
} sv_standing_now_t;

static sv_status_t
sv_standing_now(sv_store_t *store, const char *warehouse, sv_arena_t *arena, sv_standing_now_t *now, sv_error_t *error)
{
    const sv_time_zone_t *zone;
    sv_status_t status = sv_warehouse_zone(store, warehouse, arena, &zone, error);

    now->warehouse = warehouse;
    if (status == SV_OK) {
        status = sv_store_now(store, &now->now_ms, error);
    }
    if (status == SV_OK) {
        sv_period_of(store->settings, zone, now->now_ms, &now->period);
    }
    return status;
}

static bson_t *
sv_standing_open_filter(const char *warehouse, sv_arena_t *arena)
{
    return sv_doc_take(
        BCON_NEW("warehouse", BCON_UTF8(warehouse), "kind", BCON_UTF8("standing"), "status", BCON_UTF8("OPEN")), arena);
}

/* A name for the period's next count: the period's own, or with a number where a count had it before. */
static sv_status_t
sv_standing_name(sv_store_t *store, const sv_standing_now_t *now, sv_arena_t *arena, const char **name,
                 sv_error_t *error)
{
    const char *period = now->period.name;
    bson_t *filter =
        sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(now->warehouse), "kind", BCON_UTF8("standing"), "period", "{",
                             "$gte", BCON_UTF8(period), "$lt", BCON_UTF8(sv_arena_printf(arena, "%s/", period)), "}"),
                    arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "period", BCON_INT32(1), "}"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    int64_t count = 0;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_SESSIONS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        count++;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    *name = count == 0 ? period : sv_arena_printf(arena, "%s.%lld", period, (long long) count + 1);
    return status;
}

static bson_t *
sv_standing_insertion(const sv_standing_now_t *now, const char *period, bool rack_books, sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena), set;
    char id[SV_UUID_SIZE];

    sv_uuid_v4(id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &set);
    BSON_APPEND_UTF8(&set, "session_id", id);
    BSON_APPEND_UTF8(&set, "period", period);
    sv_doc_put_time(&set, "ends_at", now->period.ends_at_ms);
    BCON_APPEND(&set, "floor", BCON_NULL, "racks", BCON_NULL, "name", BCON_NULL, "blind", BCON_BOOL(false), "strict",
                BCON_BOOL(false), "opened_by", BCON_NULL, "staff_user", "[", "]", "started_at",
                BCON_DATE_TIME(now->now_ms), "reconciled_at", BCON_NULL, "closed_at", BCON_NULL, "book_state",
                BCON_UTF8("standing"), "book_items", BCON_INT64(0), "total_items", BCON_INT64(0), "damaged_items",
                BCON_INT64(0));
    BSON_APPEND_BOOL(&set, "rack_books", rack_books);
    bson_append_document_end(update, &set);
    return update;
}

static sv_status_t
sv_standing_make(sv_store_t *store, const sv_standing_now_t *now, sv_arena_t *arena, sv_error_t *error)
{
    const bson_t *document;
    const char *period;
    sv_warehouse_t warehouse;
    sv_status_t status = sv_standing_name(store, now, arena, &period, error);

    if (status == SV_OK) {
        status = sv_warehouse_read(store, now->warehouse, arena, &warehouse, error);
    }
    if (status == SV_OK) {
        status = sv_store_find_and_update(store, SV_COLLECTION_SESSIONS, sv_standing_open_filter(now->warehouse, arena),
                                          sv_standing_insertion(now, period, warehouse.rack_books, arena), true, true,
                                          arena, &document, error);
    }
    return status;
}

sv_status_t
sv_standing_ensure(sv_store_t *store, const char *warehouse, sv_error_t *error)
{
    enum { MAX_TRIES = 3 };
    sv_arena_t *arena = error->arena;
    sv_standing_now_t now;
    sv_status_t status = sv_standing_now(store, warehouse, arena, &now, error);

    for (int tries = 0; status == SV_OK && tries < MAX_TRIES; tries++) {
        const bson_t *document;
        sv_count_t count;

        status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, sv_standing_open_filter(warehouse, arena), NULL,
                                   arena, &document, error);
        if (status != SV_OK) {
            break;
        }
        if (document != NULL) {
            sv_count_read(document, arena, &count);
            if (sv_standing_is_current(&count, now.now_ms)) {
                return SV_OK;
            }
            status = sv_count_end_period(store, count.session_id, arena, error);
        }
        if (status == SV_OK) {
            status = sv_standing_make(store, &now, arena, error);
        }
        if (status == SV_OK) {
            return SV_OK;
        }
        if (status == SV_ERR_ALREADY_EXISTS) {
            /* Somebody else made it between the look and the write. */
            sv_error_clear(error);
            status = SV_OK;
        }
    }
    return status == SV_OK
               ? sv_fail_cause(error, SV_ERR_UNAVAILABLE, "the standing count of %s cannot be made", warehouse)
               : status;
}

/* The open standing counts, copies in the arena: one a warehouse. */
static sv_status_t
sv_standing_read_open(sv_store_t *store, sv_arena_t *arena, sv_count_t **counts, size_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", BCON_UTF8("OPEN"), "kind", BCON_UTF8("standing")), arena);
    size_t capacity = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_SESSIONS, filter, NULL, &cursor, error);

    *counts = NULL;
    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        *counts = sv_arena_grow(arena, *counts, *count, &capacity, sizeof(**counts));
        sv_count_read(sv_doc_copy(row, arena), arena, &(*counts)[*count]);
        *count += (*counts)[*count].session_id != NULL && (*counts)[*count].warehouse != NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* One that has no end, of before there were periods or of the setting `none`, ends with the period of now. */
static sv_status_t
sv_standing_adopt(sv_store_t *store, const sv_count_t *count, const sv_standing_now_t *now, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(count->session_id), "status", BCON_UTF8("OPEN"), "ends_at", BCON_NULL), arena);
    bson_t *update = sv_doc_new(arena), set;
    const char *period;
    sv_status_t status = sv_standing_name(store, now, arena, &period, error);

    if (status != SV_OK) {
        return status;
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "period", period);
    sv_doc_put_time(&set, "ends_at", now->period.ends_at_ms);
    bson_append_document_end(update, &set);
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static bool
sv_standing_has_period(const sv_count_t *count, const sv_standing_now_t *now)
{
    return sv_doc_has(count->document, "ends_at") ||
           (now->period.ends_at_ms == 0 && sv_doc_has(count->document, "period"));
}

sv_status_t
sv_standing_round(sv_store_t *store, int64_t *ended, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_count_t *counts;
    size_t count;
    sv_status_t status = sv_standing_read_open(store, arena, &counts, &count, error);

    *ended = 0;
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        sv_standing_now_t now;

        status = sv_standing_now(store, counts[i].warehouse, arena, &now, error);
        if (status != SV_OK) {
            break;
        }
        if (!sv_standing_is_current(&counts[i], now.now_ms)) {
            status = sv_count_end_period(store, counts[i].session_id, arena, error);
            *ended += status == SV_OK;
            sv_log(SV_LOG_NOTICE, "the period of standing count %s of warehouse %s is over", counts[i].session_id,
                   counts[i].warehouse);
        } else if (!sv_standing_has_period(&counts[i], &now)) {
            status = sv_standing_adopt(store, &counts[i], &now, arena, error);
        }
        if (status == SV_ERR_ALREADY_EXISTS) {
            sv_error_clear(error); /* another worker was faster */
            status = SV_OK;
        }
    }
    sv_arena_destroy(arena);
    return status;
}
