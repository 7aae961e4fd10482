#include "core/adjust/line_writer.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/jobs/handler_calls.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_LINE_CHUNK = 1000 };

sv_status_t
sv_adjustment_lines_discard(sv_store_t *store, const char *adjustment_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), error->arena);

    return sv_store_delete_many(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, NULL, error);
}

static void
sv_writer_empty(sv_line_writer_t *writer)
{
    sv_arena_destroy(writer->arena);
    writer->arena = sv_arena_create();
    writer->lines = sv_arena_alloc(writer->arena, SV_LINE_CHUNK * sizeof(writer->lines[0]));
    writer->count = 0;
}

sv_status_t
sv_line_writer_begin(sv_line_writer_t *writer, sv_error_t *error)
{
    writer->sums = (sv_adjustment_sums_t){ 0 };
    sv_writer_empty(writer);
    return sv_adjustment_lines_discard(writer->job->store, writer->adjustment_id, error);
}

void
sv_line_writer_close(sv_line_writer_t *writer)
{
    sv_arena_destroy(writer->arena);
    writer->arena = NULL;
}

/* ---- the ERP's spelling */

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
sv_spelling_init(sv_spelling_t *spelling, const sv_line_writer_t *writer)
{
    *spelling = (sv_spelling_t){ .arena = writer->arena };
    sv_text_map_init(&spelling->items, writer->arena, writer->count);
    spelling->codes = sv_arena_alloc(writer->arena, (writer->count + 1) * sizeof(spelling->codes[0]));
    for (size_t i = 0; i < writer->count; i++) {
        sv_spelt_line_t *spelt = sv_arena_alloc(writer->arena, sizeof(*spelt));
        void **item = sv_text_map_put(&spelling->items, writer->lines[i].item_code);

        if (*item == NULL) {
            spelling->codes[spelling->count++] = writer->lines[i].item_code;
        }
        *spelt = (sv_spelt_line_t){ .line = &writer->lines[i], .next = *item };
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
static sv_status_t
sv_writer_spell(sv_store_t *store, sv_line_writer_t *writer, sv_error_t *error)
{
    sv_spelling_t spelling;
    bson_t *items = sv_doc_new(writer->arena), *stock = sv_doc_new(writer->arena);
    bson_t *differs = sv_doc_take(BCON_NEW("$or", "[", "{", "erp_lot", "{", "$ne", BCON_NULL, "}", "}", "{",
                                           "erp_warehouse", "{", "$ne", BCON_NULL, "}", "}", "]"),
                                  writer->arena);
    bson_t *item_options = sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "projection", "{",
                                                "item_code", BCON_INT32(1), "erp_code", BCON_INT32(1), "}"),
                                       writer->arena);
    bson_t *stock_options =
        sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "lot", BCON_INT32(1), "}"), writer->arena);

    sv_spelling_init(&spelling, writer);
    sv_filter_in(items, "item_code", spelling.codes, spelling.count);
    BCON_APPEND(items, "erp_code", "{", "$ne", BCON_NULL, "}");
    BSON_APPEND_UTF8(stock, "warehouse", writer->warehouse);
    sv_filter_in(stock, "item_code", spelling.codes, spelling.count);
    sv_filter_rest(stock, differs);
    if (sv_store_each(store, SV_COLLECTION_ERP_ITEMS, items, item_options, sv_spelling_take_code, &spelling, error) !=
        SV_OK) {
        return error->status;
    }
    return sv_store_each(store, SV_COLLECTION_ITEM_STOCK, stock, stock_options, sv_spelling_take_stock, &spelling,
                         error);
}

/* ---- writing */

static void
sv_line_put(const sv_line_writer_t *writer, const sv_adjustment_line_t *line, int64_t n, bson_t *document)
{
    sv_quantity_t value = 0;
    bson_t posting;

    sv_doc_put_text(document, "adjustment_id", writer->adjustment_id);
    BSON_APPEND_INT64(document, "n", n);
    sv_doc_put_text(document, "count_id", writer->count_id);
    sv_doc_put_text(document, "warehouse", writer->warehouse);
    BSON_APPEND_INT64(document, "seq", writer->seq);
    sv_doc_put_text(document, "item_code", line->item_code);
    sv_doc_put_text(document, "lot", line->lot);
    sv_doc_put_text(document, "uom", line->uom);
    sv_doc_put_quantity(document, "delta", line->delta);
    if (line->has_cost && sv_quantity_mul(line->delta, line->unit_cost, &value)) {
        sv_doc_put_quantity(document, "unit_cost", line->unit_cost);
        sv_doc_put_quantity(document, "value", value);
        sv_doc_put_quantity(document, "gross_value", value < 0 ? -value : value);
    } else {
        BCON_APPEND(document, "unit_cost", BCON_NULL, "value", BCON_NULL, "gross_value", BCON_NULL);
    }
    if (line->erp_code != NULL) {
        BSON_APPEND_UTF8(document, "erp_code", line->erp_code);
    }
    if (line->erp_lot != NULL) {
        BSON_APPEND_UTF8(document, "erp_lot", line->erp_lot);
    }
    if (line->erp_warehouse != NULL) {
        BSON_APPEND_UTF8(document, "erp_warehouse", line->erp_warehouse);
    }
    if (line->origin != NULL) {
        bson_concat(document, line->origin);
    }
    BSON_APPEND_DOCUMENT_BEGIN(document, "posting", &posting);
    BSON_APPEND_UTF8(&posting, "state", sv_posting_state_name(line->state));
    BSON_APPEND_INT64(&posting, "attempts", 0);
    bson_append_document_end(document, &posting);
}

static sv_status_t
sv_writer_insert(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_line_writer_t *writer = context;
    const bson_t **documents = sv_arena_alloc(writer->arena, writer->count * sizeof(documents[0]));
    bson_error_t reason;
    bson_t reply;

    if (sv_job_hold(store, writer->job->claim, &writer->held, error) != SV_OK || !writer->held) {
        return error->status;
    }
    for (size_t i = 0; i < writer->count; i++) {
        bson_t *document = sv_doc_new(writer->arena);

        sv_line_put(writer, &writer->lines[i], writer->sums.lines - (int64_t) writer->count + (int64_t) i + 1,
                    document);
        documents[i] = document;
    }
    if (!mongoc_collection_insert_many(store->collections[SV_COLLECTION_ADJUSTMENT_LINES], documents, writer->count,
                                       sv_store_options(store, writer->arena), &reply, &reason)) {
        sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return error->status;
}

static sv_status_t
sv_writer_flush(sv_line_writer_t *writer, sv_error_t *error)
{
    sv_job_run_t *job = writer->job;

    if (writer->count == 0) {
        return error->status;
    }
    if (sv_writer_spell(job->store, writer, error) != SV_OK ||
        sv_transaction_run(job->store, sv_writer_insert, writer, error) != SV_OK) {
        return error->status;
    }
    if (!writer->held) {
        return sv_job_run_give_up(job, error);
    }
    sv_writer_empty(writer);
    return sv_job_run_progress(job, "lines", writer->sums.lines, 0, error);
}

sv_status_t
sv_line_writer_add(sv_line_writer_t *writer, const sv_adjustment_line_t *line, sv_error_t *error)
{
    sv_adjustment_line_t *kept = &writer->lines[writer->count++];
    sv_adjustment_part_t part = { .uom = line->uom,
                                  .delta = line->delta,
                                  .superseded = line->state == SV_POSTING_SUPERSEDED,
                                  .has_value = line->has_cost };

    *kept = *line;
    kept->item_code = sv_arena_strdup(writer->arena, line->item_code);
    kept->lot = sv_arena_strdup(writer->arena, line->lot);
    kept->uom = line->uom != NULL ? sv_arena_strdup(writer->arena, line->uom) : NULL;
    kept->origin = line->origin != NULL ? sv_doc_copy(line->origin, writer->arena) : NULL;
    part.has_value = part.has_value && sv_quantity_mul(line->delta, line->unit_cost, &part.value);
    sv_adjustment_sums_add(&writer->sums, &part, writer->job->arena);
    return writer->count == SV_LINE_CHUNK ? sv_writer_flush(writer, error) : error->status;
}

sv_status_t
sv_line_writer_finish(sv_line_writer_t *writer, sv_error_t *error)
{
    if (sv_writer_flush(writer, error) == SV_OK && writer->sums.overflow) {
        return sv_fail(error, SV_ERR_TOO_MANY_ROWS, "The adjustment comes to more than can be told");
    }
    return error->status;
}
