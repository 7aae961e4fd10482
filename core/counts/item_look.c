#include "core/counts/item_look.h"

#include "core/counts/totals_item.h"
#include "core/store/document.h"

sv_status_t
sv_item_look(sv_store_t *store, const char *count_id, const bson_t *erp_item, sv_arena_t *arena, const bson_t **shown,
             sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena), *document = sv_doc_new(arena);
    sv_totals_item_t item = { .item_code = sv_doc_text(erp_item, "item_code", arena) };
    sv_totals_staff_t staff = { 0 };
    sv_book_scope_t scope;
    const bson_t *count;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &count, error);

    if (status == SV_OK && count == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no count %s", count_id);
    }
    if (status != SV_OK || sv_totals_read(store, count, &scope, &item, 1, &staff, arena, error) != SV_OK) {
        return error->status;
    }
    bson_copy_to_excluding_noinit(erp_item, document, "verified", "verified_by", "verified_at", "overlay_count_id",
                                  "book", "verified_qty", "damaged_qty", "non_returnable_damaged_qty", "variance",
                                  NULL);
    sv_overlay_put_item(document, &scope, &item);
    *shown = document;
    return SV_OK;
}
