#include "core/sync/blind.h"

#include <string.h>

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
