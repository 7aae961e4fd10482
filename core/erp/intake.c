#include "core/erp/intake.h"

#include <string.h>

#include "core/base/buffer.h"
#include "core/base/text.h"
#include "core/erp/field.h"
#include "core/erp/intake_write.h"
#include "core/erp/row.h"
#include "core/import/import.h"
#include "core/import/number.h"
#include "core/stock/stock.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse_code.h"

enum { SV_ITEM_CODE_MAX = 64, SV_VERSION_MAX = 64, SV_MARK_MAX = 128 };

struct sv_erp_intake_s {
    const sv_erp_mapping_t *mapping;
    sv_erp_intake_options_t options;
    sv_arena_t *arena;  /* of the run */
    sv_arena_t *marked; /* of `taken` */
    const char **names; /* by column: the item's field, NULL */
    sv_erp_field_t *fields;
    size_t columns;
    int code_at, barcodes_at;
    bool tells_stock;
    sv_import_options_t import_options;
    sv_import_table_t table;
    sv_import_bulk_t bulk;
    sv_intake_batch_t batch;
    /* the item under way */
    char **first; /* its first row */
    int64_t row;
    const char *erp_code;  /* NULL: none is under way */
    const char *item_code; /* NULL: it is no code */
    sv_buffer_t barcodes;
    size_t first_stock;
    bool good;
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

static void
sv_intake_report(void *context, long line, const char *column, const char *message)
{
    const sv_erp_intake_t *intake = context;

    intake->options.report(intake->options.context, line, intake->erp_code == NULL ? NULL : intake->item_code, column,
                           message);
}

static void
sv_intake_find_fields(sv_erp_intake_t *intake, const char *const *columns, size_t column_count)
{
    intake->names = sv_arena_zalloc(intake->arena, (column_count + 2) * sizeof(*intake->names));
    intake->fields = sv_arena_zalloc(intake->arena, (column_count + 2) * sizeof(*intake->fields));
    intake->columns = column_count;
    intake->code_at = intake->barcodes_at = -1;
    for (size_t i = 0; i < column_count; i++) {
        const char *field = sv_erp_mapping_field(intake->mapping, columns[i]);

        intake->fields[i] = field == NULL ? SV_ERP_FIELD_NONE : sv_erp_field(field);
        intake->names[i] = intake->fields[i] == SV_ERP_FIELD_OF_ITEM ? field : NULL;
        intake->code_at = field != NULL && strcmp(field, "item_code") == 0 ? (int) i : intake->code_at;
        intake->barcodes_at = field != NULL && strcmp(field, "barcodes") == 0 ? (int) i : intake->barcodes_at;
        intake->tells_stock |= field != NULL && strcmp(field, "stock_qty") == 0;
    }
    if (intake->barcodes_at < 0) {
        /* each row's barcode is one of the item's */
        intake->barcodes_at = (int) intake->columns++;
        intake->names[intake->barcodes_at] = "barcodes";
        intake->fields[intake->barcodes_at] = SV_ERP_FIELD_OF_ITEM;
    }
}

sv_status_t
sv_erp_intake_open(sv_store_t *store, const sv_erp_mapping_t *mapping, const char *const *columns, size_t column_count,
                   const sv_erp_intake_options_t *options, sv_erp_intake_t **opened, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_intake_t *intake = sv_arena_zalloc(arena, sizeof(*intake));

    *opened = intake;
    intake->mapping = mapping;
    intake->options = *options;
    intake->options.run_id = options->run_id == NULL ? NULL : sv_arena_strdup(arena, options->run_id);
    intake->arena = arena;
    intake->marked = sv_arena_create();
    intake->batch = (sv_intake_batch_t){
        .store = store, .options = &intake->options, .bulk = &intake->bulk, .arena = sv_arena_create()
    };
    sv_intake_find_fields(intake, columns, column_count);
    intake->import_options = (sv_import_options_t){ .default_warehouse = mapping->warehouse,
                                                    .decimal = mapping->decimal,
                                                    .report = sv_intake_report,
                                                    .context = intake };
    if (sv_import_items_begin(&intake->table, intake->names, intake->columns, &intake->import_options, error) ==
            SV_OK &&
        (intake->code_at < 0 || !sv_import_has(&intake->table, "item_name"))) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "The ERP's statement has no column for item_code or for item_name");
    }
    if (error->status == SV_OK &&
        sv_import_bulk_init(&intake->bulk, store, SV_COLLECTION_ERP_ITEMS, &intake->table, error) == SV_OK) {
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
    sv_import_bulk_close(&intake->bulk);
    sv_import_table_close(&intake->table);
    sv_arena_destroy(intake->batch.arena);
    sv_arena_destroy(intake->marked);
    sv_arena_destroy(intake->arena);
}

const sv_erp_taken_t *
sv_erp_intake_taken(const sv_erp_intake_t *intake)
{
    return &intake->taken;
}

/* ---- an item whose rows are all there */

static sv_status_t
sv_intake_take(void *context, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    sv_erp_intake_t *intake = context;

    (void) line;
    (void) selector;
    (void) error;
    if (intake->good) {
        intake->batch.items[intake->batch.count].update = sv_doc_copy(update, intake->batch.arena);
    }
    return SV_OK;
}

static sv_status_t
sv_intake_item(sv_erp_intake_t *intake, sv_error_t *error)
{
    sv_intake_item_t *item = &intake->batch.items[intake->batch.count];

    if (intake->erp_code == NULL) {
        return SV_OK;
    }
    *item = (sv_intake_item_t){ .row = intake->row,
                                .item_code = intake->item_code,
                                .erp_code = intake->erp_code,
                                .first_stock = intake->first_stock };
    intake->taken.items++;
    intake->first[intake->barcodes_at] = intake->barcodes.data;
    sv_import_items_row(&intake->table, (long) intake->row, intake->first, sv_intake_take, intake, error);
    if (item->update == NULL) {
        intake->taken.refused++;
    }
    if (item->item_code != NULL) {
        sv_intake_note(&intake->taken.item_code, item->item_code, intake);
        intake->batch.count++;
    }
    return error->status;
}

/* Writes all up to the item of this code; what is no text is no place to go on from. */
static sv_status_t
sv_intake_write(sv_erp_intake_t *intake, const char *after, sv_error_t *error)
{
    intake->erp_code = NULL; /* what is reported now is none of its item, and its text goes with the batch */
    if (sv_intake_batch_write(&intake->batch, error) == SV_OK) {
        if (sv_utf8_valid(after, strlen(after))) {
            sv_intake_note(&intake->taken.after, after, intake);
        }
        intake->taken.created = intake->bulk.created;
        intake->taken.changed = intake->bulk.changed;
        intake->taken.unchanged = intake->bulk.unchanged;
        intake->taken.refused += intake->batch.refused;
        intake->batch.refused = 0;
        sv_arena_destroy(intake->batch.arena);
        intake->batch.arena = sv_arena_create();
    }
    return error->status;
}

/* ---- a row */

static void
sv_intake_reject(sv_erp_intake_t *intake, const char *name, const char *message)
{
    intake->good = false;
    sv_intake_report(intake, (long) intake->taken.rows, name, message);
}

/* What identifies on a row, through the gate; *spelt is what the ERP has, where that is another text. */
static const char *
sv_intake_identity(sv_erp_intake_t *intake, const char *name, const char *text, sv_text_kind_t kind, size_t max,
                   const char **spelt)
{
    const char *clean = text;
    sv_text_fault_t fault = sv_text_gate(kind, text, strlen(text), max, intake->batch.arena, &clean);

    if (fault != SV_TEXT_OK) {
        sv_intake_reject(intake, name, sv_text_fault_sentence(fault, kind, max, intake->batch.arena));
    } else if (strcmp(clean, text) != 0 && spelt != NULL) {
        *spelt = text;
    }
    return clean;
}

static bool
sv_intake_number(sv_erp_intake_t *intake, const char *name, const char *text, sv_quantity_t *value)
{
    if (sv_import_number_read(text, intake->mapping->decimal, value) != SV_NUMBER_READ) {
        sv_intake_reject(intake, name,
                         sv_arena_printf(intake->batch.arena, "\"%.40s\" is not a number of at most six places", text));
        return false;
    }
    return true;
}

/* As the ERP spells it, which is asked for what came later. */
static void
sv_intake_changed_at(sv_erp_intake_t *intake, const char *text)
{
    const char *clean;
    sv_text_fault_t fault = sv_text_gate(SV_TEXT_NAME, text, strlen(text), SV_MARK_MAX, intake->batch.arena, &clean);

    if (fault != SV_TEXT_OK) {
        sv_intake_reject(intake, "changed_at",
                         sv_text_fault_sentence(fault, SV_TEXT_NAME, SV_MARK_MAX, intake->batch.arena));
    } else if (sv_erp_mark_later(text, intake->taken.mark)) {
        sv_intake_note(&intake->taken.mark, text, intake);
    }
}

static void
sv_intake_cell(sv_erp_intake_t *intake, size_t i, const char *text, sv_erp_stock_t *stock)
{
    const char *name = intake->names[i];

    if (text[0] == '\0') {
        return;
    }
    if (intake->fields[i] == SV_ERP_FIELD_LOT) {
        stock->lot = sv_intake_identity(intake, "lot", text, SV_TEXT_CODE, SV_LOT_MAX, &stock->erp_lot);
    } else if (intake->fields[i] == SV_ERP_FIELD_VERSION) {
        stock->version = sv_intake_identity(intake, "erp_version", text, SV_TEXT_NAME, SV_VERSION_MAX, NULL);
    } else if (intake->fields[i] == SV_ERP_FIELD_CHANGED_AT) {
        sv_intake_changed_at(intake, text);
    } else if (name == NULL) {
        return;
    } else if (strcmp(name, "warehouse") == 0) {
        stock->warehouse =
            sv_intake_identity(intake, name, text, SV_TEXT_NAME, SV_WAREHOUSE_MAX, &stock->erp_warehouse);
    } else if (strcmp(name, "stock_qty") == 0) {
        stock->known = sv_intake_number(intake, name, text, &stock->book_qty);
    } else if (strcmp(name, "unit_cost") == 0) {
        stock->has_cost = sv_intake_number(intake, name, text, &stock->unit_cost);
    } else if (strcmp(name, "barcode") == 0 || strcmp(name, "barcodes") == 0) {
        sv_buffer_puts(&intake->barcodes, intake->barcodes.length > 0 ? "|" : "");
        sv_buffer_puts(&intake->barcodes, text);
    }
}

static void
sv_intake_begin_item(sv_erp_intake_t *intake, char **cells)
{
    const char *code = cells[intake->code_at];

    intake->erp_code = code;
    intake->item_code = sv_text_pass(SV_TEXT_CODE, code, SV_ITEM_CODE_MAX, intake->batch.arena);
    intake->first = cells;
    intake->row = intake->taken.rows + 1;
    intake->first_stock = intake->batch.stocks.count;
    sv_erp_stocks_begin_item(&intake->batch.stocks, intake->batch.arena);
    intake->good = true;
    sv_buffer_init(&intake->barcodes, intake->batch.arena, 64);
    sv_buffer_puts(&intake->barcodes, "");
}

static void
sv_intake_add_stock(sv_erp_intake_t *intake, sv_erp_stock_t *stock)
{
    stock->item_code = intake->item_code;
    if (stock->warehouse == NULL) {
        stock->warehouse = intake->mapping->warehouse;
    }
    if (!intake->tells_stock || stock->item_code == NULL) {
        return;
    }
    if (stock->warehouse != NULL) {
        sv_erp_stocks_add(&intake->batch.stocks, stock, intake->batch.arena);
    } else if (stock->known) {
        sv_intake_reject(intake, "warehouse", "the row has stock and no warehouse: [erp] may name one");
    }
}

static sv_status_t
sv_intake_row(sv_erp_intake_t *intake, const bson_t *row, bool *stored, sv_error_t *error)
{
    sv_erp_stock_t stock = { .lot = "" };
    char **cells = sv_erp_row_cells(row, intake->columns, intake->batch.arena);

    if (intake->erp_code == NULL || strcmp(intake->erp_code, cells[intake->code_at]) != 0) {
        if (sv_intake_item(intake, error) != SV_OK) {
            return error->status;
        }
        if (intake->batch.count == SV_INTAKE_ITEMS) {
            if (sv_intake_write(intake, sv_arena_strdup(intake->marked, intake->erp_code), error) != SV_OK) {
                return error->status;
            }
            *stored = true;
            cells = sv_erp_row_cells(row, intake->columns, intake->batch.arena); /* the batch's memory is a new one */
        }
        sv_intake_begin_item(intake, cells);
    }
    intake->taken.rows++;
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
    return sv_intake_write(intake, sv_arena_strdup(intake->marked, intake->erp_code), error);
}

/* Whether so many may be gone at once. */
static sv_status_t
sv_erp_delist_check(sv_store_t *store, const bson_t *unseen, sv_error_t *error)
{
    bson_t *listed = sv_doc_take(
        BCON_NEW("erp_code", "{", "$exists", BCON_BOOL(true), "}", "deleted", "{", "$ne", BCON_BOOL(true), "}"),
        error->arena);
    int64_t gone = 0, all = 0, percent = store->settings->erp_delist_max_percent;

    if (sv_store_count(store, SV_COLLECTION_ERP_ITEMS, unseen, &gone, error) != SV_OK || gone <= SV_ERP_DELIST_FREE ||
        sv_store_count(store, SV_COLLECTION_ERP_ITEMS, listed, &all, error) != SV_OK || gone * 100 <= all * percent) {
        return error->status;
    }
    return sv_fail(error, SV_ERR_CONFLICT_STATE,
                   "The ERP told %lld items fewer than the %lld it had, more than ERP_DELIST_MAX_PERCENT (%lld %%) "
                   "allows: none is taken for delisted",
                   (long long) gone, (long long) all, (long long) percent);
}

sv_status_t
sv_erp_delist(sv_store_t *store, const char *run_id, int64_t *delisted, sv_error_t *error)
{
    bson_t *seen = sv_doc_take(BCON_NEW("erp_run", BCON_UTF8(run_id)), error->arena);
    bson_t *unseen = sv_doc_take(BCON_NEW("erp_code", "{", "$exists", BCON_BOOL(true), "}", "erp_run", "{", "$ne",
                                          BCON_UTF8(run_id), "}", "deleted", "{", "$ne", BCON_BOOL(true), "}"),
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
    if (sv_erp_delist_check(store, unseen, error) != SV_OK) {
        return error->status;
    }
    return sv_store_update_many(store, SV_COLLECTION_ERP_ITEMS, unseen, update, delisted, error);
}
