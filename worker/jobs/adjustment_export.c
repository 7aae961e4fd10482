/* Writes an adjustment's lines into a file for the ERP.  The job's params are core/adjust/adjustment_export.h's. */
#include <string.h>

#include "core/adjust/adjustment.h"
#include "core/erp/mapping.h"
#include "core/erp/sync.h"
#include "core/report/files/export_request.h"
#include "core/report/rows/row_build.h"
#include "core/store/document.h"
#include "worker/export/export_job.h"
#include "worker/jobs/kinds.h"

/* A column of the file and where its value stands in a line; `erp` goes before `field` where it is there. */
typedef struct {
    sv_column_t column;
    const char *field, *erp;
} sv_adjustment_column_t;

static const sv_adjustment_column_t sv_adjustment_columns[] = {
    { { "adjustment_id", "Adjustment", SV_COLUMN_TEXT, true, false, false }, "adjustment_id", NULL },
    { { "line", "Line", SV_COLUMN_INT, true, false, false }, "n", NULL },
    { { "item_code", "Item", SV_COLUMN_TEXT, false, false, false }, "item_code", "erp_code" },
    { { "warehouse", "Warehouse", SV_COLUMN_TEXT, false, false, false }, "warehouse", "erp_warehouse" },
    { { "lot", "Lot", SV_COLUMN_TEXT, false, false, false }, "lot", "erp_lot" },
    { { "delta", "Difference", SV_COLUMN_QUANTITY, false, false, true }, "delta", NULL },
    { { "uom", "Unit", SV_COLUMN_TEXT, false, false, false }, "uom", NULL },
    { { "unit_cost", "Unit cost", SV_COLUMN_MONEY, false, false, false }, "unit_cost", NULL },
    { { "value", "Value", SV_COLUMN_MONEY, false, false, true }, "value", NULL },
    { { "counted_at", "Counted at", SV_COLUMN_TIME, false, false, false }, "counted_at", NULL },
};

enum { SV_ADJUSTMENT_COLUMNS = sizeof(sv_adjustment_columns) / sizeof(sv_adjustment_columns[0]) };

typedef struct {
    sv_job_run_t *run;
    sv_adjustment_t adjustment;
    sv_column_t columns[SV_ADJUSTMENT_COLUMNS];
} sv_adjustment_file_t;

/* In a CSV columns are called as the ERP calls its own. */
static sv_status_t
sv_file_name_columns(sv_adjustment_file_t *file, const sv_format_t *format, sv_error_t *error)
{
    const sv_settings_t *settings = file->run->settings;
    sv_erp_mapping_t *mapping = sv_arena_zalloc(file->run->arena, sizeof(*mapping));

    for (size_t i = 0; i < SV_ADJUSTMENT_COLUMNS; i++) {
        file->columns[i] = sv_adjustment_columns[i].column;
    }
    if (strcmp(format->name, "csv") != 0 || !sv_erp_configured(settings)) {
        return SV_OK;
    }
    if (sv_erp_mapping_read(settings->erp_mapping, file->run->arena, mapping, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        for (size_t c = 0; c < SV_ADJUSTMENT_COLUMNS; c++) {
            if (strcmp(mapping->columns[i].field, sv_adjustment_columns[c].column.name) == 0) {
                file->columns[c].name = mapping->columns[i].column;
            }
        }
    }
    return SV_OK;
}

static void
sv_file_put_value(sv_row_builder_t *builder, const sv_adjustment_column_t *column, const bson_t *line,
                  sv_arena_t *arena)
{
    sv_row_value_t value = { .known = sv_doc_has(line, column->field) };

    switch (column->column.type) {
    case SV_COLUMN_TEXT:
        value.text = column->erp != NULL ? sv_doc_text(line, column->erp, arena) : NULL;
        value.text = value.text != NULL ? value.text : sv_doc_text(line, column->field, arena);
        value.known = value.text != NULL;
        value.length = value.known ? (uint32_t) strlen(value.text) : 0;
        break;
    case SV_COLUMN_INT:
        value.number = sv_doc_int(line, column->field);
        break;
    case SV_COLUMN_TIME:
        value.number = sv_doc_time(line, column->field);
        break;
    default:
        value.number = sv_doc_quantity(line, column->field);
        break;
    }
    sv_row_builder_put(builder, &value);
}

static sv_status_t
sv_file_rows(void *source, sv_report_row_t row, void *context, sv_error_t *error)
{
    sv_adjustment_file_t *file = source;
    sv_arena_t *arena = file->run->arena;
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(file->adjustment.adjustment_id), "posting.state",
                                          "{", "$ne", "superseded", "}"),
                                 arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "n", BCON_INT32(1), "}"), arena);
    sv_row_builder_t builder;
    mongoc_cursor_t *cursor;
    const bson_t *line;

    if (sv_store_find(file->run->store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    sv_row_builder_init(&builder, file->columns, SV_ADJUSTMENT_COLUMNS, arena);
    while (error->status == SV_OK && mongoc_cursor_next(cursor, &line)) {
        sv_arena_t *own = sv_arena_create();
        const bson_t *built;

        sv_row_builder_begin(&builder);
        for (size_t i = 0; i < SV_ADJUSTMENT_COLUMNS; i++) {
            sv_file_put_value(&builder, &sv_adjustment_columns[i], line, own);
        }
        built = sv_row_builder_end(&builder, error);
        if (built != NULL) {
            error->status = row(context, built, error);
        }
        sv_arena_destroy(own);
    }
    if (error->status == SV_OK) {
        sv_store_cursor_end(file->run->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return error->status;
}

sv_status_t
sv_job_adjustment_export(sv_job_run_t *run, sv_error_t *error)
{
    const char *id = sv_doc_text(run->claim->params, "adjustment_id", run->arena);
    sv_adjustment_file_t file = { .run = run };
    sv_export_head_t head = { .subtitle = "", .digest = "", .rows = -1 };
    sv_export_job_t job = { .head = &head, .rows = sv_file_rows, .source = &file };

    if (id == NULL || !sv_format_options_load(run->claim->params, &job.format, &head.options, run->arena)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job does not say which adjustment, in which format");
    }
    if (sv_adjustment_find(run->store, id, run->arena, &file.adjustment, error) != SV_OK ||
        sv_file_name_columns(&file, job.format, error) != SV_OK) {
        return error->status;
    }
    head.title =
        sv_arena_printf(run->arena, "Adjustment %s %lld", file.adjustment.warehouse, (long long) file.adjustment.seq);
    head.subtitle = sv_doc_text(file.adjustment.document, "note", run->arena);
    head.subtitle = head.subtitle != NULL ? head.subtitle : "";
    head.made_by = sv_doc_text(file.adjustment.document, "approved_by.full_name", run->arena);
    head.taken_at_ms = sv_doc_time(file.adjustment.document, "approved_at");
    head.source = sv_arena_printf(run->arena, "adjustment %s", id);
    head.columns = file.columns;
    head.column_count = SV_ADJUSTMENT_COLUMNS;
    return sv_export_job(run, &job, error);
}
