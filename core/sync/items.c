#include "core/sync/items.h"

#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/sync/rules.h"
#include "core/sync/text_map.h"

static bool
sv_items_concern(const sv_record_t *record)
{
    return record->fault.code == NULL && record->item_code != NULL;
}

typedef struct {
    sv_item_cache_t *cache;
    sv_text_map_t found; /* sv_item_facts_t */
    sv_arena_t *arena;
} sv_items_load_t;

static void
sv_items_row(const bson_t *row, void *context)
{
    sv_items_load_t *load = context;
    const char *code = sv_doc_text(row, "item_code", load->arena);
    sv_item_facts_t *item;

    if (code != NULL) {
        item = sv_arena_zalloc(load->arena, sizeof(*item));
        item->known = true;
        item->serial_tracked = sv_doc_bool(row, "serial_tracked");
        *sv_text_map_put(&load->found, code) = item;
        sv_item_cache_put(load->cache, code, item->serial_tracked);
    }
}

static sv_status_t
sv_items_load(sv_store_t *store, sv_items_load_t *load, const sv_query_texts_t *codes, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);

    sv_query_in(filter, "item_code", codes);
    BSON_APPEND_INT32(projection, "item_code", 1);
    BSON_APPEND_INT32(projection, "serial_tracked", 1);
    return sv_query_each(store, SV_COLLECTION_ERP_ITEMS, filter, projection, sv_items_row, load, error);
}

sv_status_t
sv_items_check(sv_store_t *store, sv_item_cache_t *cache, sv_record_t *records, size_t count, bool *faults,
               sv_error_t *error)
{
    static const sv_item_facts_t unknown = { false, false };
    const char **asked = sv_arena_alloc(error->arena, (count + 1) * sizeof(*asked));
    sv_item_facts_t facts = { true, false };
    sv_items_load_t load = { .cache = cache, .arena = error->arena };
    sv_query_texts_t codes;

    sv_query_texts_init(&codes, error->arena);
    for (size_t i = 0; i < count; i++) {
        asked[i] = NULL;
        if (!sv_items_concern(&records[i])) {
            continue;
        }
        if (sv_item_cache_get(cache, records[i].item_code, &facts.serial_tracked)) {
            records[i].unknown = false;
            sv_rules_check_item(&records[i], &facts, error->arena);
            *faults |= records[i].fault.code != NULL;
        } else {
            asked[i] = records[i].item_code;
            sv_query_texts_add(&codes, asked[i]);
        }
    }
    if (codes.count == 0) {
        return SV_OK;
    }
    sv_text_map_init(&load.found, error->arena, codes.count);
    if (sv_items_load(store, &load, &codes, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < count; i++) {
        if (asked[i] != NULL) {
            const sv_item_facts_t *item = sv_text_map_get(&load.found, asked[i]);

            records[i].unknown = item == NULL;
            sv_rules_check_item(&records[i], item != NULL ? item : &unknown, error->arena);
            *faults |= records[i].fault.code != NULL;
        }
    }
    return SV_OK;
}
