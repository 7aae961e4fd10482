#include "core/floor/rack_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text_map.h"
#include "core/counts/assignments.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/warehouse/warehouse.h"

bool
sv_rack_is_held(const sv_rack_t *rack, int64_t now_ms)
{
    return rack->session_id != NULL && rack->held_at_ms + rack->hold_ms > now_ms;
}

static void
sv_put_not_deleted(bson_t *filter)
{
    BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
}

void
sv_rack_filter_put_place(bson_t *filter, const sv_rack_filter_t *wanted)
{
    if (wanted->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", wanted->warehouse);
    }
    if (wanted->floor != NULL) {
        BSON_APPEND_UTF8(filter, "floor", wanted->floor);
    }
    if (wanted->zone != NULL) {
        BSON_APPEND_UTF8(filter, "zone", wanted->zone);
    }
    sv_put_not_deleted(filter);
}

static bson_t *
sv_available_filter(const sv_rack_filter_t *wanted, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t choices, choice;

    sv_rack_filter_put_place(filter, wanted);
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &choices);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "0", &choice);
    BSON_APPEND_UTF8(&choice, "status", "available");
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "1", &choice);
    BCON_APPEND(&choice, "status", "{", "$in", "[", BCON_UTF8("claimed"), BCON_UTF8("paused"), "]", "}");
    sv_filter_hold_is_past(&choice);
    bson_append_document_end(&choices, &choice);
    bson_append_array_end(filter, &choices);
    return filter;
}

/* ---- what may be claimed */

typedef struct {
    sv_store_t *store;
    const char *user_id;
    const sv_rack_filter_t *wanted;
    sv_text_map_t assigned; /* rack_id -> sv_assigned_t */
    const char **first;     /* racks that are shown first, by id */
    size_t first_count;
    sv_arena_t *arena;
    sv_error_t *error;
} sv_available_t;

void
sv_rack_write_place(sv_json_writer_t *w, const sv_rack_t *rack)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack->rack_id);
    sv_json_text(w, "warehouse", rack->warehouse);
    sv_json_text(w, "floor", rack->floor);
    sv_json_text(w, "zone", rack->zone);
    if (rack->estimated_items >= 0) {
        sv_json_int(w, "estimated_items", rack->estimated_items);
    } else {
        sv_json_null(w, "estimated_items");
    }
    sv_json_time(w, "last_verified_at", rack->last_verified_at_ms);
}

static void
sv_write_available(const sv_available_t *available, sv_json_writer_t *w, const bson_t *row)
{
    sv_rack_t rack;

    sv_rack_read(row, available->arena, &rack);
    sv_rack_write_place(w, &rack);
    sv_json_text(w, "status", "available");
    sv_assigned_write(w, "assigned_to", sv_text_map_get(&available->assigned, rack.rack_id));
    sv_json_end(w);
}

static int
sv_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The same ones for every page of a list, so that none is told twice. */
static void
sv_available_choose_first(sv_available_t *available, int64_t limit)
{
    size_t most = (size_t) (limit - 1 < SV_ASSIGNED_FIRST ? limit - 1 : SV_ASSIGNED_FIRST);

    available->first = sv_arena_alloc(available->arena, (available->assigned.count + 1) * sizeof(available->first[0]));
    for (size_t i = 0; i < available->assigned.capacity; i++) {
        const sv_assigned_t *assigned = available->assigned.entries[i].value;

        if (assigned != NULL && strcmp(assigned->user_id, available->user_id) == 0) {
            available->first[available->first_count++] = assigned->rack_id;
        }
    }
    if (available->first_count > 0) {
        qsort(available->first, available->first_count, sizeof(available->first[0]), sv_compare_texts);
    }
    available->first_count = available->first_count < most ? available->first_count : most;
}

typedef struct {
    const sv_available_t *available;
    sv_json_writer_t *w;
    int64_t count;
} sv_available_rows_t;

static void
sv_available_take_first(const bson_t *row, void *context)
{
    sv_available_rows_t *rows = context;

    sv_write_available(rows->available, rows->w, row);
    rows->count++;
}

static sv_status_t
sv_available_write_first(const sv_available_t *available, sv_json_writer_t *w, int64_t *count)
{
    bson_t *filter = sv_doc_new(available->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "rack_id", BCON_INT32(1), "}"), available->arena);
    sv_available_rows_t rows = { .available = available, .w = w };

    sv_filter_in(filter, "rack_id", available->first, available->first_count);
    sv_filter_rest(filter, sv_available_filter(available->wanted, available->arena));
    sv_store_each(available->store, SV_COLLECTION_RACK_REGISTRY, filter, options, sv_available_take_first, &rows,
                  available->error);
    *count = rows.count;
    return available->error->status;
}

sv_status_t
sv_rack_list_available(sv_store_t *store, const char *user_id, const sv_rack_filter_t *wanted, sv_page_t *page,
                       sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    sv_available_t available = { .store = store, .user_id = user_id, .wanted = wanted, .arena = arena, .error = error };
    bson_t *filter = sv_available_filter(wanted, arena), not_first;
    sv_page_rows_t rows;
    int64_t shown = 0;

    if (sv_assigned_read(store, wanted->warehouse, &available.assigned, arena, error) != SV_OK) {
        return error->status;
    }
    sv_available_choose_first(&available, page->limit);
    sv_json_array(w, "items");
    if (page->cursor == NULL && available.first_count > 0 && sv_available_write_first(&available, w, &shown) != SV_OK) {
        return error->status;
    }
    if (available.first_count > 0) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "rack_id", &not_first);
        sv_doc_put_texts(&not_first, "$nin", available.first, available.first_count);
        bson_append_document_end(filter, &not_first);
    }
    page->list = "racks";
    page->sort_field = NULL;
    page->unique_field = "rack_id";
    page->direction = 1;
    page->limit -= shown;
    if (sv_page_read(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, page, &rows, arena, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < rows.count; i++) {
        sv_write_available(&available, w, rows.rows[i]);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    return SV_OK;
}

/* One rack's place and state, as the figures need them. */
typedef struct {
    const char *warehouse;
    const char *floor;
    const char *status;
} sv_place_t;

typedef struct {
    sv_place_t *places;
    size_t count, capacity;
} sv_places_t;

static int
sv_compare_places(const void *a, const void *b)
{
    const sv_place_t *left = a, *right = b;
    int order = strcmp(left->warehouse, right->warehouse);

    return order != 0 ? order : strcmp(left->floor, right->floor);
}

static const char *
sv_text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void
sv_places_add(sv_places_t *places, const bson_t *row, sv_arena_t *arena)
{
    places->places = sv_arena_grow(arena, places->places, places->count, &places->capacity, sizeof(*places->places));
    places->places[places->count++] = (sv_place_t){
        .warehouse = sv_text_or_empty(sv_doc_text(row, "warehouse", arena)),
        .floor = sv_text_or_empty(sv_doc_text(row, "floor", arena)),
        .status = sv_text_or_empty(sv_doc_text(row, "status", arena)),
    };
}

/* All racks' places, sorted by warehouse and floor. */
static sv_status_t
sv_places_read(sv_store_t *store, const char *warehouse, sv_places_t *places, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "warehouse", BCON_INT32(1), "floor",
                                           BCON_INT32(1), "status", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    sv_put_not_deleted(filter);
    status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_places_add(places, row, arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    if (places->count > 0) {
        qsort(places->places, places->count, sizeof(places->places[0]), sv_compare_places);
    }
    return status;
}

static const char *const sv_rack_states[] = { "available", "claimed", "paused", "completed" };

enum { SV_RACK_STATES = sizeof(sv_rack_states) / sizeof(sv_rack_states[0]) };

sv_status_t
sv_rack_list_floors(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name, sv_arena_t *arena,
                    sv_error_t *error)
{
    sv_places_t places = { 0 };
    sv_status_t status = sv_places_read(store, warehouse, &places, arena, error);

    sv_json_array(w, name);
    for (size_t i = 0, next; status == SV_OK && i < places.count; i = next) {
        int64_t figures[SV_RACK_STATES] = { 0 };

        for (next = i; next < places.count && sv_compare_places(&places.places[i], &places.places[next]) == 0; next++) {
            for (int s = 0; s < SV_RACK_STATES; s++) {
                figures[s] += strcmp(places.places[next].status, sv_rack_states[s]) == 0;
            }
        }
        sv_json_object(w, NULL);
        sv_json_text(w, "warehouse", places.places[i].warehouse);
        sv_json_text(w, "floor", places.places[i].floor);
        sv_json_int(w, "total", (int64_t) (next - i));
        for (int s = 0; s < SV_RACK_STATES; s++) {
            sv_json_int(w, sv_rack_states[s], figures[s]);
        }
        sv_json_end(w);
    }
    sv_json_end(w);
    return status;
}

/* Writes the warehouse and the floors of places[*next...] that are in it, and moves *next behind them. */
static void
sv_write_warehouse(sv_json_writer_t *w, const sv_warehouse_t *warehouse, const sv_settings_t *settings,
                   const sv_places_t *places, size_t *next)
{
    const char *floor = NULL;

    sv_json_object(w, NULL);
    sv_json_text(w, "warehouse", warehouse->warehouse);
    sv_json_text(w, "name", warehouse->name);
    sv_json_text(w, "time_zone", warehouse->time_zone != NULL ? warehouse->time_zone : settings->time_zone);
    sv_json_text(w, "currency", warehouse->currency);
    sv_json_bool(w, "rack_books", warehouse->rack_books);
    sv_json_array(w, "floors");
    for (; *next < places->count && strcmp(places->places[*next].warehouse, warehouse->warehouse) == 0; (*next)++) {
        if (floor == NULL || strcmp(floor, places->places[*next].floor) != 0) {
            floor = places->places[*next].floor;
            sv_json_text(w, NULL, floor);
        }
    }
    sv_json_end(w);
    sv_json_end(w);
}

sv_status_t
sv_rack_list_warehouses(sv_store_t *store, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    sv_places_t places = { 0 };
    sv_warehouse_t *known = NULL;
    size_t known_count = 0, next = 0;
    sv_status_t status = sv_warehouses_read(store, arena, &known, &known_count, error);

    if (status == SV_OK) {
        status = sv_places_read(store, NULL, &places, arena, error);
    }
    sv_json_array(w, NULL);
    for (size_t i = 0; status == SV_OK && (i < known_count || next < places.count);) {
        /* Racks may stand where nobody made the warehouse known yet. */
        const char *place = next < places.count ? places.places[next].warehouse : NULL;
        bool is_known = i < known_count && (place == NULL || strcmp(known[i].warehouse, place) <= 0);
        sv_warehouse_t bare = { .warehouse = place };

        sv_write_warehouse(w, is_known ? &known[i++] : &bare, store->settings, &places, &next);
    }
    sv_json_end(w);
    return status;
}

sv_status_t
sv_rack_list_held(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_floor_session_t **sessions,
                  size_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("user_id", BCON_UTF8(user_id), "status", "{", "$in", "[", BCON_UTF8("active"),
                                          BCON_UTF8("paused"), "]", "}", "superseded", BCON_BOOL(false)),
                                 arena);
    size_t capacity = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, &cursor, error);

    *sessions = NULL;
    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        *sessions = sv_arena_grow(arena, *sessions, *count, &capacity, sizeof(**sessions));
        sv_floor_session_read(sv_doc_copy(row, arena), arena, &(*sessions)[(*count)++]);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}
