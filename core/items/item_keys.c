#include "core/items/item_keys.h"

#include <string.h>

#include "core/scan/gtin.h"
#include "core/store/document.h"

const char *const sv_item_key_fields[] = { "item_code", "barcode",      "barcodes", "manual_barcode",
                                           "packs",     "linked_codes", NULL };

size_t
sv_item_code_keys(const char *code, sv_arena_t *arena, const char *keys[SV_ITEM_CODE_KEYS])
{
    char gtin[SV_GTIN_SIZE];
    size_t count = 0;

    keys[count++] = code;
    /* eight digits may be both; a GTIN-8 is what is told from the code alone */
    if ((sv_gtin_normalize(code, gtin) || sv_gtin_from_upc_e(code, gtin)) && strcmp(gtin, code) != 0) {
        keys[count++] = sv_arena_strdup(arena, gtin);
    }
    return count;
}

typedef struct {
    sv_arena_t *arena;
    const char **keys;
    size_t count, room;
} sv_key_list_t;

static void
sv_key_list_add(sv_key_list_t *list, const char *code)
{
    const char *keys[SV_ITEM_CODE_KEYS];
    size_t count = code != NULL && code[0] != '\0' ? sv_item_code_keys(code, list->arena, keys) : 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < list->count && strcmp(list->keys[at], keys[i]) != 0) {
            at++;
        }
        if (at == list->count) {
            list->keys = sv_arena_grow(list->arena, list->keys, list->count, &list->room, sizeof(*list->keys));
            list->keys[list->count++] = keys[i];
        }
    }
}

static void
sv_key_list_add_array(sv_key_list_t *list, const bson_t *document, const char *field)
{
    const bson_t *codes = sv_doc_child(document, field, list->arena);
    bson_iter_t iter;

    if (codes != NULL && bson_iter_init(&iter, codes)) {
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                sv_key_list_add(list, sv_arena_strdup(list->arena, bson_iter_utf8(&iter, NULL)));
            }
        }
    }
}

/* The n-th pack; NULL behind the last. */
static const bson_t *
sv_item_pack(const bson_t *packs, size_t n, sv_arena_t *arena)
{
    return packs == NULL ? NULL : sv_doc_child(packs, sv_arena_printf(arena, "%zu", n), arena);
}

void
sv_item_keys_put(bson_t *set, const bson_t *item, sv_arena_t *arena)
{
    static const char *const codes[] = { "item_code", "barcode", "manual_barcode" };
    sv_key_list_t list = { .arena = arena };
    const bson_t *packs = sv_doc_child(item, "packs", arena), *pack;
    bson_t array;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        sv_key_list_add(&list, sv_doc_text(item, codes[i], arena));
    }
    sv_key_list_add_array(&list, item, "barcodes");
    sv_key_list_add_array(&list, item, "linked_codes");
    for (size_t i = 0; (pack = sv_item_pack(packs, i, arena)) != NULL; i++) {
        sv_key_list_add_array(&list, pack, "barcodes");
    }
    BSON_APPEND_ARRAY_BEGIN(set, "lookup_keys", &array);
    for (size_t i = 0; i < list.count; i++) {
        BSON_APPEND_UTF8(&array, sv_arena_printf(arena, "%zu", i), list.keys[i]);
    }
    bson_append_array_end(set, &array);
}

const bson_t *
sv_item_pack_of(const bson_t *item, const char *key, sv_arena_t *arena)
{
    const bson_t *packs = sv_doc_child(item, "packs", arena), *pack;

    for (size_t i = 0; (pack = sv_item_pack(packs, i, arena)) != NULL; i++) {
        sv_key_list_t list = { .arena = arena };

        sv_key_list_add_array(&list, pack, "barcodes");
        for (size_t k = 0; k < list.count; k++) {
            if (strcmp(list.keys[k], key) == 0) {
                return pack;
            }
        }
    }
    return NULL;
}
