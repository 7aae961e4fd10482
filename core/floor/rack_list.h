#ifndef SV_RACK_LIST_H
#define SV_RACK_LIST_H

#include "core/floor/floor.h"
#include "core/store/page.h"

/* Lists of racks, written as JSON; run on any thread that owns `store`. */

typedef struct {
    const char *warehouse, *floor, *zone; /* NULL: any */
} sv_rack_filter_t;

/* The racks of the place that are not deleted. */
void sv_rack_filter_put_place(bson_t *filter, const sv_rack_filter_t *wanted);

/* Opens a rack's object with where it stands and what is known of it, whoever has it. */
void sv_rack_write_place(sv_json_writer_t *w, const sv_rack_t *rack);

/* What the user may claim, first on the first page what is assigned to them (core/counts/assignments.h), of that so many
 * that others find place.  Writes a page's members into an object that is open. */
enum { SV_ASSIGNED_FIRST = 25 };
sv_status_t sv_rack_list_available(sv_store_t *store, const char *user_id, const sv_rack_filter_t *filter,
                                   sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* [{floor, total, available, claimed, paused, completed}] of one warehouse (NULL: all), by floor. */
sv_status_t sv_rack_list_floors(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                    sv_arena_t *arena, sv_error_t *error);

/* [{warehouse, name, time_zone, currency, rack_books, floors[]}], by warehouse. */
sv_status_t sv_rack_list_warehouses(sv_store_t *store, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* The floor sessions by which a user has racks, active or paused. */
sv_status_t sv_rack_list_held(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_floor_session_t **sessions,
                              size_t *count, sv_error_t *error);

/* Whether the rack is held now by the server's clock: claimed or paused, and its hold not past. */
bool sv_rack_is_held(const sv_rack_t *rack, int64_t now_ms);

#endif
