/* The work of a comparison's job. */
#include "core/report/compare/comparison.h"
#include "core/report/blocks/publication.h"
#include "core/report/rows/ratio.h"
#include "core/report/rows/row_sort.h"
#include "core/store/document.h"

enum {
    SV_WATCH_ROWS = 500,
    SV_PROBE_ROWS = 64, /* whose order tells that of all, mostly */
    SV_KEY_ROOM = 256,
};

typedef struct sv_making_s sv_making_t;

/* One snapshot's rows in the order of the key: out of its blocks, or out of the sorter that they went through. */
typedef struct {
    sv_making_t *making;
    const sv_row_key_t *key;
    sv_block_reader_t *reader;
    sv_row_layout_t layout;
    sv_row_value_t *values; /* of one row */
    sv_row_sorter_t *sorter;
    sv_packed_source_t sorted;
} sv_side_t;

struct sv_making_s {
    sv_store_t *store;
    const sv_job_claim_t *claim;
    const char *directory;
    const sv_comparison_watch_t *watch;
    sv_arena_t *arena;
    sv_comparison_plan_t planned;
    bool sort[2]; /* sides that are not in the order of the key */
    sv_side_t sides[2];
    const char *stage;
    int64_t done, total; /* rows */
    sv_publication_t publication;
    sv_row_layout_t layout; /* of what is written */
    sv_block_writer_t *writer;
    sv_block_totals_t totals;
    sv_compare_result_t result;
};

/* ---- reading */

/* Rows to be read: those of a side that is sorted go by twice. */
static int64_t
sv_making_total(const sv_making_t *making)
{
    int64_t total = 0;

    for (int i = 0; i < 2; i++) {
        total += making->planned.snapshots[i].rows * (making->sort[i] ? 2 : 1);
    }
    return total;
}

static sv_status_t
sv_making_watch(sv_making_t *making, sv_error_t *error)
{
    return making->done++ % SV_WATCH_ROWS == 0
               ? making->watch->progress(making->watch->context, making->stage, making->done - 1, making->total, error)
               : SV_OK;
}

static sv_status_t
sv_side_next(void *context, const sv_packed_row_t **row, sv_error_t *error)
{
    sv_side_t *side = context;

    *row = NULL;
    if (sv_making_watch(side->making, error) != SV_OK) {
        return error->status;
    }
    return side->sorter != NULL ? side->sorted.next(side->sorted.context, row, error)
                                : sv_block_reader_next(side->reader, row, error);
}

static sv_status_t
sv_side_sort(sv_side_t *side, sv_error_t *error)
{
    sv_making_t *making = side->making;
    const sv_packed_row_t *row = NULL;
    sv_status_t status;

    making->stage = "sorting";
    making->total = sv_making_total(making);
    side->sorter = sv_row_sorter_create(making->directory, &side->layout, side->key, SV_ROW_SORT_MEMORY);
    if (side->sorter == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    do {
        status = sv_making_watch(making, error);
        if (status == SV_OK) {
            status = sv_block_reader_next(side->reader, &row, error);
        }
        if (status == SV_OK && row != NULL) {
            status = sv_row_unpack(&side->layout, row, side->values, error);
        }
        if (status == SV_OK && row != NULL) {
            status = sv_row_sorter_add(side->sorter, row, side->values, error);
        }
    } while (status == SV_OK && row != NULL);
    return status == SV_OK ? sv_row_sorter_finish(side->sorter, &side->sorted, error) : status;
}

/* Looks at the first rows: a side in another order shows it there, mostly, and need not be joined up to where the join
 * comes upon it, which may be after all rows of the other. */
static sv_status_t
sv_side_probe(sv_side_t *side, bool *unsorted, sv_error_t *error)
{
    sv_buffer_t keys[2];
    const sv_packed_row_t *row = NULL;

    *unsorted = false;
    sv_buffer_init(&keys[0], side->making->arena, SV_KEY_ROOM);
    sv_buffer_init(&keys[1], side->making->arena, SV_KEY_ROOM);
    for (int i = 0; i < SV_PROBE_ROWS && !*unsorted; i++) {
        sv_buffer_t *mine = &keys[i % 2], *last = &keys[1 - i % 2];

        if (sv_block_reader_next(side->reader, &row, error) != SV_OK ||
            (row != NULL && sv_row_unpack(&side->layout, row, side->values, error) != SV_OK)) {
            return error->status;
        }
        if (row == NULL) {
            break;
        }
        mine->length = 0;
        sv_row_key_append(side->key, side->layout.columns, side->values, mine);
        *unsorted = i > 0 && sv_row_key_compare(last->data, last->length, mine->data, mine->length) > 0;
    }
    return SV_OK;
}

static sv_status_t
sv_side_read_from_the_first(sv_side_t *side, int place, sv_error_t *error)
{
    if (side->reader != NULL && sv_block_reader_rewind(side->reader)) {
        return SV_OK;
    }
    sv_block_reader_destroy(side->reader);
    side->reader = sv_block_reader_create(side->making->store, &side->making->planned.snapshots[place].blocks,
                                          side->layout.columns, side->layout.count, 0);
    if (side->reader == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    sv_block_reader_run_ahead(side->reader);
    return SV_OK;
}

static sv_status_t
sv_side_open(sv_making_t *making, int place, sv_error_t *error)
{
    const sv_compare_side_t *table = &making->planned.plan->sides[place];
    sv_side_t *side = &making->sides[place];

    *side = (sv_side_t){ .making = making, .key = &making->planned.plan->keys[place] };
    sv_row_layout_init(&side->layout, table->columns, table->count, making->arena);
    side->values = sv_arena_zalloc(making->arena, (table->count + 1) * sizeof(side->values[0]));
    if (sv_side_read_from_the_first(side, place, error) != SV_OK) {
        return error->status;
    }
    if (!making->sort[place] && (sv_side_probe(side, &making->sort[place], error) != SV_OK ||
                                 sv_side_read_from_the_first(side, place, error) != SV_OK)) {
        return error->status;
    }
    return making->sort[place] ? sv_side_sort(side, error) : SV_OK;
}

static void
sv_sides_close(sv_making_t *making)
{
    for (int i = 0; i < 2; i++) {
        sv_block_reader_destroy(making->sides[i].reader);
        sv_row_sorter_destroy(making->sides[i].sorter);
        making->sides[i] = (sv_side_t){ 0 };
    }
}

/* ---- joining */

static sv_status_t
sv_making_row(void *context, const sv_row_value_t *values, sv_error_t *error)
{
    sv_making_t *making = context;

    return sv_block_writer_add_values(making->writer, values, error);
}

static sv_status_t
sv_making_join(sv_making_t *making, sv_error_t *error)
{
    sv_packed_source_t sources[2];
    sv_status_t status = SV_OK;

    making->done = 0;
    for (int i = 0; i < 2 && status == SV_OK; i++) {
        status = sv_side_open(making, i, error);
        sources[i] = (sv_packed_source_t){ sv_side_next, &making->sides[i] };
    }
    making->stage = "comparing";
    making->total = sv_making_total(making);
    if (status == SV_OK) {
        status = sv_compare_run(making->planned.plan, sources, (sv_value_sink_t){ sv_making_row, making },
                                making->arena, &making->result, error);
    }
    sv_sides_close(making);
    return status;
}

/* Sorts a side when it turns out to need it, and begins again: once for each side at most. */
static sv_status_t
sv_making_compare(sv_making_t *making, sv_error_t *error)
{
    sv_status_t status;

    making->result.fields =
        sv_arena_zalloc(making->arena, (making->planned.plan->field_count + 1) * sizeof(making->result.fields[0]));
    sv_row_layout_init(&making->layout, making->planned.plan->columns, making->planned.plan->column_count,
                       making->arena);
    for (;;) {
        making->writer = sv_publication_writer(&making->publication, &making->layout, error);
        if (making->writer == NULL) {
            return error->status;
        }
        status = sv_making_join(making, error);
        if (status != SV_OK || making->result.unsorted < 0) {
            return status == SV_OK ? sv_block_writer_finish(making->writer, &making->totals, error) : status;
        }
        making->sort[making->result.unsorted] = true;
        sv_block_writer_destroy(making->writer);
        making->writer = NULL;
        if (sv_blocks_remove(making->store, &making->publication.blocks, error) != SV_OK) {
            return error->status;
        }
    }
}

/* ---- the head */

static void
sv_head_put_wide(bson_t *head, const char *name, __int128 value)
{
    if (value > INT64_MAX || value < INT64_MIN) {
        BSON_APPEND_NULL(head, name); /* better none than a wrong one */
    } else {
        BSON_APPEND_INT64(head, name, (int64_t) value);
    }
}

static void
sv_head_put_figures(const sv_compare_field_t *field, const sv_compare_figures_t *figures, bson_t *document)
{
    __int128 delta = figures->sums[SV_COMPARISON] - figures->sums[SV_BASELINE];
    int64_t percent;

    sv_columns_append(document, "column", field->column, 1);
    BSON_APPEND_INT64(document, "changed", figures->changed);
    if (!sv_column_is_number(field->column)) {
        return;
    }
    BSON_APPEND_INT64(document, "tolerance", field->tolerance);
    sv_head_put_wide(document, "baseline_sum", figures->sums[SV_BASELINE]);
    sv_head_put_wide(document, "comparison_sum", figures->sums[SV_COMPARISON]);
    sv_head_put_wide(document, "delta", delta);
    if (sv_ratio(delta, figures->sums[SV_BASELINE], &percent)) {
        BSON_APPEND_INT64(document, "percent", percent);
    }
    BSON_APPEND_INT64(document, "increased", figures->increased);
    BSON_APPEND_INT64(document, "decreased", figures->decreased);
}

static void
sv_head_put_fields(const sv_making_t *making, bson_t *head)
{
    const sv_compare_plan_t *plan = making->planned.plan;
    bson_t list, field;
    const char *index;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(head, "fields", &list);
    for (size_t i = 0; i < plan->field_count; i++) {
        bson_uint32_to_string((uint32_t) i, &index, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&list, index, &field);
        sv_head_put_figures(&plan->fields[i], &making->result.fields[i], &field);
        bson_append_document_end(&list, &field);
    }
    bson_append_array_end(head, &list);
}

static void
sv_head_put_side(bson_t *head, const char *name, const sv_snapshot_t *snapshot)
{
    bson_t side;

    BSON_APPEND_DOCUMENT_BEGIN(head, name, &side);
    BSON_APPEND_UTF8(&side, "snapshot_id", snapshot->snapshot_id);
    sv_doc_put_text(&side, "name", snapshot->name);
    sv_doc_put_time(&side, "taken_at", snapshot->taken_ms);
    BSON_APPEND_INT64(&side, "rows", snapshot->rows);
    sv_doc_put_text(&side, "digest", snapshot->digest);
    bson_append_document_end(head, &side);
}

static void
sv_head_put_counts(const sv_making_t *making, bson_t *head)
{
    bson_t counts;

    BSON_APPEND_DOCUMENT_BEGIN(head, "counts", &counts);
    for (int i = 0; i < SV_ROW_CHANGE_COUNT; i++) {
        BSON_APPEND_INT64(&counts, sv_row_changes[i], making->result.counts[i]);
    }
    bson_append_document_end(head, &counts);
}

static void
sv_head_copy(const bson_t *params, const char *name, bson_t *head)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, params, name)) {
        bson_append_iter(head, name, -1, &iter);
    }
}

static bson_t *
sv_making_head(const sv_making_t *making)
{
    const sv_comparison_plan_t *planned = &making->planned;
    bson_t *head = sv_doc_new(making->arena);

    BSON_APPEND_UTF8(head, "job_id", making->claim->job_id);
    sv_doc_put_text(head, "name", planned->name);
    sv_doc_put_text(head, "baseline_id", planned->snapshots[SV_BASELINE].snapshot_id);
    sv_doc_put_text(head, "comparison_id", planned->snapshots[SV_COMPARISON].snapshot_id);
    sv_head_put_side(head, "baseline", &planned->snapshots[SV_BASELINE]);
    sv_head_put_side(head, "comparison", &planned->snapshots[SV_COMPARISON]);
    sv_head_copy(making->claim->params, "key_fields", head);
    BSON_APPEND_BOOL(head, "include_unchanged", planned->plan->include_unchanged);
    sv_head_put_counts(making, head);
    sv_head_put_fields(making, head);
    sv_columns_append(head, "columns", planned->plan->columns, planned->plan->column_count);
    sv_head_copy(making->claim->params, "created_by", head);
    return head;
}

/* ---- an attempt */

static sv_status_t
sv_making_run(sv_making_t *making, sv_error_t *error)
{
    sv_status_t status =
        sv_comparison_plan_load(making->store, making->claim->params, making->arena, &making->planned, error);

    if (status == SV_OK) {
        status = sv_making_compare(making, error);
    }
    if (status == SV_OK) {
        status = making->watch->progress(making->watch->context, "publishing", making->total, making->total, error);
    }
    if (status == SV_OK) {
        status = sv_publication_publish(&making->publication, sv_making_head(making), making->writer, &making->totals,
                                        error);
    }
    sv_block_writer_destroy(making->writer);
    return status;
}

sv_status_t
sv_comparison_make(sv_store_t *store, const sv_job_claim_t *claim, const char *directory,
                   const sv_comparison_watch_t *watch, sv_arena_t *arena, sv_error_t *error)
{
    sv_making_t making = { .store = store, .claim = claim, .directory = directory, .watch = watch, .arena = arena };
    bool published = false;
    sv_status_t status;

    making.publication = (sv_publication_t){
        .store = store,
        .claim = claim,
        .heads = SV_COLLECTION_REPORT_COMPARE_JOBS,
        .id_field = "job_id",
        .id = claim->job_id,
        .blocks = sv_comparison_blocks(sv_arena_printf(arena, "%s.%lld", claim->job_id, (long long) claim->attempt)),
        .action = "comparison.create",
    };
    status = sv_publication_begin(&making.publication, &published, error);
    if (status != SV_OK || published) {
        return status;
    }
    status = sv_making_run(&making, error);
    if (status != SV_OK) {
        sv_publication_give_up(&making.publication);
    }
    return status;
}
