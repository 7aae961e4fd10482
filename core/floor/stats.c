#include "core/floor/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "core/sync/counting.h"

/* Item codes, gathered with repeats and made a set afterwards. */
typedef struct {
    sv_arena_t *arena;
    const char **codes;
    size_t count, capacity;
} sv_code_set_t;

static void
sv_codes_add(sv_code_set_t *set, const char *code)
{
    if (code == NULL) {
        return;
    }
    set->codes = sv_arena_grow(set->arena, set->codes, set->count, &set->capacity, sizeof(*set->codes));
    set->codes[set->count++] = code;
}

static int
sv_compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int64_t
sv_codes_distinct(sv_code_set_t *set)
{
    size_t kept = 0;

    if (set->count == 0) {
        return 0;
    }
    qsort(set->codes, set->count, sizeof(*set->codes), sv_compare_codes);
    for (size_t i = 1; i < set->count; i++) {
        if (strcmp(set->codes[kept], set->codes[i]) != 0) {
            set->codes[++kept] = set->codes[i];
        }
    }
    set->count = kept + 1;
    return (int64_t) set->count;
}

static const char *
sv_record_item(const bson_t *record, sv_arena_t *arena)
{
    const char *code = sv_doc_text(record, "item_code", arena);
    const char *unknown;

    if (code != NULL) {
        return code;
    }
    /* Unknown items share no name with item codes: a control character keeps them apart. */
    unknown = sv_doc_text(record, "unknown_item_id", arena);
    return unknown != NULL ? sv_arena_printf(arena, "\x01%s", unknown) : NULL;
}

static sv_status_t
sv_stats_read_records(sv_store_t *store, const char *session_id, sv_code_set_t *counted, sv_code_set_t *damaged,
                      sv_error_t *error)
{
    sv_arena_t *arena = counted->arena;
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session_id)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "item_code", BCON_INT32(1),
                                           "unknown_item_id", BCON_INT32(1), "damage_qty", BCON_INT32(1),
                                           "non_returnable_damaged_qty", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    sv_counting_filter(filter);
    status = sv_store_find(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *code = sv_record_item(row, arena);

        sv_codes_add(counted, code);
        if (sv_doc_quantity(row, "damage_qty") > 0 || sv_doc_quantity(row, "non_returnable_damaged_qty") > 0) {
            sv_codes_add(damaged, code);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_stats_read_expected(sv_store_t *store, const char *rack_id, sv_code_set_t *expected, sv_error_t *error)
{
    sv_arena_t *arena = expected->arena;
    bson_t *filter =
        sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id), "deleted", "{", "$ne", BCON_BOOL(true), "}"), arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "item_code", BCON_INT32(1), "}"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_RACK_ITEMS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_codes_add(expected, sv_doc_text(row, "item_code", arena));
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_floor_session_stats(sv_store_t *store, const sv_floor_session_t *session, int64_t until_ms, sv_arena_t *arena,
                       sv_session_stats_t *stats, sv_error_t *error)
{
    sv_code_set_t counted = { .arena = arena }, damaged = { .arena = arena }, all = { .arena = arena };
    sv_status_t status = sv_stats_read_records(store, session->session_id, &counted, &damaged, error);

    if (status == SV_OK) {
        status = sv_stats_read_expected(store, session->rack_id, &all, error);
    }
    if (status != SV_OK) {
        return status;
    }
    stats->verified_items = sv_codes_distinct(&counted);
    stats->damage_items = sv_codes_distinct(&damaged);
    for (size_t i = 0; i < counted.count; i++) {
        sv_codes_add(&all, counted.codes[i]);
    }
    stats->total_items = sv_codes_distinct(&all);
    stats->pending_items = stats->total_items - stats->verified_items;
    stats->duration_seconds = until_ms > session->started_at_ms ? (until_ms - session->started_at_ms) / 1000 : 0;
    return SV_OK;
}

sv_status_t
sv_session_records_stored(sv_store_t *store, const char *session_id, int64_t enough, sv_arena_t *arena, int64_t *stored,
                          sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session_id)), arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(enough)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, &cursor, error);

    *stored = 0;
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        (*stored)++;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

double
sv_stats_items_per_minute(const sv_session_stats_t *stats)
{
    int64_t seconds = stats->duration_seconds > 0 ? stats->duration_seconds : 1;

    return round((double) stats->verified_items * 6000.0 / (double) seconds) / 100.0;
}

static const struct {
    const char *name;
    size_t offset;
} sv_stats_fields[] = {
    { "total_items", offsetof(sv_session_stats_t, total_items) },
    { "verified_items", offsetof(sv_session_stats_t, verified_items) },
    { "damage_items", offsetof(sv_session_stats_t, damage_items) },
    { "pending_items", offsetof(sv_session_stats_t, pending_items) },
    { "duration_seconds", offsetof(sv_session_stats_t, duration_seconds) },
};

enum { SV_STATS_FIELDS = sizeof(sv_stats_fields) / sizeof(sv_stats_fields[0]) };

bson_t *
sv_stats_to_bson(const sv_session_stats_t *stats, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);

    for (int i = 0; i < SV_STATS_FIELDS; i++) {
        int64_t value;

        memcpy(&value, (const char *) stats + sv_stats_fields[i].offset, sizeof(value));
        BSON_APPEND_INT64(document, sv_stats_fields[i].name, value);
    }
    return document;
}

void
sv_stats_read(const bson_t *document, sv_session_stats_t *stats)
{
    for (int i = 0; i < SV_STATS_FIELDS; i++) {
        int64_t value = sv_doc_int(document, sv_stats_fields[i].name);

        memcpy((char *) stats + sv_stats_fields[i].offset, &value, sizeof(value));
    }
}

void
sv_stats_write_members(sv_json_writer_t *w, const sv_session_stats_t *stats)
{
    for (int i = 0; i < SV_STATS_FIELDS; i++) {
        int64_t value;

        memcpy(&value, (const char *) stats + sv_stats_fields[i].offset, sizeof(value));
        sv_json_int(w, sv_stats_fields[i].name, value);
    }
    sv_json_double(w, "items_per_minute", sv_stats_items_per_minute(stats));
}

void
sv_floor_stats_write_json(sv_json_writer_t *w, const sv_floor_session_t *session, const sv_session_stats_t *stats)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "kind", "floor");
    sv_json_text(w, "rack_id", session->rack_id);
    sv_json_text(w, "status", sv_session_status_name(session->status));
    sv_stats_write_members(w, stats);
    sv_json_end(w);
}
