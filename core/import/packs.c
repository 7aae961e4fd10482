#include "core/base/text.h"
#include "core/import/packs.h"

#include <string.h>

#include "core/import/number.h"
#include "core/store/document.h"

enum { SV_UOM_MAX = 32, SV_BARCODE_MAX = 64 };

typedef struct {
    const char *uom;
    sv_quantity_t factor;
    const char *barcodes[SV_MAX_PACK_BARCODES];
    size_t count;
} sv_pack_t;

bool
sv_import_barcode_read(sv_import_table_t *table, const char *column, const char *text, const char **code)
{
    enum { SV_SHORTEST_PRINTED = 8 };
    size_t digits = strspn(text, "0123456789");

    if (digits >= SV_SHORTEST_PRINTED && text[digits] == '.' &&
        text[digits + 1 + strspn(text + digits + 1, "0")] == '\0') {
        sv_import_reject(table, column, "\"%.40s\" is a code that was saved as a number: it would be another one",
                         text);
        return false;
    }
    return sv_import_code_read(table, column, text, SV_TEXT_CODE, SV_BARCODE_MAX, code);
}

static void
sv_pack_read_barcodes(sv_import_table_t *table, char *list, sv_pack_t *pack)
{
    char *rest = NULL;

    for (char *text = strtok_r(list, " \t\r\n,;", &rest); text != NULL; text = strtok_r(NULL, " \t\r\n,;", &rest)) {
        if (pack->count == SV_MAX_PACK_BARCODES) {
            sv_import_reject(table, "packs", "a pack has at most %d barcodes", SV_MAX_PACK_BARCODES);
            return;
        }
        pack->count += sv_import_barcode_read(table, "packs", text, &pack->barcodes[pack->count]);
    }
}

/* "BOX=12 5901234123457"; false: it was reported. */
static bool
sv_pack_read(sv_import_table_t *table, char *text, sv_pack_t *pack)
{
    char *equals = strchr(text, '='), *factor;
    size_t length;

    *pack = (sv_pack_t){ .count = 0 };
    if (equals == NULL) {
        sv_import_reject(table, "packs", "\"%.40s\" is no pack: UOM=FACTOR is wanted, as BOX=12", text);
        return false;
    }
    *equals = '\0';
    if (!sv_import_code_read(table, "packs", sv_text_strip(text, " \t\r\n"), SV_TEXT_NAME, SV_UOM_MAX, &pack->uom)) {
        return false;
    }
    factor = sv_text_strip(equals + 1, " \t\r\n");
    length = strcspn(factor, " \t\r\n");
    text = factor[length] == '\0' ? factor + length : factor + length + 1;
    factor[length] = '\0';
    if (sv_import_number_read(factor, table->options->decimal == ',' ? ',' : '.', &pack->factor) != SV_NUMBER_READ ||
        pack->factor <= 0) {
        sv_import_reject(table, "packs", "\"%.40s\" is no number of pieces in a pack: one above 0 is wanted", factor);
        return false;
    }
    sv_pack_read_barcodes(table, text, pack);
    return true;
}

static bool
sv_pack_has_own_unit(sv_import_table_t *table, const sv_pack_t *packs, size_t count, const sv_pack_t *pack)
{
    const char *base = NULL;

    sv_import_code(table, "uom", SV_TEXT_NAME, SV_UOM_MAX, &base);
    if (base != NULL && strcmp(base, pack->uom) == 0) {
        sv_import_reject(table, "packs", "%s is the item's own unit", pack->uom);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(packs[i].uom, pack->uom) == 0) {
            sv_import_reject(table, "packs", "%s is there twice", pack->uom);
            return false;
        }
    }
    return true;
}

static void
sv_pack_append(bson_t *array, size_t i, const sv_pack_t *pack)
{
    char digits[16];
    const char *key;
    bson_t document, barcodes;

    bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT_BEGIN(array, key, &document);
    BSON_APPEND_UTF8(&document, "uom", pack->uom);
    sv_doc_put_quantity(&document, "factor", pack->factor);
    BSON_APPEND_ARRAY_BEGIN(&document, "barcodes", &barcodes);
    for (size_t k = 0; k < pack->count; k++) {
        bson_uint32_to_string((uint32_t) k, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&barcodes, key, pack->barcodes[k]);
    }
    bson_append_array_end(&document, &barcodes);
    bson_append_document_end(array, &document);
}

void
sv_import_put_packs(sv_import_table_t *table, bson_t *set)
{
    char *list = sv_arena_strdup(table->arena, sv_import_field(table, "packs")), *rest = NULL;
    sv_pack_t *packs = sv_arena_alloc(table->arena, SV_MAX_PACKS * sizeof(*packs));
    size_t count = 0;
    bson_t array;

    for (char *text = strtok_r(list, "|", &rest); text != NULL; text = strtok_r(NULL, "|", &rest)) {
        text = sv_text_strip(text, " \t\r\n");
        if (text[0] == '\0') {
            continue;
        }
        if (count == SV_MAX_PACKS) {
            sv_import_reject(table, "packs", "an item has at most %d packs", SV_MAX_PACKS);
            break;
        }
        count += sv_pack_read(table, text, &packs[count]) && sv_pack_has_own_unit(table, packs, count, &packs[count]);
    }
    BSON_APPEND_ARRAY_BEGIN(set, "packs", &array);
    for (size_t i = 0; i < count; i++) {
        sv_pack_append(&array, i, &packs[i]);
    }
    bson_append_array_end(set, &array);
}
