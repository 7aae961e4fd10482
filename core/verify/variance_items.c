#include "core/verify/variance_items.h"

#include "core/base/text_map.h"
#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_VARIANCE_ITEMS_MS = 5000 };

typedef struct {
    sv_text_map_t items; /* item code -> its document */
    sv_arena_t *arena;
} sv_variance_items_t;

static void
sv_variance_take_item(const bson_t *item, void *context)
{
    sv_variance_items_t *found = context;
    const char *code = sv_doc_text(item, "item_code", found->arena);

    if (code != NULL) {
        *sv_text_map_put(&found->items, code) = sv_doc_copy(item, found->arena);
    }
}

static sv_status_t
sv_variance_find_items(sv_store_t *store, sv_variance_items_t *found, const char **codes, size_t count,
                       sv_error_t *error)
{
    bson_t *filter = sv_doc_new(found->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "item_name", BCON_INT32(1), "category",
                             BCON_INT32(1), "subcategory", BCON_INT32(1), "uom", BCON_INT32(1), "deleted",
                             BCON_INT32(1), "}", "maxTimeMS", BCON_INT64(SV_VARIANCE_ITEMS_MS)),
                    found->arena);

    sv_filter_in(filter, "item_code", codes, count);
    return sv_store_each(store, SV_COLLECTION_ERP_ITEMS, filter, options, sv_variance_take_item, found, error);
}

static void
sv_variance_name(sv_variance_row_t *row, const bson_t *item, sv_arena_t *arena)
{
    row->item_name = sv_doc_text(item, "item_name", arena);
    row->category = sv_doc_text(item, "category", arena);
    row->subcategory = sv_doc_text(item, "subcategory", arena);
    row->uom = row->uom != NULL ? row->uom : sv_doc_text(item, "uom", arena);
    row->delisted = sv_doc_bool(item, "deleted");
}

sv_status_t
sv_variance_name_items(sv_store_t *store, sv_variance_row_t *rows, size_t count, bool units_alone, sv_arena_t *arena,
                       sv_error_t *error)
{
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(*codes));
    sv_variance_items_t found = { .arena = arena };
    sv_text_map_t asked;
    size_t wanted = 0;

    sv_text_map_init(&asked, arena, count);
    sv_text_map_init(&found.items, arena, count);
    for (size_t i = 0; i < count; i++) {
        void **place = units_alone && rows[i].uom != NULL ? NULL : sv_text_map_put(&asked, rows[i].item_code);

        if (place != NULL && *place == NULL) {
            *place = rows;
            codes[wanted++] = rows[i].item_code;
        }
    }
    if (wanted > 0 && sv_variance_find_items(store, &found, codes, wanted, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; wanted > 0 && i < count; i++) {
        const bson_t *item = sv_text_map_get(&found.items, rows[i].item_code);

        if (item != NULL) {
            sv_variance_name(&rows[i], item, arena);
        }
    }
    return SV_OK;
}

sv_status_t
sv_variance_rows_describe(sv_store_t *store, sv_variance_row_t *rows, size_t count, sv_arena_t *arena,
                          sv_error_t *error)
{
    for (size_t i = 0; error->status == SV_OK && i < count; i += SV_VARIANCE_CHUNK) {
        size_t chunk = count - i < SV_VARIANCE_CHUNK ? count - i : SV_VARIANCE_CHUNK;

        sv_variance_name_items(store, rows + i, chunk, false, arena, error);
    }
    return error->status;
}
