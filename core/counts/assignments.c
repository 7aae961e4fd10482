#include "core/counts/assignments.h"

#include <string.h>

#include "core/store/document.h"

typedef struct {
    const char *rack_id; /* looked for; NULL: all */
    sv_assigned_t *found;
    bool has_found;
    sv_text_map_t *racks;
    sv_arena_t *arena;
} sv_assigned_look_t;

static void
sv_assigned_take(const bson_t *row, void *context)
{
    sv_assigned_look_t *look = context;
    const sv_assigned_t assigned = { .rack_id = sv_doc_text(row, "rack_id", look->arena),
                                     .user_id = sv_doc_text(row, "user_id", look->arena),
                                     .full_name = sv_doc_text(row, "full_name", look->arena) };
    sv_assigned_t *kept;

    if (assigned.rack_id == NULL || assigned.user_id == NULL) {
        return;
    }
    if (look->racks != NULL) {
        kept = sv_arena_zalloc(look->arena, sizeof(*kept));
        *kept = assigned;
        *sv_text_map_put(look->racks, assigned.rack_id) = kept;
    } else if (strcmp(assigned.rack_id, look->rack_id) == 0) {
        *look->found = assigned;
        look->has_found = true;
    }
}

bool
sv_assigned_find(const bson_t *count, const char *rack_id, sv_assigned_t *assigned, sv_arena_t *arena)
{
    sv_assigned_look_t look = { .rack_id = rack_id, .found = assigned, .arena = arena };

    sv_doc_each(count, "assignments", sv_assigned_take, &look, arena);
    return look.has_found;
}

static void
sv_assigned_take_count(const bson_t *count, void *context)
{
    sv_assigned_look_t *look = context;

    sv_doc_each(count, "assignments", sv_assigned_take, look, look->arena);
}

sv_status_t
sv_assigned_read(sv_store_t *store, const char *warehouse, sv_text_map_t *racks, sv_arena_t *arena, sv_error_t *error)
{
    sv_assigned_look_t look = { .racks = racks, .arena = arena };
    bson_t *filter = sv_doc_take(BCON_NEW("status", "OPEN"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "assignments", BCON_INT32(1), "}"), arena);

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    sv_text_map_init(racks, arena, 64);
    return sv_store_each(store, SV_COLLECTION_SESSIONS, filter, options, sv_assigned_take_count, &look, error);
}

void
sv_assigned_write(sv_json_writer_t *w, const char *name, const sv_assigned_t *assigned)
{
    if (assigned == NULL || assigned->user_id == NULL) {
        sv_json_null(w, name);
        return;
    }
    sv_json_object(w, name);
    sv_json_text(w, "user_id", assigned->user_id);
    sv_json_text(w, "full_name", assigned->full_name);
    sv_json_end(w);
}
