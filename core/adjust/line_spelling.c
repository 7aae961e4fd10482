#include "core/adjust/line_spelling.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* The chunk's lines by their items; those of one are chained. */
typedef struct sv_spelt_line_s {
    sv_adjustment_line_t *line;
    struct sv_spelt_line_s *next;
} sv_spelt_line_t;

typedef struct {
    sv_arena_t *arena;
    sv_text_map_t items; /* item_code -> sv_spelt_line_t */
    const char **codes;  /* of them, each once */
    size_t count;
} sv_spelling_t;

static void
sv_spelling_init(sv_spelling_t *spelling, sv_adjustment_line_t *lines, size_t count, sv_arena_t *arena)
{
    *spelling = (sv_spelling_t){ .arena = arena };
    sv_text_map_init(&spelling->items, arena, count);
    spelling->codes = sv_arena_alloc(arena, (count + 1) * sizeof(spelling->codes[0]));
    for (size_t i = 0; i < count; i++) {
        sv_spelt_line_t *spelt = sv_arena_alloc(arena, sizeof(*spelt));
        void **item = sv_text_map_put(&spelling->items, lines[i].item_code);

        if (*item == NULL) {
            spelling->codes[spelling->count++] = lines[i].item_code;
        }
        *spelt = (sv_spelt_line_t){ .line = &lines[i], .next = *item };
        *item = spelt;
    }
}

static sv_spelt_line_t *
sv_spelling_of(const sv_spelling_t *spelling, const bson_t *row)
{
    const char *code = sv_doc_text(row, "item_code", spelling->arena);

    return code != NULL ? sv_text_map_get(&spelling->items, code) : NULL;
}

static void
sv_spelling_take_code(const bson_t *row, void *context)
{
    const sv_spelling_t *spelling = context;
    const char *erp_code = sv_doc_text(row, "erp_code", spelling->arena);

    for (sv_spelt_line_t *spelt = sv_spelling_of(spelling, row); spelt != NULL; spelt = spelt->next) {
        spelt->line->erp_code = erp_code;
    }
}

static void
sv_spelling_take_stock(const bson_t *row, void *context)
{
    const sv_spelling_t *spelling = context;
    const char *lot = sv_doc_text(row, "lot", spelling->arena);
    const char *erp_lot = sv_doc_text(row, "erp_lot", spelling->arena);
    const char *erp_warehouse = sv_doc_text(row, "erp_warehouse", spelling->arena);

    for (sv_spelt_line_t *spelt = sv_spelling_of(spelling, row); spelt != NULL; spelt = spelt->next) {
        spelt->line->erp_warehouse = erp_warehouse;
        if (strcmp(spelt->line->lot, lot != NULL ? lot : "") == 0) {
            spelt->line->erp_lot = erp_lot;
        }
    }
}

/* Few items are spelt differently: only those are read.  Sorted, the development server finds them by their index. */
sv_status_t
sv_lines_spell(sv_store_t *store, const char *warehouse, sv_adjustment_line_t *lines, size_t count, sv_arena_t *arena,
               sv_error_t *error)
{
    sv_spelling_t spelling;
    bson_t *items = sv_doc_new(arena), *stock = sv_doc_new(arena);
    bson_t *differs = sv_doc_take(BCON_NEW("$or", "[", "{", "erp_lot", "{", "$ne", BCON_NULL, "}", "}", "{",
                                           "erp_warehouse", "{", "$ne", BCON_NULL, "}", "}", "]"),
                                  arena);
    bson_t *item_options = sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "projection", "{",
                                                "item_code", BCON_INT32(1), "erp_code", BCON_INT32(1), "}"),
                                       arena);
    bson_t *stock_options =
        sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "lot", BCON_INT32(1), "}"), arena);

    sv_spelling_init(&spelling, lines, count, arena);
    sv_filter_in(items, "item_code", spelling.codes, spelling.count);
    BCON_APPEND(items, "erp_code", "{", "$ne", BCON_NULL, "}");
    BSON_APPEND_UTF8(stock, "warehouse", warehouse);
    sv_filter_in(stock, "item_code", spelling.codes, spelling.count);
    sv_filter_rest(stock, differs);
    if (sv_store_each(store, SV_COLLECTION_ERP_ITEMS, items, item_options, sv_spelling_take_code, &spelling, error) !=
        SV_OK) {
        return error->status;
    }
    return sv_store_each(store, SV_COLLECTION_ITEM_STOCK, stock, stock_options, sv_spelling_take_stock, &spelling,
                         error);
}
