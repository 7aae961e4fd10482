#include "core/items/lookup.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/items/item_find.h"
#include "core/items/item_keys.h"

static const char sv_item_prefix[] = "item:", sv_blind_prefix[] = "items:blind:";

/* ---- what is scanned */

static void
sv_lookup_add_key(sv_lookup_t *lookup, const char *key)
{
    if (key == NULL || key[0] == '\0' || lookup->key_count == SV_LOOKUP_KEYS || sv_utf8_length(key) > SV_ITEM_KEY_MAX) {
        return; /* no code is so long */
    }
    for (size_t i = 0; i < lookup->key_count; i++) {
        if (strcmp(lookup->keys[i], key) == 0) {
            return;
        }
    }
    lookup->keys[lookup->key_count++] = key;
}

static int
sv_this_year(void)
{
    enum { SV_MS_A_YEAR_1000 = 31556952 };

    return 1970 + (int) (sv_clock_now_ms() / 1000 / SV_MS_A_YEAR_1000);
}

void
sv_lookup_read(sv_lookup_t *lookup, const char *bytes, size_t length, sv_arena_t *arena)
{
    char gtin[SV_GTIN_SIZE];

    *lookup = (sv_lookup_t){ 0 };
    sv_scan_read(bytes, length, sv_this_year(), arena, &lookup->scan);
    sv_lookup_add_key(lookup, lookup->scan.text);
    if (lookup->scan.has_gtin) {
        sv_lookup_add_key(lookup, sv_arena_strdup(arena, lookup->scan.gtin));
    }
    sv_lookup_add_key(lookup, lookup->scan.item);
    if (lookup->scan.kind == SV_SCAN_CODE && sv_gtin_from_upc_e(lookup->scan.text, gtin)) {
        sv_lookup_add_key(lookup, sv_arena_strdup(arena, gtin));
    }
}

const char *
sv_lookup_name(const sv_lookup_t *lookup, const char *generation, sv_arena_t *arena)
{
    const char *own = lookup->is_staff && lookup->own_warehouse != NULL ? lookup->own_warehouse : "";
    const char *asked = lookup->is_staff && lookup->warehouse != NULL ? lookup->warehouse : "";
    sv_buffer_t name;

    sv_buffer_init(&name, arena, 128);
    sv_buffer_printf(&name, "%s\n%d\n%s\n%s\n", generation == NULL ? "" : generation, lookup->is_staff, own, asked);
    for (size_t i = 0; i < lookup->key_count; i++) {
        sv_buffer_printf(&name, "%s\n", lookup->keys[i]);
    }
    return name.data;
}

/* ---- Redis */

/* The warehouses in which the asker may be blind; "" stands for all, where those count who have none of their own. */
static size_t
sv_lookup_blind_in(const sv_lookup_t *lookup, const char *warehouses[2])
{
    size_t count = 0;

    if (lookup->is_staff) {
        warehouses[count++] = lookup->own_warehouse != NULL ? lookup->own_warehouse : "";
    }
    if (lookup->is_staff && lookup->own_warehouse != NULL && lookup->warehouse != NULL &&
        strcmp(lookup->warehouse, lookup->own_warehouse) != 0) {
        warehouses[count++] = lookup->warehouse;
    }
    return count;
}

void
sv_lookup_cache_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_lookup_t *lookup)
{
    const char *warehouses[2];
    size_t count = sv_lookup_blind_in(lookup, warehouses);

    sv_redis_command(command, arena, "MGET");
    sv_redis_arg(command, SV_ITEMS_GENERATION);
    for (size_t i = 0; i < lookup->key_count; i++) {
        sv_redis_arg_key(command, sv_item_prefix, lookup->keys[i]);
    }
    for (size_t i = 0; i < count; i++) {
        sv_redis_arg_key(command, sv_blind_prefix, warehouses[i]);
    }
    sv_redis_arg(command, SV_ERP_STATE_KEY);
}

/* "{generation}:1" or ":0"; false: not known. */
static bool
sv_blind_read(const char *text, const char *generation, bool *blind)
{
    size_t length = strlen(generation);

    if (text == NULL || strncmp(text, generation, length) != 0 || text[length] != ':') {
        return false;
    }
    *blind |= text[length + 1] == '1';
    return true;
}

void
sv_lookup_cache_read(const redisReply *reply, const sv_lookup_t *lookup, sv_arena_t *arena, sv_lookup_found_t *found)
{
    const char *warehouses[2], *generation;
    size_t blind_count = sv_lookup_blind_in(lookup, warehouses);
    sv_item_entry_view_t entry;

    *found = (sv_lookup_found_t){ 0 };
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 + lookup->key_count + blind_count) {
        return;
    }
    generation = sv_redis_element_text(reply, 0);
    found->generation = sv_arena_strdup(arena, generation == NULL ? "0" : generation);
    found->complete = true;
    found->erp = sv_redis_element_text(reply, reply->elements - 1) != NULL ? SV_LOOKUP_ERP_OK : SV_LOOKUP_ERP_OFF;
    for (size_t i = 0; i < lookup->key_count; i++) {
        const redisReply *element = reply->element[1 + i];

        if (element->type == REDIS_REPLY_STRING &&
            sv_item_entry_read(element->str, element->len, found->generation, &entry)) {
            found->entries[i] = sv_arena_strndup(arena, element->str, element->len);
            if (entry.kind == SV_ENTRY_EXACT) {
                break; /* those behind it are not asked for */
            }
        } else {
            found->complete = false;
        }
    }
    found->blind_known = true;
    for (size_t i = 0; i < blind_count; i++) {
        found->blind_known &=
            sv_blind_read(sv_redis_element_text(reply, 1 + lookup->key_count + i), found->generation, &found->blind);
    }
    found->complete &= found->blind_known;
    found->from_cache = found->complete;
}

static void
sv_lookup_keep(sv_redis_command_t *command, sv_arena_t *arena, const char *prefix, const char *id, const char *value,
               int64_t ttl_s)
{
    sv_redis_command(command, arena, "SET");
    sv_redis_arg_key(command, prefix, id);
    sv_redis_arg(command, value);
    sv_redis_arg(command, "EX");
    sv_redis_arg_int(command, ttl_s);
}

size_t
sv_lookup_keep_commands(const sv_lookup_t *lookup, const sv_lookup_found_t *found, const sv_settings_t *settings,
                        sv_arena_t *arena, sv_redis_command_t *(*next)(void *context), void *context)
{
    const char *warehouses[2];
    size_t blind_count = sv_lookup_blind_in(lookup, warehouses), made = 0;
    sv_item_entry_view_t entry;

    if (found->generation == NULL) {
        return 0;
    }
    for (size_t i = 0; i < lookup->key_count; i++) {
        /* what the ERP did not deny is not known to be unknown */
        if (found->entries[i] != NULL &&
            sv_item_entry_read(found->entries[i], strlen(found->entries[i]), NULL, &entry) &&
            (entry.kind == SV_ENTRY_EXACT || found->erp != SV_LOOKUP_ERP_TIMEOUT)) {
            sv_lookup_keep(next(context), arena, sv_item_prefix, lookup->keys[i], found->entries[i],
                           entry.kind == SV_ENTRY_EXACT ? settings->item_cache_ttl : settings->item_unknown_ttl);
            made++;
        }
    }
    if (found->blind_known) {
        return made; /* as Redis told it */
    }
    /* That somebody is blind in one of two warehouses does not say in which. */
    for (size_t i = 0; i < blind_count && (!found->blind || blind_count == 1); i++) {
        sv_lookup_keep(next(context), arena, sv_blind_prefix, warehouses[i],
                       sv_arena_printf(arena, "%s:%d", found->generation, found->blind), settings->item_cache_ttl);
        made++;
    }
    return made;
}

void
sv_items_changed_command(sv_redis_command_t *command, sv_arena_t *arena)
{
    sv_redis_command(command, arena, "INCR");
    sv_redis_arg(command, SV_ITEMS_GENERATION);
}

/* ---- the ERP */

const char *
sv_lookup_erp_code(const sv_lookup_t *lookup, const sv_lookup_found_t *found)
{
    if (found->erp == SV_LOOKUP_ERP_OFF || found->exact || lookup->key_count == 0) {
        return NULL;
    }
    if (lookup->scan.kind == SV_SCAN_CODE) {
        return lookup->keys[0];
    }
    /* the label's text is nobody's code */
    return lookup->scan.has_gtin ? lookup->scan.gtin : lookup->scan.item;
}

bool
sv_lookup_erp_answered(sv_lookup_found_t *found, sv_erp_answer_t answer, const char *item_code)
{
    static const sv_lookup_erp_t told[] = {
        [SV_ERP_WAITING] = SV_LOOKUP_ERP_TIMEOUT, [SV_ERP_FOUND] = SV_LOOKUP_ERP_OK,
        [SV_ERP_UNKNOWN] = SV_LOOKUP_ERP_OK,      [SV_ERP_TIMED_OUT] = SV_LOOKUP_ERP_TIMEOUT,
        [SV_ERP_OFF] = SV_LOOKUP_ERP_OFF,
    };

    found->erp = told[answer];
    found->blind_known = false; /* it may have taken seconds */
    found->erp_item = answer == SV_ERP_FOUND ? item_code : NULL;
    return found->erp_item != NULL;
}

/* ---- MongoDB, and what is like it */

/* The keys it asks for, what the ERP found among them; returns how many. */
static size_t
sv_lookup_asked_keys(const sv_lookup_ask_t *ask, const char *keys[SV_LOOKUP_KEYS + 1])
{
    size_t count = ask->lookup->key_count;

    memcpy(keys, ask->lookup->keys, count * sizeof(*keys));
    if (ask->found->erp_item != NULL) {
        keys[count++] = ask->found->erp_item;
    }
    return count;
}

static sv_status_t
sv_lookup_find(sv_store_t *store, const sv_lookup_ask_t *asks, size_t count, sv_found_items_t *items, sv_arena_t *arena,
               sv_error_t *error)
{
    const char *keys[SV_LOOKUPS_AT_ONCE * (SV_LOOKUP_KEYS + 1)];
    size_t key_count = 0;

    for (size_t i = 0; i < count; i++) {
        key_count += sv_lookup_asked_keys(&asks[i], keys + key_count);
    }
    return sv_items_by_keys(store, keys, key_count, items, arena, error);
}

static void
sv_lookup_take_exact(const sv_lookup_t *lookup, sv_lookup_found_t *found, const sv_found_items_t *items,
                     sv_arena_t *arena)
{
    sv_item_match_t matches[SV_ENTRY_MATCHES];
    size_t count;

    found->exact = false;
    for (size_t i = 0; i < lookup->key_count; i++) {
        count = sv_items_with_key(items, lookup->keys[i], matches, SV_ENTRY_MATCHES, arena);
        found->exact |= count > 0;
        found->entries[i] =
            sv_item_entry_make(count > 0 ? SV_ENTRY_EXACT : SV_ENTRY_UNKNOWN, found->generation, matches, count, arena);
    }
    if (!found->exact && found->erp_item != NULL) {
        /* the ERP knows it by a code that its rows do not tell */
        count = sv_items_with_key(items, found->erp_item, matches, SV_ENTRY_MATCHES, arena);
        found->exact = count > 0;
        if (count > 0) {
            found->entries[0] = sv_item_entry_make(SV_ENTRY_EXACT, found->generation, matches, count, arena);
        }
    }
}

static sv_status_t
sv_lookup_take_like(sv_store_t *store, const sv_lookup_t *lookup, sv_lookup_found_t *found, sv_arena_t *arena,
                    sv_error_t *error)
{
    sv_item_match_t matches[SV_ENTRY_MATCHES];
    size_t count = 0;
    bool ready;

    if (found->exact || lookup->scan.kind != SV_SCAN_CODE || lookup->key_count == 0) {
        return SV_OK;
    }
    if (sv_items_like(store, lookup->keys[0], SV_LOOKUP_FUZZY, matches, &count, &ready, arena, error) != SV_OK) {
        return error->status;
    }
    if (count > 0) {
        found->entries[0] = sv_item_entry_make(SV_ENTRY_FUZZY, found->generation, matches, count, arena);
    }
    return SV_OK;
}

static sv_status_t
sv_lookup_take(sv_store_t *store, const sv_lookup_ask_t *ask, const sv_found_items_t *items, sv_arena_t *arena,
               sv_error_t *error)
{
    const sv_lookup_t *lookup = ask->lookup;
    sv_lookup_found_t *found = ask->found;

    if (!found->blind_known && sv_item_blind_for(store, lookup->is_staff, lookup->own_warehouse, lookup->warehouse,
                                                 &found->blind, error) != SV_OK) {
        return error->status;
    }
    sv_lookup_take_exact(lookup, found, items, arena);
    if (sv_lookup_take_like(store, lookup, found, arena, error) != SV_OK) {
        return error->status;
    }
    found->complete = true;
    found->from_cache = false;
    return SV_OK;
}

sv_status_t
sv_lookup_ask_all(sv_store_t *store, const sv_lookup_ask_t *asks, size_t count, sv_arena_t *arena, sv_error_t *error)
{
    sv_found_items_t items;
    bool together = false;

    if (count > 1) {
        if (sv_lookup_find(store, asks, count, &items, arena, error) != SV_OK) {
            return error->status;
        }
        together = !items.cut_off; /* a code that very many items have leaves no room for the others' */
    }
    for (size_t i = 0; i < count && error->status == SV_OK; i++) {
        if (together || sv_lookup_find(store, &asks[i], 1, &items, arena, error) == SV_OK) {
            sv_lookup_take(store, &asks[i], &items, arena, error);
        }
    }
    return error->status;
}

/* ---- the answer */

static void
sv_lookup_write_scan(sv_json_writer_t *w, const sv_scan_t *scan)
{
    static const char *const kinds[] = { [SV_SCAN_CODE] = "code", [SV_SCAN_GS1] = "gs1", [SV_SCAN_MH10] = "mh10" };

    sv_json_object(w, "scan");
    sv_json_text(w, "kind", kinds[scan->kind]);
    sv_json_text(w, "gtin", scan->has_gtin ? scan->gtin : NULL);
    sv_json_text(w, "item_number", scan->item);
    sv_json_text(w, "lot", scan->lot);
    sv_json_text(w, "serial", scan->serial);
    sv_json_text(w, "mfg_date", scan->mfg_date);
    sv_json_text(w, "best_before", scan->best_before);
    sv_json_text(w, "expiry_date", scan->expiry_date);
    if (scan->has_quantity) {
        sv_json_quantity(w, "quantity", scan->quantity);
    } else {
        sv_json_null(w, "quantity");
    }
    sv_json_text(w, "uom", scan->uom);
    sv_json_end(w);
}

static void
sv_lookup_write_matches(sv_json_writer_t *w, const sv_item_entry_view_t *entry, const sv_item_view_t *view)
{
    sv_json_array(w, "matches");
    for (size_t i = 0; i < entry->count; i++) {
        sv_json_object(w, NULL);
        sv_json_object(w, "item");
        sv_item_entry_write(w, entry, i, view);
        sv_json_end(w);
        sv_item_entry_write_score(w, "score", entry, i);
        sv_item_entry_write_pack(w, "pack", entry, i);
        sv_json_end(w);
    }
    sv_json_end(w);
}

/* The entry that decides: the first with items, else names like it; false: nothing is like it. */
static bool
sv_lookup_decide(const sv_lookup_t *lookup, const sv_lookup_found_t *found, sv_item_entry_view_t *decided)
{
    sv_item_entry_view_t entry;
    bool any = false;

    for (size_t i = 0; i < lookup->key_count; i++) {
        if (found->entries[i] == NULL ||
            !sv_item_entry_read(found->entries[i], strlen(found->entries[i]), NULL, &entry) || entry.count == 0) {
            continue;
        }
        if (entry.kind == SV_ENTRY_EXACT) {
            *decided = entry;
            return true;
        }
        if (!any) {
            *decided = entry;
            any = true;
        }
    }
    return any;
}

static const char *
sv_lookup_source(const sv_lookup_found_t *found)
{
    if (found->from_cache) {
        return "cache";
    }
    return found->erp_item != NULL ? "erp" : "db";
}

sv_status_t
sv_lookup_write(sv_json_writer_t *w, const sv_lookup_t *lookup, const sv_lookup_found_t *found, sv_error_t *error)
{
    const sv_item_view_t view = { .warehouse = lookup->warehouse, .blind = found->blind, .is_staff = lookup->is_staff };
    static const char *const erp[] = {
        [SV_LOOKUP_ERP_OFF] = "off", [SV_LOOKUP_ERP_OK] = "ok", [SV_LOOKUP_ERP_TIMEOUT] = "timeout"
    };
    sv_item_entry_view_t entry = { .text = "", .end = "" };
    bool known = sv_lookup_decide(lookup, found, &entry);
    bool exact = known && entry.kind == SV_ENTRY_EXACT, one = exact && entry.count == 1;

    sv_json_object(w, NULL);
    if (one) {
        sv_json_object(w, "item");
        sv_item_entry_write(w, &entry, 0, &view);
        sv_json_end(w);
        sv_item_entry_write_pack(w, "pack", &entry, 0);
        entry.count = 0; /* nothing is left to choose from */
    } else {
        sv_json_null(w, "item");
        sv_json_null(w, "pack");
    }
    sv_json_text(w, "source", !known ? NULL : !exact ? "fuzzy" : sv_lookup_source(found));
    sv_lookup_write_matches(w, &entry, &view);
    sv_json_text(w, "erp", erp[found->erp]);
    sv_lookup_write_scan(w, &lookup->scan);
    if (found->blind) {
        sv_json_bool(w, "blind", true);
    }
    sv_json_end(w);
    if (known) {
        return SV_OK;
    }
    return sv_fail(error, found->erp == SV_LOOKUP_ERP_TIMEOUT ? SV_ERR_ERP_TIMEOUT : SV_ERR_ITEM_UNKNOWN, NULL);
}
