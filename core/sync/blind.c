#include "core/sync/blind.h"

#include <string.h>

#include "core/counts/count_state.h"
#include "core/items/item_view.h"
#include "core/store/document.h"

/* Members that tell no quantity. */
static const char *const sv_outline_of_figure[] = {
    "client_record_id", "session_id", "rack_id", "user_id", "item_code", "partial", "round", "standing", NULL,
};
/* Each serial number is a piece: where it stands is what was counted there. */
static const char *const sv_outline_of_serial[] = { "serial_number", NULL };

bool
sv_blind_hides(const sv_principal_t *who, const bson_t *shown)
{
    bson_iter_t iter;

    return who->role < SV_ROLE_SUPERVISOR && bson_iter_init_find(&iter, shown, "user_id") &&
           !(BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), who->user_id) == 0);
}

const bson_t *
sv_blind_outline(const bson_t *shown, sv_arena_t *arena)
{
    const char *const *names = sv_doc_has(shown, "serial_number") ? sv_outline_of_serial : sv_outline_of_figure;
    bson_t *outline = sv_doc_new(arena);
    bson_iter_t iter;

    for (; *names != NULL; names++) {
        if (bson_iter_init_find(&iter, shown, *names)) {
            bson_append_iter(outline, *names, -1, &iter);
        }
    }
    return outline;
}

/* ---- of which counts */

typedef struct {
    const bson_t **rows;
    size_t count, room;
    sv_arena_t *arena;
} sv_blind_rows_t;

static void
sv_blind_row(const bson_t *count, void *context)
{
    sv_blind_rows_t *counts = context;

    counts->rows = sv_arena_grow(counts->arena, counts->rows, counts->count, &counts->room, sizeof(*counts->rows));
    counts->rows[counts->count++] = count;
}

/* Each warehouse is asked for once: `asked` keeps `asked` itself of one where the reader is blind. */
static sv_status_t
sv_blind_in_warehouse(sv_store_t *store, const sv_principal_t *who, const char *warehouse, sv_text_map_t *asked,
                      bool *blind, sv_error_t *error)
{
    void **place = sv_text_map_put(asked, warehouse);

    if (*place == NULL) {
        if (sv_item_blind_for(store, true, who->warehouse, warehouse, blind, error) != SV_OK) {
            return error->status;
        }
        *place = *blind ? (void *) asked : (void *) store;
    }
    *blind = *place == (void *) asked;
    return SV_OK;
}

static sv_status_t
sv_blind_judge(sv_store_t *store, const sv_principal_t *who, const bson_t *count, sv_text_map_t *asked, bool *blind,
               sv_error_t *error)
{
    const char *warehouse = sv_doc_text(count, "warehouse", error->arena);

    *blind = sv_doc_bool(count, "blind");
    return *blind ? SV_OK : sv_blind_in_warehouse(store, who, warehouse != NULL ? warehouse : "", asked, blind, error);
}

sv_status_t
sv_blind_counts(sv_store_t *store, const sv_principal_t *who, const sv_query_texts_t *count_ids, sv_text_map_t *hidden,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *projection = sv_doc_take(
        BCON_NEW("session_id", BCON_INT32(1), "warehouse", BCON_INT32(1), "blind", BCON_INT32(1)), error->arena);
    sv_blind_rows_t live = { .arena = error->arena };
    sv_text_map_t asked;
    bool blind;

    if (who->role >= SV_ROLE_SUPERVISOR || count_ids->count == 0) {
        return SV_OK;
    }
    sv_text_map_init(&asked, error->arena, 0);
    sv_query_in(filter, "session_id", count_ids);
    sv_count_filter_live(filter, "status");
    if (sv_query_each(store, SV_COLLECTION_SESSIONS, filter, projection, sv_blind_row, &live, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < live.count; i++) {
        if (sv_blind_judge(store, who, live.rows[i], &asked, &blind, error) != SV_OK) {
            return error->status;
        }
        if (blind) {
            *sv_text_map_put(hidden, sv_doc_text(live.rows[i], "session_id", error->arena)) = hidden;
        }
    }
    return SV_OK;
}
