/* Stock summary: what the books say and what was found, by warehouse, floor, category and unit. */
#include "core/report/fixed/fixed_rows.h"
#include "core/report/rows/ratio.h"
#include "core/store/document.h"

static void
sv_stock_share(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    (void) work;
    value->known = sv_ratio(sv_doc_int(row->documents[0], "verified_items"), sv_doc_int(row->documents[0], "items"),
                            &value->number);
}

#define SV_STOCK_GROUP(name, title)                                                                                    \
    {                                                                                                                  \
        { name, title, SV_COLUMN_TEXT, true, true, false }, SV_FROM_ROW, "_id." name, NULL                             \
    }
#define SV_STOCK_SUM(name, title, type)                                                                                \
    {                                                                                                                  \
        { name, title, SV_COLUMN_##type, false, false, true }, SV_FROM_ROW, name, NULL                                 \
    }

static const sv_fixed_cell_t sv_stock_cells[] = {
    SV_STOCK_GROUP("warehouse", "Warehouse"),
    SV_STOCK_GROUP("floor", "Floor"),
    SV_STOCK_GROUP("category", "Category"),
    SV_STOCK_GROUP("uom", "Unit"),
    SV_STOCK_SUM("items", "Items", INT),
    SV_STOCK_SUM("verified_items", "Verified items", INT),
    { { "verified_share", "Verified %", SV_COLUMN_RATIO, false, false, false }, 0, NULL, sv_stock_share },
    SV_STOCK_SUM("stock_qty", "Stock quantity", QUANTITY),
    SV_STOCK_SUM("verified_qty", "Verified quantity", QUANTITY),
    SV_STOCK_SUM("damaged_qty", "Damaged quantity", QUANTITY),
    SV_STOCK_SUM("non_returnable_damaged_qty", "Damaged beyond return", QUANTITY),
    SV_STOCK_SUM("variance", "Variance", QUANTITY),
    SV_STOCK_SUM("stock_value", "Stock value", MONEY),
    SV_STOCK_SUM("variance_value", "Variance value", MONEY),
};

static void
sv_stock_match(const sv_fixed_filters_t *filters, bson_t *match)
{
    BCON_APPEND(match, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    sv_fixed_match_text(match, "warehouse", filters->warehouse);
    sv_fixed_match_text(match, "floor", filters->floor);
    sv_fixed_match_text(match, "category", filters->category);
    sv_fixed_match_text(match, "verified_by", filters->user);
    sv_fixed_match_time(match, "verified_at", filters);
}

static void
sv_stock_put_sum(bson_t *group, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "$%s", name);
    BCON_APPEND(group, name, "{", "$sum", BCON_UTF8(path), "}");
}

/* quantity x unit cost, each item's rounded to six places, half away from zero as everywhere ($round goes to the even
 * one): half a millionth is added to the size, and what is behind the sixth place is cut off. */
static void
sv_stock_put_value(bson_t *group, const char *name, const char *quantity)
{
    bson_decimal128_t up, down;

    bson_decimal128_from_string("0.0000005", &up);
    bson_decimal128_from_string("-0.0000005", &down);
    BCON_APPEND(group, name, "{", "$sum", "{", "$trunc", "[", "{", "$add", "[", "{", "$multiply", "[",
                BCON_UTF8(quantity), "$unit_cost", "]", "}", "{", "$cond", "[", "{", "$lt", "[", "{", "$multiply", "[",
                BCON_UTF8(quantity), "$unit_cost", "]", "}", BCON_INT32(0), "]", "}", BCON_DECIMAL128(&down),
                BCON_DECIMAL128(&up), "]", "}", "]", "}", BCON_INT32(6), "]", "}", "}");
}

/* A field that an item never had is like one that was cleared. */
static void
sv_stock_put_key(bson_t *key, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "$%s", name);
    BCON_APPEND(key, name, "{", "$ifNull", "[", BCON_UTF8(path), BCON_NULL, "]", "}");
}

static void
sv_stock_put_group(bson_t *group)
{
    bson_t key;

    BSON_APPEND_DOCUMENT_BEGIN(group, "_id", &key);
    sv_stock_put_key(&key, "warehouse");
    sv_stock_put_key(&key, "floor");
    sv_stock_put_key(&key, "category");
    sv_stock_put_key(&key, "uom");
    bson_append_document_end(group, &key);
    BCON_APPEND(group, "items", "{", "$sum", BCON_INT64(1), "}", "verified_items", "{", "$sum", "{", "$cond", "[", "{",
                "$eq", "[", "$verified", BCON_BOOL(true), "]", "}", BCON_INT64(1), BCON_INT64(0), "]", "}", "}");
    sv_stock_put_sum(group, "stock_qty");
    sv_stock_put_sum(group, "verified_qty");
    sv_stock_put_sum(group, "damaged_qty");
    sv_stock_put_sum(group, "non_returnable_damaged_qty");
    sv_stock_put_sum(group, "variance");
    sv_stock_put_value(group, "stock_value", "$stock_qty");
    sv_stock_put_value(group, "variance_value", "$variance");
}

static sv_status_t
sv_stock_run(sv_fixed_work_t *work, sv_error_t *error)
{
    bson_t *pipeline = sv_doc_new(work->arena), stages, stage, inner;
    mongoc_cursor_t *cursor;

    BSON_APPEND_ARRAY_BEGIN(pipeline, "pipeline", &stages);
    BSON_APPEND_DOCUMENT_BEGIN(&stages, "0", &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stage, "$match", &inner);
    sv_stock_match(work->filters, &inner);
    bson_append_document_end(&stage, &inner);
    bson_append_document_end(&stages, &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stages, "1", &stage);
    BSON_APPEND_DOCUMENT_BEGIN(&stage, "$group", &inner);
    sv_stock_put_group(&inner);
    bson_append_document_end(&stage, &inner);
    bson_append_document_end(&stages, &stage);
    BCON_APPEND(&stages, "2", "{", "$sort", "{", "_id.warehouse", BCON_INT32(1), "_id.floor", BCON_INT32(1),
                "_id.category", BCON_INT32(1), "_id.uom", BCON_INT32(1), "}", "}");
    bson_append_array_end(pipeline, &stages);
    return sv_fixed_aggregate(work, SV_COLLECTION_ERP_ITEMS, pipeline, &cursor, error) == SV_OK
               ? sv_fixed_stream(work, cursor, error)
               : error->status;
}

const sv_fixed_row_of_table_t sv_fixed_stock_summary = {
    .report = { "stock_summary", "Stock summary", "report.generate",
                SV_FILTER_WAREHOUSE | SV_FILTER_FLOOR | SV_FILTER_CATEGORY | SV_FILTER_USER | SV_FILTER_TIME,
                "verified" },
    .cells = sv_stock_cells,
    .cell_count = sizeof(sv_stock_cells) / sizeof(sv_stock_cells[0]),
    .run = sv_stock_run,
};
