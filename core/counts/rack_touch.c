#include "core/counts/rack_touch.h"

#include "core/counts/touched.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

/* What was counted on the rack in the count, by its floor sessions there: records are found by these. */
static sv_status_t
sv_touch_add_counted(sv_store_t *store, const char *count_id, const char *rack_id, sv_row_texts_t *codes,
                     sv_error_t *error)
{
    sv_arena_t *arena = codes->arena;
    sv_row_texts_t sessions = { .arena = arena, .field = "session_id" };
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}"), arena);
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id)), arena);
    sv_status_t status =
        sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_row_texts_take, &sessions, error);

    if (status != SV_OK || sessions.count == 0) {
        return status;
    }
    filter = sv_doc_new(arena);
    sv_filter_in(filter, "session_id", sessions.texts, sessions.count);
    options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_row_texts_take, codes, error);
}

sv_status_t
sv_rack_touch(sv_store_t *store, const char *count_id, const char *warehouse, const char *rack_id, sv_arena_t *arena,
              sv_error_t *error)
{
    sv_row_texts_t codes = { .arena = arena, .field = "item_code" };
    bson_t *filter =
        sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id), "deleted", "{", "$ne", BCON_BOOL(true), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    sv_status_t status =
        sv_store_each(store, SV_COLLECTION_RACK_ITEMS, filter, options, sv_row_texts_take, &codes, error);

    if (status == SV_OK) {
        status = sv_touch_add_counted(store, count_id, rack_id, &codes, error);
    }
    return status == SV_OK ? sv_touched_note(store, count_id, warehouse, codes.texts, codes.count, arena, error)
                           : status;
}
