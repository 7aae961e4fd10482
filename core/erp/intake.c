#include "core/erp/intake.h"

#include <string.h>

#include "core/base/buffer.h"
#include "core/erp/field.h"
#include "core/import/bulk.h"
#include "core/import/number.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_INTAKE_ITEMS = 500, SV_LOT_MAX = 64 };

/* One row's stock, until its item is complete. */
typedef struct {
    const char *warehouse, *lot, *version;
    sv_quantity_t book_qty, unit_cost;
    bool has_book, has_cost;
} sv_stock_row_t;

struct sv_erp_intake_s {
    sv_store_t *store;
    const sv_erp_mapping_t *mapping;
    const char *run_id; /* NULL: nothing is marked */
    bool full;
    sv_arena_t *arena;  /* of the run */
    sv_arena_t *batch;  /* of what is not written yet */
    sv_arena_t *marked; /* of `taken` */
    const char **names; /* by column: the item's field, NULL */
    sv_erp_field_t *fields;
    size_t columns;
    int code_at, barcodes_at;
    sv_import_options_t options;
    sv_import_table_t table;
    sv_import_bulk_t bulk;
    /* the item under way */
    char **first; /* its first row */
    long line;
    const char *erp_code; /* NULL: none is under way */
    sv_buffer_t barcodes;
    sv_stock_row_t *stock;
    size_t stock_count, stock_capacity;
    bool good;
    /* of the batch */
    const char *seen[SV_INTAKE_ITEMS];  /* refused ones too: they are not delisted */
    const char *codes[SV_INTAKE_ITEMS]; /* those to be written */
    size_t seen_count, code_count;
    sv_bulk_t stock_bulk;
    bool stock_begun;
    sv_erp_taken_t taken;
};

bool
sv_erp_mark_later(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    size_t length;

    if (b == NULL) {
        return true;
    }
    length = strlen(a);
    if (a[strspn(a, digits)] == '\0' && b[strspn(b, digits)] == '\0' && length != strlen(b)) {
        return length > strlen(b);
    }
    return strcmp(a, b) > 0;
}

static void
sv_intake_note(const char **kept, const char *value, sv_erp_intake_t *intake)
{
    *kept = sv_arena_strdup(intake->marked, value);
}

sv_status_t
sv_erp_intake_open(sv_store_t *store, const sv_erp_mapping_t *mapping, const char *const *columns, size_t column_count,
                   const char *run_id, bool full, sv_import_report_t report, void *context, sv_erp_intake_t **opened,
                   sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_intake_t *intake = sv_arena_zalloc(arena, sizeof(*intake));

    *opened = intake;
    *intake = (sv_erp_intake_t){ .store = store, .mapping = mapping, .arena = arena, .columns = column_count };
    intake->run_id = run_id == NULL ? NULL : sv_arena_strdup(arena, run_id);
    intake->full = full;
    intake->batch = sv_arena_create();
    intake->marked = sv_arena_create();
    intake->code_at = intake->barcodes_at = -1;
    intake->names = sv_arena_zalloc(arena, (column_count + 2) * sizeof(*intake->names));
    intake->fields = sv_arena_zalloc(arena, (column_count + 2) * sizeof(*intake->fields));
    for (size_t i = 0; i < column_count; i++) {
        const char *field = sv_erp_mapping_field(mapping, columns[i]);

        intake->fields[i] = field == NULL ? SV_ERP_FIELD_NONE : sv_erp_field(field);
        intake->names[i] = intake->fields[i] == SV_ERP_FIELD_OF_ITEM ? field : NULL;
        intake->code_at = field != NULL && strcmp(field, "item_code") == 0 ? (int) i : intake->code_at;
        intake->barcodes_at = field != NULL && strcmp(field, "barcodes") == 0 ? (int) i : intake->barcodes_at;
    }
    if (intake->barcodes_at < 0) {
        /* each row's barcode is one of the item's */
        intake->barcodes_at = (int) intake->columns++;
        intake->names[intake->barcodes_at] = "barcodes";
        intake->fields[intake->barcodes_at] = SV_ERP_FIELD_OF_ITEM;
    }
    intake->options = (sv_import_options_t){
        .default_warehouse = mapping->warehouse, .decimal = mapping->decimal, .report = report, .context = context
    };
    if (sv_import_items_begin(&intake->table, intake->names, intake->columns, &intake->options, error) == SV_OK &&
        (intake->code_at < 0 || !sv_import_has(&intake->table, "item_name"))) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "The ERP's statement has no column for item_code or for item_name");
    }
    if (sv_import_bulk_init(&intake->bulk, store, SV_COLLECTION_ERP_ITEMS, &intake->table, error) == SV_OK) {
        intake->bulk.derived = sv_import_items_derived();
    }
    return error->status;
}

void
sv_erp_intake_close(sv_erp_intake_t *intake)
{
    if (intake == NULL) {
        return;
    }
    if (intake->stock_begun) {
        sv_bulk_discard(&intake->stock_bulk);
    }
    sv_import_bulk_close(&intake->bulk);
    sv_import_table_close(&intake->table);
    sv_arena_destroy(intake->batch);
    sv_arena_destroy(intake->marked);
    sv_arena_destroy(intake->arena);
}

const sv_erp_taken_t *
sv_erp_intake_taken(const sv_erp_intake_t *intake)
{
    return &intake->taken;
}

/* {$set: what the row says, and what the ERP calls it; ...} */
static const bson_t *
sv_intake_update(const sv_erp_intake_t *intake, const bson_t *update)
{
    const bson_t *said = sv_doc_child(update, "$set", intake->batch);
    bson_t *whole = sv_doc_new(intake->batch), set;

    bson_copy_to_excluding_noinit(update, whole, "$set", NULL);
    BSON_APPEND_DOCUMENT_BEGIN(whole, "$set", &set);
    bson_concat(&set, said);
    BSON_APPEND_UTF8(&set, "erp_code", intake->erp_code);
    bson_append_document_end(whole, &set);
    return whole;
}

static sv_status_t
sv_intake_put_stock(sv_erp_intake_t *intake, const char *item_code, const sv_stock_row_t *row, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("warehouse", BCON_UTF8(row->warehouse), "item_code", BCON_UTF8(item_code), "lot", BCON_UTF8(row->lot)),
        intake->batch);
    bson_t *update = sv_doc_new(intake->batch), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_doc_put_quantity(&set, "book_qty", row->book_qty);
    if (row->has_cost) {
        sv_doc_put_quantity(&set, "unit_cost", row->unit_cost);
    }
    sv_doc_put_text(&set, "erp_version", row->version);
    if (intake->run_id != NULL) {
        BSON_APPEND_UTF8(&set, "erp_run", intake->run_id);
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "synced_at", BCON_BOOL(true), "}");
    if (!intake->stock_begun) {
        sv_bulk_begin(&intake->stock_bulk, intake->store, SV_COLLECTION_ITEM_STOCK, intake->batch);
        intake->stock_begun = true;
    }
    return sv_bulk_update(&intake->stock_bulk, filter, update, true, error);
}

static sv_status_t
sv_intake_take(void *context, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    sv_erp_intake_t *intake = context;
    const char *item_code = sv_doc_text(selector, "item_code", intake->batch);

    sv_intake_note(&intake->taken.item_code, item_code, intake);
    if (!intake->good) {
        intake->taken.refused++;
        return SV_OK;
    }
    if (sv_import_bulk_put(&intake->bulk, line, selector, sv_intake_update(intake, update), error) != SV_OK) {
        return error->status;
    }
    intake->codes[intake->code_count++] = item_code;
    for (size_t i = 0; i < intake->stock_count && error->status == SV_OK; i++) {
        if (intake->stock[i].has_book && intake->stock[i].warehouse != NULL) {
            sv_intake_put_stock(intake, item_code, &intake->stock[i], error);
        }
    }
    return error->status;
}

/* The item's rows are all there. */
static sv_status_t
sv_intake_item(sv_erp_intake_t *intake, sv_error_t *error)
{
    int64_t errors = intake->table.errors;
    const char *code;

    if (intake->erp_code == NULL) {
        return SV_OK;
    }
    code = sv_text_pass(SV_TEXT_CODE, intake->erp_code, 64, intake->batch);
    if (code != NULL) {
        intake->seen[intake->seen_count++] = code;
    }
    intake->taken.items++;
    intake->first[intake->barcodes_at] = intake->barcodes.data;
    sv_import_items_row(&intake->table, intake->line, intake->first, sv_intake_take, intake, error);
    intake->taken.refused += intake->table.errors > errors && !intake->table.good;
    intake->stock = NULL;
    intake->stock_count = intake->stock_capacity = 0;
    return error->status;
}

static sv_status_t
sv_intake_stamp(sv_erp_intake_t *intake, sv_error_t *error)
{
    bson_t *items = sv_doc_new(intake->batch), *stale = sv_doc_new(intake->batch), zero;
    bson_t *seen = sv_doc_take(BCON_NEW("$set", "{", "erp_run", BCON_UTF8(intake->run_id), "}"), intake->batch);
    bson_t *gone = sv_doc_new(intake->batch);
    int64_t matched;

    sv_filter_in(items, "item_code", intake->seen, intake->seen_count);
    sv_filter_in(stale, "item_code", intake->codes, intake->code_count);
    BCON_APPEND(stale, "erp_run", "{", "$ne", BCON_UTF8(intake->run_id), "}");
    BSON_APPEND_DOCUMENT_BEGIN(gone, "$set", &zero);
    sv_doc_put_quantity(&zero, "book_qty", 0);
    BSON_APPEND_UTF8(&zero, "erp_run", intake->run_id);
    bson_append_document_end(gone, &zero);
    BCON_APPEND(gone, "$currentDate", "{", "synced_at", BCON_BOOL(true), "}");
    if (sv_store_update_many(intake->store, SV_COLLECTION_ITEM_STOCK, stale, gone, &matched, error) == SV_OK &&
        intake->full) {
        sv_store_update_many(intake->store, SV_COLLECTION_ERP_ITEMS, items, seen, &matched, error);
    }
    return error->status;
}

static sv_status_t
sv_intake_write_stock(sv_erp_intake_t *intake, sv_error_t *error)
{
    sv_bulk_result_t result;

    if (!intake->stock_begun) {
        return SV_OK;
    }
    intake->stock_begun = false;
    if (sv_bulk_run(&intake->stock_bulk, intake->batch, &result, error) == SV_OK &&
        result.failed_count + (size_t) result.duplicates > 0) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%zu rows of stock were not written",
                             result.failed_count + (size_t) result.duplicates);
    }
    return error->status;
}

/* Items first, so that no stock is without its item. */
static sv_status_t
sv_intake_write(sv_erp_intake_t *intake, const char *after, sv_error_t *error)
{
    if (intake->seen_count > 0 && sv_import_bulk_flush(&intake->bulk, error) == SV_OK &&
        sv_intake_write_stock(intake, error) == SV_OK && intake->run_id != NULL) {
        sv_intake_stamp(intake, error);
    }
    if (error->status == SV_OK) {
        sv_intake_note(&intake->taken.after, after, intake);
        intake->taken.created = intake->bulk.created;
        intake->taken.changed = intake->bulk.changed;
        intake->taken.unchanged = intake->bulk.unchanged;
        intake->code_count = intake->seen_count = 0;
        sv_arena_destroy(intake->batch);
        intake->batch = sv_arena_create();
    }
    return error->status;
}

/* What identifies on a row, through the gate; *good false when it was reported. */
static const char *
sv_intake_identity(sv_erp_intake_t *intake, const char *name, const char *text, sv_text_kind_t kind, size_t max)
{
    const char *clean = text;
    sv_text_fault_t fault = sv_text_gate(kind, text, strlen(text), max, intake->batch, &clean);

    if (fault != SV_TEXT_OK) {
        intake->good = false;
        intake->options.report(intake->options.context, (long) intake->taken.rows, name,
                               sv_text_fault_sentence(fault, kind, max, intake->batch));
    }
    return clean;
}

static void
sv_intake_number(sv_erp_intake_t *intake, const char *name, const char *text, sv_quantity_t *value, bool *has)
{
    *has = sv_import_number_read(text, intake->mapping->decimal, value) == SV_NUMBER_READ;
    if (!*has) {
        intake->good = false;
        intake->options.report(intake->options.context, (long) intake->taken.rows, name,
                               sv_arena_printf(intake->batch, "\"%.40s\" is not a number of at most six places", text));
    }
}

static bool
sv_stock_row_same(const sv_stock_row_t *a, const sv_stock_row_t *b)
{
    return a->warehouse != NULL && b->warehouse != NULL && strcmp(a->warehouse, b->warehouse) == 0 &&
           strcmp(a->lot, b->lot) == 0;
}

/* A lot may come in several batches: their stock is the lot's. */
static void
sv_intake_add_stock(sv_erp_intake_t *intake, const sv_stock_row_t *row)
{
    for (size_t i = 0; i < intake->stock_count; i++) {
        if (sv_stock_row_same(&intake->stock[i], row)) {
            sv_quantity_add(intake->stock[i].book_qty, row->book_qty, &intake->stock[i].book_qty);
            return;
        }
    }
    intake->stock = sv_arena_grow(intake->batch, intake->stock, intake->stock_count, &intake->stock_capacity,
                                  sizeof(*intake->stock));
    intake->stock[intake->stock_count++] = *row;
}

static void
sv_intake_cell(sv_erp_intake_t *intake, size_t i, const char *text, sv_stock_row_t *row)
{
    const char *name = intake->names[i];

    if (text[0] == '\0') {
        return;
    }
    if (intake->fields[i] == SV_ERP_FIELD_LOT) {
        row->lot = sv_intake_identity(intake, "lot", text, SV_TEXT_CODE, SV_LOT_MAX);
    } else if (intake->fields[i] == SV_ERP_FIELD_VERSION) {
        row->version = sv_intake_identity(intake, "erp_version", text, SV_TEXT_NAME, 64);
    } else if (intake->fields[i] == SV_ERP_FIELD_CHANGED_AT) {
        if (sv_erp_mark_later(text, intake->taken.mark)) {
            sv_intake_note(&intake->taken.mark, text, intake);
        }
    } else if (name != NULL && strcmp(name, "warehouse") == 0) {
        row->warehouse = sv_intake_identity(intake, name, text, SV_TEXT_NAME, 64);
    } else if (name != NULL && strcmp(name, "stock_qty") == 0) {
        sv_intake_number(intake, name, text, &row->book_qty, &row->has_book);
    } else if (name != NULL && strcmp(name, "unit_cost") == 0) {
        sv_intake_number(intake, name, text, &row->unit_cost, &row->has_cost);
    } else if (name != NULL && (strcmp(name, "barcode") == 0 || strcmp(name, "barcodes") == 0)) {
        sv_buffer_puts(&intake->barcodes, intake->barcodes.length > 0 ? "|" : "");
        sv_buffer_puts(&intake->barcodes, text);
    }
}

/* The row's texts: "" for NULL, and what is no text becomes what no gate lets pass. */
static char **
sv_intake_cells(const sv_erp_intake_t *intake, const bson_t *row)
{
    char **cells = sv_arena_alloc(intake->batch, intake->columns * sizeof(*cells));
    bson_iter_t iter;
    size_t i = 0;

    for (size_t k = 0; k < intake->columns; k++) {
        cells[k] = "";
    }
    if (bson_iter_init(&iter, row)) {
        while (bson_iter_next(&iter) && i < intake->columns) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                uint32_t length;
                const char *text = bson_iter_utf8(&iter, &length);

                cells[i] = strlen(text) == length ? sv_arena_strdup(intake->batch, text) : "\xff";
            }
            i++;
        }
    }
    return cells;
}

static sv_status_t
sv_intake_row(sv_erp_intake_t *intake, const bson_t *row, bool *stored, sv_error_t *error)
{
    sv_stock_row_t stock = { .lot = "" };
    char **cells = sv_intake_cells(intake, row);
    const char *code = cells[intake->code_at];

    if (intake->erp_code == NULL || strcmp(intake->erp_code, code) != 0) {
        if (sv_intake_item(intake, error) != SV_OK) {
            return error->status;
        }
        if (intake->seen_count == SV_INTAKE_ITEMS) {
            const char *kept = sv_arena_strdup(intake->marked, intake->erp_code);

            if (sv_intake_write(intake, kept, error) != SV_OK) {
                return error->status;
            }
            *stored = true;
            cells = sv_intake_cells(intake, row); /* the batch's memory is a new one */
            code = cells[intake->code_at];
        }
        intake->erp_code = code;
        intake->first = cells;
        intake->line = (long) intake->taken.rows + 1;
        intake->good = true;
        sv_buffer_init(&intake->barcodes, intake->batch, 64);
        sv_buffer_puts(&intake->barcodes, "");
    }
    intake->taken.rows++;
    stock.warehouse = intake->mapping->warehouse;
    for (size_t i = 0; i < intake->columns; i++) {
        sv_intake_cell(intake, i, cells[i], &stock);
    }
    sv_intake_add_stock(intake, &stock);
    return SV_OK;
}

sv_status_t
sv_erp_intake_rows(sv_erp_intake_t *intake, const bson_t *rows, bool *stored, sv_error_t *error)
{
    bson_iter_t iter;

    *stored = false;
    if (!bson_iter_init(&iter, rows)) {
        return SV_OK;
    }
    while (error->status == SV_OK && bson_iter_next(&iter)) {
        const uint8_t *bytes;
        uint32_t length;
        bson_t row;

        bson_iter_array(&iter, &length, &bytes);
        if (bson_init_static(&row, bytes, length)) {
            sv_intake_row(intake, &row, stored, error);
        }
    }
    return error->status;
}

sv_status_t
sv_erp_intake_finish(sv_erp_intake_t *intake, sv_error_t *error)
{
    if (intake->erp_code == NULL || sv_intake_item(intake, error) != SV_OK) {
        return error->status;
    }
    sv_intake_write(intake, sv_arena_strdup(intake->marked, intake->erp_code), error);
    intake->erp_code = NULL;
    return error->status;
}

sv_status_t
sv_erp_delist(sv_store_t *store, const char *run_id, int64_t *delisted, sv_error_t *error)
{
    bson_t *seen = sv_doc_take(BCON_NEW("erp_run", BCON_UTF8(run_id)), error->arena);
    bson_t *unseen = sv_doc_take(BCON_NEW("erp_code", "{", "$exists", BCON_BOOL(true), "}", "erp_run", "{", "$exists",
                                          BCON_BOOL(true), "$ne", BCON_UTF8(run_id), "}", "deleted", "{", "$ne",
                                          BCON_BOOL(true), "}"),
                                 error->arena);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "deleted", BCON_BOOL(true), "}", "$currentDate", "{", "updated_at", BCON_BOOL(true), "}"),
        error->arena);
    const bson_t *any = NULL;

    *delisted = 0;
    if (sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, seen, NULL, error->arena, &any, error) != SV_OK) {
        return error->status;
    }
    if (any == NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The ERP told no items: none is taken for delisted");
    }
    return sv_store_update_many(store, SV_COLLECTION_ERP_ITEMS, unseen, update, delisted, error);
}
