#include "core/serials/serial_life.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "core/sync/blind.h"
#include "core/sync/query.h"
#include "core/sync/record.h"
#include "core/base/text_map.h"
#include "core/sync/serial_fold.h"

typedef struct {
    const bson_t **rows;
    size_t count, room;
    sv_arena_t *arena;
} sv_life_rows_t;

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    sv_arena_t *arena;
    const char *asked;
    sv_life_rows_t serials; /* its documents: one, or one an item */
    sv_life_rows_t places;  /* that it left */
    sv_life_rows_t conflicts;
    sv_text_map_t blind; /* counts of which others' places are not told */
} sv_life_t;

static void
sv_life_row(const bson_t *row, void *context)
{
    sv_life_rows_t *rows = context;

    rows->rows = sv_arena_grow(rows->arena, rows->rows, rows->count, &rows->room, sizeof(*rows->rows));
    rows->rows[rows->count++] = row;
}

/* Those of an earlier version have no key: they are found as they are spelt. */
static sv_status_t
sv_life_read_serials(sv_life_t *life, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(life->arena);

    BSON_APPEND_UTF8(filter, "serial_key", sv_serial_fold(life->asked, life->arena));
    if (sv_query_each(life->store, SV_COLLECTION_ITEM_SERIALS, filter, NULL, sv_life_row, &life->serials, error) !=
        SV_OK) {
        return error->status;
    }
    filter = sv_doc_take(BCON_NEW("serial_number", BCON_UTF8(life->asked), "serial_key", BCON_NULL), life->arena);
    if (sv_query_each(life->store, SV_COLLECTION_ITEM_SERIALS, filter, NULL, sv_life_row, &life->serials, error) !=
        SV_OK) {
        return error->status;
    }
    return life->serials.count > 0
               ? SV_OK
               : sv_fail(error, SV_ERR_NOT_FOUND, "Nobody has counted the serial number %s", life->asked);
}

static int
sv_life_by_n(const void *a, const void *b)
{
    int64_t left = sv_doc_int(*(const bson_t *const *) a, "n"), right = sv_doc_int(*(const bson_t *const *) b, "n");

    return left < right ? -1 : left > right;
}

/* The spellings under which its places and conflicts are kept. */
static sv_status_t
sv_life_read_rest(sv_life_t *life, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(life->arena);
    sv_query_texts_t numbers;

    sv_query_texts_init(&numbers, life->arena);
    for (size_t i = 0; i < life->serials.count; i++) {
        sv_query_texts_add(&numbers, sv_doc_text(life->serials.rows[i], "serial_number", life->arena));
    }
    sv_query_in(filter, "serial_number", &numbers);
    if (sv_query_each(life->store, SV_COLLECTION_SERIAL_HISTORY, filter, NULL, sv_life_row, &life->places, error) !=
        SV_OK) {
        return error->status;
    }
    if (life->places.count > 0) {
        qsort(life->places.rows, life->places.count, sizeof(*life->places.rows), sv_life_by_n);
    }
    filter = sv_doc_new(life->arena);
    BSON_APPEND_UTF8(filter, "type", "duplicate_serial");
    sv_query_texts_add(&numbers, life->asked);
    sv_query_in(filter, "server.serial_number", &numbers);
    if (life->who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(filter, "user_id", life->who->user_id);
    }
    return sv_query_each(life->store, SV_COLLECTION_SYNC_CONFLICTS, filter, NULL, sv_life_row, &life->conflicts, error);
}

/* ---- what staff are not told */

static sv_status_t
sv_life_read_blind(sv_life_t *life, sv_error_t *error)
{
    sv_query_texts_t ids;

    sv_text_map_init(&life->blind, life->arena, 0);
    if (life->who->role >= SV_ROLE_SUPERVISOR) {
        return SV_OK;
    }
    sv_query_texts_init(&ids, life->arena);
    for (size_t i = 0; i < life->serials.count; i++) {
        sv_query_texts_add(&ids, sv_doc_text(life->serials.rows[i], "current.count_id", life->arena));
    }
    for (size_t i = 0; i < life->places.count; i++) {
        sv_query_texts_add(&ids, sv_doc_text(life->places.rows[i], "count_id", life->arena));
    }
    return sv_blind_counts(life->store, life->who, &ids, &life->blind, error);
}

/* ---- telling it */

static void
sv_life_write_place(const sv_life_t *life, const char *name, int64_t n, const bson_t *place, sv_json_writer_t *w)
{
    static const char *const members[] = { "count_id",  "rack_id",   "session_id",       "user_id",
                                           "full_name", "item_code", "client_record_id", NULL };
    const char *count_id = sv_doc_text(place, "count_id", life->arena);
    const char *user_id = sv_doc_text(place, "user_id", life->arena);
    bool hidden = count_id != NULL && sv_text_map_get(&life->blind, count_id) != NULL &&
                  (user_id == NULL || strcmp(user_id, life->who->user_id) != 0);

    sv_json_object(w, name);
    sv_json_int(w, "n", n);
    sv_json_bool(w, "hidden", hidden);
    for (size_t i = 0; !hidden && members[i] != NULL; i++) {
        if (sv_doc_has(place, members[i])) {
            sv_json_text(w, members[i], sv_doc_text(place, members[i], life->arena));
        }
    }
    if (!hidden) {
        sv_json_time(w, "at", sv_doc_time(place, "at"));
    }
    sv_json_end(w);
}

/* The first of the places, which lie in their order, that is an nth. */
static size_t
sv_life_first(const sv_life_rows_t *places, int64_t n)
{
    size_t low = 0, high = places->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sv_doc_int(places->rows[middle], "n") < n) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The place a serial number of an item left as its nth; NULL: of another item's. */
static const bson_t *
sv_life_place(const sv_life_t *life, const bson_t *serial, int64_t n)
{
    const char *number = sv_doc_text(serial, "serial_number", life->arena);
    const char *scope = sv_doc_text(serial, "item_scope", life->arena);
    const bson_t *other = NULL;

    for (size_t i = sv_life_first(&life->places, n); i < life->places.count; i++) {
        const bson_t *place = life->places.rows[i];
        const char *item_code = sv_doc_text(place, "item_code", life->arena);

        if (sv_doc_int(place, "n") != n) {
            break;
        }
        if (strcmp(sv_doc_text(place, "serial_number", life->arena), number) != 0) {
            continue;
        }
        if (scope == NULL || scope[0] == '\0' || (item_code != NULL && strcmp(item_code, scope) == 0)) {
            return place;
        }
        other = life->serials.count == 1 ? place : other;
    }
    return other;
}

static void
sv_life_write_serial(const sv_life_t *life, const bson_t *serial, sv_json_writer_t *w)
{
    const bson_t *current = sv_doc_child(serial, "current", life->arena), *place;
    int64_t moves = sv_doc_int(serial, "moves");

    sv_json_object(w, NULL);
    sv_json_text(w, "serial_number", sv_doc_text(serial, "serial_number", life->arena));
    sv_json_text(w, "item_code", sv_doc_text(serial, "item_code", life->arena));
    if (current != NULL && sv_doc_has(serial, "current")) {
        sv_life_write_place(life, "current", moves + 1, current, w);
    } else {
        sv_json_null(w, "current");
    }
    sv_json_array(w, "places");
    for (int64_t n = 1; n <= moves; n++) {
        place = sv_life_place(life, serial, n);
        if (place != NULL) {
            sv_life_write_place(life, NULL, n, place, w);
        }
    }
    sv_json_end(w);
    sv_json_end(w);
}

static void
sv_life_write_conflict(const sv_life_t *life, const bson_t *conflict, sv_json_writer_t *w)
{
    static const char *const members[] = { "conflict_id", "status",  "resolution", "count_id",
                                           "rack_id",     "user_id", "item_code",  "client_record_id" };

    sv_json_object(w, NULL);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        sv_json_text(w, members[i], sv_doc_text(conflict, members[i], life->arena));
    }
    sv_json_time(w, "created_at", sv_doc_time(conflict, "created_at"));
    sv_json_end(w);
}

sv_status_t
sv_serial_life_write(sv_store_t *store, const sv_principal_t *who, const char *serial_number, sv_json_writer_t *w,
                     sv_error_t *error)
{
    sv_life_t life = { .store = store, .who = who, .arena = error->arena, .asked = serial_number };

    life.serials.arena = life.places.arena = life.conflicts.arena = error->arena;
    if (sv_life_read_serials(&life, error) != SV_OK || sv_life_read_rest(&life, error) != SV_OK ||
        sv_life_read_blind(&life, error) != SV_OK) {
        return error->status;
    }
    sv_json_object(w, NULL);
    sv_json_text(w, "serial_number", serial_number);
    sv_json_array(w, "items");
    for (size_t i = 0; i < life.serials.count; i++) {
        sv_life_write_serial(&life, life.serials.rows[i], w);
    }
    sv_json_end(w);
    sv_json_array(w, "conflicts");
    for (size_t i = 0; i < life.conflicts.count; i++) {
        sv_life_write_conflict(&life, life.conflicts.rows[i], w);
    }
    sv_json_end(w);
    sv_json_end(w);
    return SV_OK;
}
