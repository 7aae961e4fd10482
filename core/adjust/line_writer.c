#include "core/adjust/line_writer.h"

#include "core/jobs/handler_calls.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

sv_status_t
sv_adjustment_lines_discard(sv_store_t *store, const char *adjustment_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), error->arena);

    return sv_store_delete_many(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, NULL, error);
}

/* ---- a chunk of them */

typedef struct {
    sv_line_writer_t *writer;
    sv_line_chunk_t chunk;
    bool held; /* by the last run of its transaction */
} sv_chunk_writing_t;

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
sv_chunk_insert(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_chunk_writing_t *writing = context;
    const sv_line_writer_t *writer = writing->writer;
    const sv_line_chunk_t *chunk = &writing->chunk;
    const bson_t **documents = sv_arena_alloc(chunk->arena, chunk->count * sizeof(documents[0]));
    bson_error_t reason;
    bson_t reply;

    if (sv_job_hold(store, writer->job->claim, &writing->held, error) != SV_OK || !writing->held) {
        return error->status;
    }
    for (size_t i = 0; i < chunk->count; i++) {
        bson_t *document = sv_doc_new(chunk->arena);

        sv_line_put(writer, &chunk->lines[i], writer->sums.lines + (int64_t) i + 1, document);
        documents[i] = document;
    }
    if (!mongoc_collection_insert_many(store->collections[SV_COLLECTION_ADJUSTMENT_LINES], documents, chunk->count,
                                       sv_store_options(store, chunk->arena), &reply, &reason)) {
        sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return error->status;
}

static void
sv_chunk_sum(sv_line_writer_t *writer, const sv_line_chunk_t *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        const sv_adjustment_line_t *line = &chunk->lines[i];
        sv_adjustment_part_t part = { .uom = line->uom,
                                      .delta = line->delta,
                                      .superseded = line->state == SV_POSTING_SUPERSEDED };

        part.has_value = line->has_cost && sv_quantity_mul(line->delta, line->unit_cost, &part.value);
        sv_adjustment_sums_add(&writer->sums, &part, writer->job->arena);
    }
}

static sv_status_t
sv_chunk_write(sv_chunk_writing_t *writing, sv_error_t *error)
{
    sv_line_writer_t *writer = writing->writer;
    sv_job_run_t *job = writer->job;

    if (sv_transaction_run(job->store, sv_chunk_insert, writing, error) != SV_OK) {
        return error->status;
    }
    if (!writing->held) {
        return sv_job_run_give_up(job, error);
    }
    sv_chunk_sum(writer, &writing->chunk);
    return sv_job_run_progress(job, "lines", writer->sums.lines, 0, error);
}

/* ---- all of them */

sv_status_t
sv_line_writer_run(sv_line_writer_t *writer, sv_line_source_t source, void *context, sv_error_t *error)
{
    sv_job_run_t *job = writer->job;
    sv_chunk_writing_t writing = { .writer = writer };
    sv_line_feed_t *feed;

    writer->sums = (sv_adjustment_sums_t){ 0 };
    if (sv_adjustment_lines_discard(job->store, writer->adjustment_id, error) != SV_OK) {
        return error->status;
    }
    feed = sv_line_feed_open(job->store->pool, writer->warehouse, source, context, job->arena, error);
    while (feed != NULL && sv_line_feed_take(feed, &writing.chunk, error) == SV_OK && writing.chunk.count > 0) {
        sv_chunk_write(&writing, error);
        sv_arena_destroy(writing.chunk.arena);
        if (error->status != SV_OK) {
            break;
        }
    }
    sv_line_feed_close(feed);
    if (error->status == SV_OK && writer->sums.overflow) {
        return sv_fail(error, SV_ERR_TOO_MANY_ROWS, "The adjustment comes to more than can be told");
    }
    return error->status;
}
