#include "core/sync/items.h"

#include <string.h>

#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/sync/rules.h"
#include "core/base/text_map.h"

static bool
sv_items_concern(const sv_record_t *record)
{
    return record->fault.code == NULL && record->item_code != NULL;
}

typedef struct {
    sv_item_cache_t *cache;
    sv_text_map_t found; /* item_code -> bson_t */
    sv_arena_t *arena;
} sv_items_load_t;

static void
sv_items_row(const bson_t *row, void *context)
{
    sv_items_load_t *load = context;
    const char *code = sv_doc_text(row, "item_code", load->arena), *uom = sv_doc_text(row, "uom", load->arena);
    sv_item_cached_t cached = { .serial_tracked = sv_doc_bool(row, "serial_tracked"),
                                .lot_tracked = sv_doc_bool(row, "lot_tracked") };

    if (code == NULL) {
        return;
    }
    *sv_text_map_put(&load->found, code) = sv_doc_copy(row, load->arena);
    if (sv_doc_has(row, "lot_changes") || (uom != NULL && strlen(uom) >= sizeof(cached.uom))) {
        return;
    }
    if (uom != NULL) {
        memcpy(cached.uom, uom, strlen(uom) + 1);
    }
    sv_item_cache_put(load->cache, code, &cached);
}

static sv_status_t
sv_items_load(sv_store_t *store, sv_items_load_t *load, const sv_query_texts_t *codes, sv_error_t *error)
{
    static const char *const fields[] = { "item_code", "serial_tracked", "lot_tracked", "lot_changes", "uom", "packs" };
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);

    sv_query_in(filter, "item_code", codes);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        BSON_APPEND_INT32(projection, fields[i], 1);
    }
    return sv_query_each(store, SV_COLLECTION_ERP_ITEMS, filter, projection, sv_items_row, load, error);
}

/* Whether what is remembered is enough: not for a record in another unit than the item's own. */
static bool
sv_items_remembered(sv_item_cache_t *cache, const sv_record_t *record, sv_item_facts_t *facts, sv_arena_t *arena)
{
    sv_item_cached_t cached;

    if (!sv_item_cache_get(cache, record->item_code, &cached) ||
        (sv_record_has(record, SV_RECORD_HAS_uom) && !sv_uom_is(record->uom, cached.uom))) {
        return false;
    }
    *facts = (sv_item_facts_t){ .known = true,
                                .serial_tracked = cached.serial_tracked,
                                .lots = { .tracked = cached.lot_tracked },
                                .uom_kind = SV_UOM_OWN,
                                .factor = SV_QUANTITY_ONE,
                                .uom = cached.uom[0] != '\0' ? sv_arena_strdup(arena, cached.uom) : NULL };
    return true;
}

static void
sv_items_read_facts(const bson_t *item, const sv_record_t *record, sv_item_facts_t *facts, sv_arena_t *arena)
{
    *facts = (sv_item_facts_t){ .factor = SV_QUANTITY_ONE };
    if (item == NULL) {
        return;
    }
    facts->known = true;
    facts->serial_tracked = sv_doc_bool(item, "serial_tracked");
    facts->uom = sv_doc_text(item, "uom", arena);
    sv_lot_tracking_read(item, arena, &facts->lots);
    if (sv_record_has(record, SV_RECORD_HAS_uom)) {
        facts->uom_kind = sv_uom_of_item(item, record->uom, &facts->factor, arena);
    }
}

sv_status_t
sv_items_check(sv_store_t *store, sv_item_cache_t *cache, sv_record_t *records, size_t count, bool *faults,
               sv_error_t *error)
{
    const char **asked = sv_arena_alloc(error->arena, (count + 1) * sizeof(*asked));
    sv_items_load_t load = { .cache = cache, .arena = error->arena };
    sv_item_facts_t facts;
    sv_query_texts_t codes;

    sv_query_texts_init(&codes, error->arena);
    for (size_t i = 0; i < count; i++) {
        asked[i] = NULL;
        if (!sv_items_concern(&records[i])) {
            continue;
        }
        if (sv_items_remembered(cache, &records[i], &facts, error->arena)) {
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
            sv_items_read_facts(sv_text_map_get(&load.found, asked[i]), &records[i], &facts, error->arena);
            records[i].unknown = !facts.known;
            sv_rules_check_item(&records[i], &facts, error->arena);
            *faults |= records[i].fault.code != NULL;
        }
    }
    return SV_OK;
}

void
sv_items_settle_lot(sv_record_t *record, const sv_floor_session_t *session)
{
    record->lot_apart = sv_lot_tracking_at(&record->lots, sv_floor_began_ms(session));
    record->lot_key = sv_record_lot_key(record, record->lot_apart);
}
