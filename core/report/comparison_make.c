/* The work of a comparison's job. */
#include <string.h>

#include "core/audit/audit.h"
#include "core/base/log.h"
#include "core/report/block_owner.h"
#include "core/report/comparison.h"
#include "core/report/row_sort.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_WATCH_ROWS = 500 };

typedef struct sv_making_s sv_making_t;

/* One snapshot's rows in the order of the key: out of its blocks, or out of the sorter that they went through. */
typedef struct {
    sv_making_t *making;
    sv_block_reader_t *reader;
    sv_row_sorter_t *sorter;
    sv_row_source_t sorted;
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
    sv_block_place_t place;
    sv_block_writer_t *writer;
    sv_block_totals_t totals;
    sv_compare_result_t result;
    bson_t *head;
    bool publishing; /* has been tried, and may have been done */
};

/* ---- reading */

static sv_status_t
sv_making_watch(sv_making_t *making, sv_error_t *error)
{
    return making->done++ % SV_WATCH_ROWS == 0
               ? making->watch->progress(making->watch->context, making->stage, making->done - 1, making->total, error)
               : SV_OK;
}

static sv_status_t
sv_side_next(void *context, const bson_t **row, sv_error_t *error)
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
sv_side_sort(sv_side_t *side, int place, sv_error_t *error)
{
    sv_making_t *making = side->making;
    const sv_compare_plan_t *plan = making->planned.plan;
    const bson_t *row = NULL;
    sv_status_t status;

    making->stage = "sorting";
    side->sorter = sv_row_sorter_create(making->directory, plan->sides[place].columns, plan->sides[place].count,
                                        &plan->keys[place], SV_ROW_SORT_MEMORY);
    do {
        status = sv_making_watch(making, error);
        if (status == SV_OK) {
            status = sv_block_reader_next(side->reader, &row, error);
        }
        if (status == SV_OK && row != NULL) {
            status = sv_row_sorter_add(side->sorter, row, error);
        }
    } while (status == SV_OK && row != NULL);
    return status == SV_OK ? sv_row_sorter_finish(side->sorter, &side->sorted, error) : status;
}

static sv_status_t
sv_side_open(sv_making_t *making, int place, sv_error_t *error)
{
    sv_side_t *side = &making->sides[place];

    *side = (sv_side_t){ .making = making };
    side->reader = sv_block_reader_create(making->store, &making->planned.snapshots[place].blocks, 0);
    if (side->reader == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    return making->sort[place] ? sv_side_sort(side, place, error) : SV_OK;
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
sv_making_row(void *context, const bson_t *row, sv_error_t *error)
{
    sv_making_t *making = context;

    return sv_block_writer_add(making->writer, row, error);
}

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
sv_making_join(sv_making_t *making, sv_error_t *error)
{
    sv_row_source_t sources[2];
    sv_status_t status = SV_OK;

    making->done = 0;
    making->total = sv_making_total(making);
    for (int i = 0; i < 2 && status == SV_OK; i++) {
        status = sv_side_open(making, i, error);
        sources[i] = (sv_row_source_t){ sv_side_next, &making->sides[i] };
    }
    making->stage = "comparing";
    if (status == SV_OK) {
        status = sv_compare_run(making->planned.plan, sources, (sv_row_sink_t){ sv_making_row, making }, making->arena,
                                &making->result, error);
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
    for (;;) {
        making->writer = sv_block_writer_create(making->store, &making->place);
        if (making->writer == NULL) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        }
        status = sv_making_join(making, error);
        if (status != SV_OK || making->result.unsorted < 0) {
            return status == SV_OK ? sv_block_writer_finish(making->writer, &making->totals, error) : status;
        }
        making->sort[making->result.unsorted] = true;
        sv_block_writer_destroy(making->writer);
        making->writer = NULL;
        if (sv_blocks_remove(making->store, &making->place, error) != SV_OK) {
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

static sv_status_t
sv_making_head(sv_making_t *making, sv_error_t *error)
{
    const sv_comparison_plan_t *planned = &making->planned;
    bson_t *head = sv_doc_new(making->arena);
    int64_t now_ms = 0;

    if (sv_store_now(making->store, &now_ms, error) != SV_OK) {
        return error->status;
    }
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
    BSON_APPEND_INT64(head, "rows", making->totals.rows);
    BSON_APPEND_INT64(head, "blocks", making->totals.blocks);
    BSON_APPEND_INT64(head, "bytes", making->totals.bytes);
    BSON_APPEND_UTF8(head, "digest", making->totals.digest);
    BSON_APPEND_UTF8(head, "owner", making->place.owner);
    sv_head_copy(making->claim->params, "created_by", head);
    BSON_APPEND_DATE_TIME(head, "created_at", now_ms);
    making->head = head;
    return SV_OK;
}

/* ---- publishing */

static sv_status_t
sv_making_publish_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_making_t *making = context;
    sv_principal_t who = { .user_id = making->claim->requested_by, .role = making->claim->role };
    sv_audit_t entry = { .action = "comparison.create", .warehouse = making->claim->warehouse };
    bool held = false;
    sv_status_t status = sv_job_hold(store, making->claim, &held, error);

    if (status == SV_OK && !held) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "attempt %lld of job %s was taken away",
                               (long long) making->claim->attempt, making->claim->job_id);
    }
    if (status == SV_OK) {
        status = sv_block_owner_settle(store, &making->place, error);
    }
    if (status == SV_OK) {
        status = sv_store_insert(store, SV_COLLECTION_REPORT_COMPARE_JOBS, making->head, error);
    }
    if (status == SV_OK) {
        entry.details =
            sv_doc_take(BCON_NEW("job_id", BCON_UTF8(making->claim->job_id), "rows", BCON_INT64(making->totals.rows),
                                 "digest", BCON_UTF8(making->totals.digest)),
                        error->arena);
        status = sv_audit_write(store, &who, &entry, error);
    }
    return status;
}

/* Whose blocks the head has that is there already; NULL: there is none. */
static sv_status_t
sv_making_published(sv_making_t *making, const char **owner, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(making->claim->job_id)), error->arena);
    bson_t *wanted = sv_doc_take(BCON_NEW("owner", BCON_INT32(1)), error->arena);
    const bson_t *head = NULL;
    sv_status_t status =
        sv_store_find_one(making->store, SV_COLLECTION_REPORT_COMPARE_JOBS, filter, wanted, error->arena, &head, error);

    *owner = head != NULL ? sv_doc_text(head, "owner", error->arena) : NULL;
    return status;
}

/* Removes what the attempt wrote, as well as can be: what stays, the round of owners removes. */
static void
sv_making_undo(sv_making_t *making)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_blocks_remove(making->store, &making->place, &error) != SV_OK) {
        sv_log(SV_LOG_NOTICE, "blocks of %s are removed later: %s", making->place.owner,
               error.cause != NULL ? error.cause : sv_status_code(error.status));
    }
    sv_arena_destroy(arena);
}

/* A head that is there already is an earlier attempt's, or this one's when the answer to its commit was lost.  From
 * here on blocks may be a published head's, so that only the round of owners, which knows, may remove them. */
static sv_status_t
sv_making_publish(sv_making_t *making, sv_error_t *error)
{
    sv_status_t status = sv_making_head(making, error);
    const char *owner;

    if (status != SV_OK) {
        return status;
    }
    making->publishing = true;
    status = sv_transaction_run(making->store, sv_making_publish_body, making, error);
    if (status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        status = sv_making_published(making, &owner, error);
        if (status == SV_OK && owner != NULL && strcmp(owner, making->place.owner) != 0) {
            sv_making_undo(making);
        }
    }
    return status;
}

static sv_status_t
sv_making_run(sv_making_t *making, sv_error_t *error)
{
    sv_status_t status =
        sv_comparison_plan_load(making->store, making->claim->params, making->arena, &making->planned, error);

    if (status == SV_OK) {
        status = sv_block_owner_note(making->store, &making->place, making->claim, error);
    }
    if (status == SV_OK) {
        status = sv_making_compare(making, error);
    }
    if (status == SV_OK) {
        status = making->watch->progress(making->watch->context, "publishing", making->total, making->total, error);
    }
    if (status == SV_OK) {
        status = sv_making_publish(making, error);
    }
    sv_block_writer_destroy(making->writer);
    return status;
}

sv_status_t
sv_comparison_make(sv_store_t *store, const sv_job_claim_t *claim, const char *directory,
                   const sv_comparison_watch_t *watch, sv_arena_t *arena, sv_error_t *error)
{
    sv_making_t making = { .store = store, .claim = claim, .directory = directory, .watch = watch, .arena = arena };
    const char *published = NULL;
    int64_t removed = 0;
    sv_status_t status;

    making.place = sv_comparison_blocks(sv_arena_printf(arena, "%s.%lld", claim->job_id, (long long) claim->attempt));
    status = sv_making_published(&making, &published, error);
    if (status == SV_OK) {
        status = sv_block_owners_round(store, claim->job_id, &removed, error);
    }
    if (status != SV_OK || published != NULL) {
        return status;
    }
    status = sv_making_run(&making, error);
    if (status != SV_OK && !making.publishing) {
        sv_making_undo(&making);
    }
    return status;
}
