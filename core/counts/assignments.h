#ifndef SV_ASSIGNMENTS_H
#define SV_ASSIGNMENTS_H

#include "core/base/json_writer.h"
#include "core/base/text_map.h"
#include "core/store/store.h"

/*
 * Who is to count which rack (sessions.assignments, set by a supervisor).  They tell people where to go and bar nobody:
 * a rack is shown first to whom it is assigned, and whoever else claims it is told.
 */
typedef struct {
    const char *rack_id, *user_id, *full_name;
} sv_assigned_t;

/* Of one rack in a count; false: it is assigned to nobody. */
bool sv_assigned_find(const bson_t *count, const char *rack_id, sv_assigned_t *assigned, sv_arena_t *arena);

/* Of all racks of open counts (`warehouse` NULL: anywhere): rack_id -> sv_assigned_t. */
sv_status_t
sv_assigned_read(sv_store_t *store, const char *warehouse, sv_text_map_t *racks, sv_arena_t *arena, sv_error_t *error);

/* Writes {user_id, full_name} or null. */
void sv_assigned_write(sv_json_writer_t *w, const char *name, const sv_assigned_t *assigned);

#endif
