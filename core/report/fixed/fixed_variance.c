/* Variances: the items of each count that were found to be more or less than its book says. */
#include <string.h>

#include "core/counts/book.h"
#include "core/report/fixed/fixed_rows.h"
#include "core/report/rows/ratio.h"
#include "core/store/document.h"

enum { SV_FROM_COUNT = SV_FROM_JOIN, SV_FROM_ITEM, SV_FROM_USER };

static const sv_fixed_join_t sv_variance_joins[] = {
    { "session_id", SV_COLLECTION_SESSIONS, "session_id", NULL },
    { "item_code", SV_COLLECTION_ERP_ITEMS, "item_code", NULL },
    { "counted.last_user_id", SV_COLLECTION_USERS, "user_id", NULL },
};

static void
sv_variance_percent(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    (void) work;
    value->known = sv_ratio(sv_doc_quantity(row->documents[0], "variance"),
                            sv_doc_quantity(row->documents[0], "system_qty"), &value->number);
}

static void
sv_variance_value(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    sv_quantity_t unit_cost;

    (void) work;
    value->known = sv_book_cost(row->documents[0], &unit_cost) &&
                   sv_quantity_mul(sv_doc_quantity(row->documents[0], "variance"), unit_cost, &value->number);
}

static void
sv_variance_cost(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value)
{
    (void) work;
    value->known = sv_book_cost(row->documents[0], &value->number);
}

static const sv_fixed_cell_t sv_variance_cells[] = {
    { { "count_id", "Count", SV_COLUMN_TEXT, true, false, false }, SV_FROM_ROW, "session_id", NULL },
    { { "count_name", "Count's name", SV_COLUMN_TEXT, false, false, false }, SV_FROM_COUNT, "name", NULL },
    { { "count_started_at", "Count started at", SV_COLUMN_TIME, false, false, false },
      SV_FROM_COUNT,
      "started_at",
      NULL },
    { { "warehouse", "Warehouse", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ROW, "warehouse", NULL },
    { { "floor", "Floor", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ITEM, "floor", NULL },
    { { "item_code", "Item code", SV_COLUMN_TEXT, true, false, false }, SV_FROM_ROW, "item_code", NULL },
    { { "lot", "Lot", SV_COLUMN_TEXT, true, false, false }, SV_FROM_ROW, "lot", NULL },
    { { "item_name", "Item", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ITEM, "item_name", NULL },
    { { "category", "Category", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ITEM, "category", NULL },
    { { "subcategory", "Subcategory", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ITEM, "subcategory", NULL },
    { { "uom", "Unit", SV_COLUMN_TEXT, false, false, false }, SV_FROM_ITEM, "uom", NULL },
    { { "system_qty", "Book quantity", SV_COLUMN_QUANTITY, false, false, true }, SV_FROM_ROW, "system_qty", NULL },
    { { "verified_qty", "Verified quantity", SV_COLUMN_QUANTITY, false, false, true },
      SV_FROM_ROW,
      "counted.verified_qty",
      NULL },
    { { "damage_qty", "Damaged quantity", SV_COLUMN_QUANTITY, false, false, true },
      SV_FROM_ROW,
      "counted.damage_qty",
      NULL },
    { { "non_returnable_damaged_qty", "Damaged beyond return", SV_COLUMN_QUANTITY, false, false, true },
      SV_FROM_ROW,
      "counted.non_returnable_damaged_qty",
      NULL },
    { { "variance", "Variance", SV_COLUMN_QUANTITY, false, false, true }, SV_FROM_ROW, "variance", NULL },
    { { "variance_percent", "Variance %", SV_COLUMN_RATIO, false, false, false }, 0, NULL, sv_variance_percent },
    { { "unit_cost", "Unit cost", SV_COLUMN_MONEY, false, false, false }, 0, NULL, sv_variance_cost },
    { { "variance_value", "Variance value", SV_COLUMN_MONEY, false, false, true }, 0, NULL, sv_variance_value },
    { { "racks", "Racks", SV_COLUMN_INT, false, false, false }, SV_FROM_ROW, "counted.racks", NULL },
    { { "records", "Records", SV_COLUMN_INT, false, false, true }, SV_FROM_ROW, "counted.records", NULL },
    { { "counted_by", "Last counted by", SV_COLUMN_TEXT, false, false, false }, SV_FROM_USER, "full_name", NULL },
    { { "counted_at", "Last counted at", SV_COLUMN_TIME, false, false, false }, SV_FROM_ROW, "counted.at", NULL },
};

static bool
sv_is_text(const bson_t *document, const char *path, const char *wanted)
{
    bson_iter_t iter;

    return wanted == NULL || (document != NULL && bson_iter_init_find(&iter, document, path) &&
                              BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), wanted) == 0);
}

static bool
sv_variance_keep(const sv_fixed_work_t *work, const sv_fixed_row_t *row)
{
    return sv_is_text(row->documents[SV_FROM_ITEM], "floor", work->filters->floor) &&
           sv_is_text(row->documents[SV_FROM_ITEM], "category", work->filters->category);
}

/* The counts in question, in the order in which they began. */
static sv_status_t
sv_variance_counts(sv_fixed_work_t *work, mongoc_cursor_t **cursor, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}", "sort", "{", "started_at",
                             BCON_INT32(1), "session_id", BCON_INT32(1), "}", "allowDiskUse", BCON_BOOL(true)),
                    work->arena);

    sv_fixed_match_text(filter, "session_id", work->filters->count_id);
    sv_fixed_match_text(filter, "warehouse", work->filters->warehouse);
    sv_fixed_match_text(filter, "staff_user", work->filters->user);
    return sv_store_find(work->store, SV_COLLECTION_SESSIONS, filter, options, cursor, error);
}

static sv_status_t
sv_variance_of_count(sv_fixed_work_t *work, const char *count_id, sv_error_t *error)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *options = BCON_NEW("sort", "{", "session_id", BCON_INT32(1), "item_code", BCON_INT32(1), "}");
    mongoc_cursor_t *cursor;
    sv_status_t status;

    BCON_APPEND(&filter, "session_id", BCON_UTF8(count_id), "variance", "{", "$nin", "[", BCON_NULL, BCON_INT64(0), "]",
                "}");
    sv_fixed_match_text(&filter, "counted.last_user_id", work->filters->user);
    sv_fixed_match_time(&filter, "counted.at", work->filters);
    status = sv_store_find(work->store, SV_COLLECTION_SESSION_BOOK, &filter, options, &cursor, error);
    bson_destroy(&filter);
    bson_destroy(options);
    return status == SV_OK ? sv_fixed_stream(work, cursor, error) : status;
}

static sv_status_t
sv_variance_run(sv_fixed_work_t *work, sv_error_t *error)
{
    mongoc_cursor_t *cursor;
    const bson_t *count;
    sv_status_t status = sv_variance_counts(work, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &count)) {
        const char *count_id = sv_doc_text(count, "session_id", work->arena);

        status = count_id != NULL ? sv_variance_of_count(work, count_id, error) : SV_OK;
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(work->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

const sv_fixed_row_of_table_t sv_fixed_variance = {
    .report = { "variance", "Variances", "report.generate",
                SV_FILTER_WAREHOUSE | SV_FILTER_FLOOR | SV_FILTER_CATEGORY | SV_FILTER_USER | SV_FILTER_COUNT |
                    SV_FILTER_TIME,
                "counted" },
    .cells = sv_variance_cells,
    .cell_count = sizeof(sv_variance_cells) / sizeof(sv_variance_cells[0]),
    .joins = sv_variance_joins,
    .join_count = sizeof(sv_variance_joins) / sizeof(sv_variance_joins[0]),
    .keep = sv_variance_keep,
    .run = sv_variance_run,
};
