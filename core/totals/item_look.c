#include "core/totals/item_look.h"

#include "core/store/document.h"
#include "core/totals/lines.h"

sv_status_t
sv_item_look(sv_store_t *store, const char *count_id, const bson_t *erp_item, sv_arena_t *arena, const bson_t **shown,
             sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena), *document = sv_doc_new(arena);
    const char *codes[] = { sv_doc_text(erp_item, "item_code", arena) };
    sv_totals_staff_t staff = { 0 };
    sv_totals_lines_t lines;
    sv_book_scope_t scope;
    const bson_t *count;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &count, error);

    if (status == SV_OK && count == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no count %s", count_id);
    }
    if (status == SV_OK) {
        status = sv_totals_read(store, count, &scope, codes, 1, &lines, &staff, arena, error);
    }
    if (status != SV_OK) {
        return status;
    }
    bson_copy_to_excluding_noinit(erp_item, document, "verified", "verified_by", "verified_at", "overlay_count_id",
                                  "overlay_warehouse", "book", "verified_qty", "damaged_qty",
                                  "non_returnable_damaged_qty", "variance", NULL);
    sv_overlay_put_item(document, &lines, &lines.items[0]);
    *shown = document;
    return SV_OK;
}
