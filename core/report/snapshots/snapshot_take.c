#include "core/report/snapshots/snapshot_take.h"

#include "core/auth/account.h"
#include "core/base/clock.h"
#include "core/report/query/long_read.h"
#include "core/report/query/point_in_time.h"
#include "core/report/query/saved_query.h"
#include "core/report/blocks/publication.h"
#include "core/report/rows/row_sort.h"
#include "core/report/rows/row_units.h"
#include "core/store/document.h"

enum { SV_WATCH_ROWS = 500 };

typedef struct {
    sv_store_t *store;
    const sv_job_claim_t *claim;
    const char *directory;
    const sv_snapshot_watch_t *watch;
    sv_arena_t *arena;
    const char *snapshot_id;
    sv_publication_t publication;
    sv_report_query_t *query;
    const sv_column_t *columns;
    size_t column_count;
    sv_row_layout_t layout;
    sv_row_packer_t packer;
    sv_row_key_t key;        /* what rows are sorted by */
    sv_row_sorter_t *sorter; /* NULL: they come in their order */
    sv_block_writer_t *writer;
    __int128 *sums; /* by column */
    sv_row_units_t units;
    sv_block_totals_t totals;
    int64_t rows, taken_ms, read_ms;
} sv_taking_t;

/* ---- reading */

static void
sv_taking_add(sv_taking_t *taking, const sv_row_value_t *values)
{
    if (taking->units.column < taking->column_count) {
        const sv_row_value_t *unit = &values[taking->units.column];

        sv_row_units_see(&taking->units, unit->text, unit->known ? unit->length : 0);
    }
    for (size_t i = 0; i < taking->column_count; i++) {
        if (taking->columns[i].total && values[i].known) {
            taking->sums[i] += values[i].number;
        }
    }
}

static sv_status_t
sv_taking_row(void *context, const bson_t *document, sv_error_t *error)
{
    sv_taking_t *taking = context;
    const sv_packed_row_t *row;

    if (taking->rows++ % SV_WATCH_ROWS == 0 &&
        taking->watch->progress(taking->watch->context, "reading", taking->rows - 1, error) != SV_OK) {
        return error->status;
    }
    row = sv_row_packer_document(&taking->packer, document, error);
    if (row == NULL) {
        return error->status;
    }
    sv_taking_add(taking, taking->packer.values);
    return taking->sorter != NULL ? sv_row_sorter_add(taking->sorter, row, taking->packer.values, error)
                                  : sv_block_writer_add(taking->writer, row, error);
}

/* The rows that were sorted, into blocks. */
static sv_status_t
sv_taking_write_sorted(sv_taking_t *taking, sv_error_t *error)
{
    sv_packed_source_t sorted;
    const sv_packed_row_t *row = NULL;
    int64_t written = 0;
    sv_status_t status = sv_row_sorter_finish(taking->sorter, &sorted, error);

    while (status == SV_OK && (status = sorted.next(sorted.context, &row, error)) == SV_OK && row != NULL) {
        if (written++ % SV_WATCH_ROWS == 0) {
            status = taking->watch->progress(taking->watch->context, "writing", written - 1, error);
        }
        if (status == SV_OK) {
            status = sv_block_writer_add(taking->writer, row, error);
        }
    }
    return status;
}

static sv_status_t
sv_taking_read_from(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_taking_t *taking = context;
    sv_point_in_time_t point = { 0 };
    sv_report_run_t how = { 0 };
    sv_status_t status = sv_point_in_time_begin(store, &point, error);

    if (status == SV_OK) {
        how.snapshot = point.session;
        how.any_order = taking->sorter != NULL;
        taking->taken_ms = point.taken_ms;
        status = sv_report_query_run(store, taking->query, &how, sv_taking_row, taking, error);
    }
    sv_point_in_time_end(&point);
    return status;
}

static sv_status_t
sv_taking_read(sv_taking_t *taking, sv_error_t *error)
{
    int64_t begun_ms = sv_clock_monotonic_ms();
    sv_status_t status = sv_long_read(taking->store->settings, taking->claim, sv_taking_read_from, taking, error);

    if (status == SV_OK && taking->sorter != NULL) {
        status = sv_taking_write_sorted(taking, error);
    }
    if (status == SV_OK) {
        status = sv_block_writer_finish(taking->writer, &taking->totals, error);
    }
    taking->read_ms = sv_clock_monotonic_ms() - begun_ms;
    return status;
}

/* ---- publishing */

/* A sum that no int64 holds, or one over several units, is left out: better none than a wrong one. */
static void
sv_head_put_totals(const sv_taking_t *taking, bson_t *head)
{
    bson_t totals;

    BSON_APPEND_DOCUMENT_BEGIN(head, "totals", &totals);
    for (size_t i = 0; i < taking->column_count; i++) {
        if (sv_row_units_add_up(&taking->units, &taking->columns[i]) && taking->sums[i] >= INT64_MIN &&
            taking->sums[i] <= INT64_MAX) {
            BSON_APPEND_INT64(&totals, taking->columns[i].name, (int64_t) taking->sums[i]);
        }
    }
    bson_append_document_end(head, &totals);
}

static void
sv_head_copy(const bson_t *params, const char *name, bson_t *head)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, params, name)) {
        bson_append_iter(head, name, -1, &iter);
    } else {
        BSON_APPEND_NULL(head, name);
    }
}

/* A schedule's: who owns it; an account that is gone leaves its id. */
static void
sv_head_put_maker(const sv_taking_t *taking, bson_t *head)
{
    sv_account_t account = { 0 };
    sv_error_t ignored;
    bson_t person;

    if (sv_doc_has(taking->claim->params, "created_by")) {
        sv_head_copy(taking->claim->params, "created_by", head);
        return;
    }
    sv_error_init(&ignored, taking->arena);
    if (sv_account_load(taking->store, taking->claim->requested_by, taking->arena, &account, &ignored) != SV_OK) {
        account = (sv_account_t){ 0 };
    }
    BSON_APPEND_DOCUMENT_BEGIN(head, "created_by", &person);
    BSON_APPEND_UTF8(&person, "user_id", taking->claim->requested_by);
    sv_doc_put_text(&person, "username", account.username);
    sv_doc_put_text(&person, "full_name", account.full_name);
    bson_append_document_end(head, &person);
}

static bson_t *
sv_taking_head(const sv_taking_t *taking)
{
    const bson_t *params = taking->claim->params;
    int64_t version = sv_doc_int(params, "version");
    bson_t *head = sv_doc_new(taking->arena);

    BSON_APPEND_UTF8(head, "snapshot_id", taking->snapshot_id);
    sv_head_copy(params, "name", head);
    sv_head_copy(params, "description", head);
    sv_head_copy(params, "tags", head);
    BSON_APPEND_DOCUMENT(head, "query", sv_report_query_to_bson(taking->query, taking->arena));
    BSON_APPEND_UTF8(head, "query_text", sv_report_query_describe(taking->query, taking->arena));
    sv_columns_append(head, "columns", taking->columns, taking->column_count);
    sv_head_put_totals(taking, head);
    BSON_APPEND_INT64(head, "version", version > 0 ? version : 1);
    sv_head_copy(params, "previous_id", head);
    sv_head_put_maker(taking, head);
    BSON_APPEND_UTF8(head, "job_id", taking->claim->job_id);
    sv_doc_put_text(head, "schedule_id", taking->claim->schedule_id);
    BSON_APPEND_DATE_TIME(head, "taken_at", taking->taken_ms);
    BSON_APPEND_INT64(head, "read_ms", taking->read_ms);
    return head;
}

/* ---- an attempt */

/* What a schedule asks of a saved query is what that says by now. */
static sv_report_query_t *
sv_taking_query(const sv_taking_t *taking, sv_error_t *error)
{
    const char *query_id = sv_doc_text(taking->claim->params, "query_id", taking->arena);
    const bson_t *from = taking->claim->params;

    if (query_id != NULL && sv_saved_query_load(taking->store, query_id, taking->arena, &from, error) != SV_OK) {
        return NULL;
    }
    return sv_report_query_from_bson(sv_doc_child(from, "query", taking->arena), taking->arena, error);
}

static sv_status_t
sv_taking_run(sv_taking_t *taking, sv_error_t *error)
{
    sv_status_t status;

    taking->query = sv_taking_query(taking, error);
    if (taking->query == NULL ||
        sv_report_query_settle(taking->store, taking->query, sv_doc_text(taking->claim->params, "tz", taking->arena),
                               taking->claim->slot_ms, taking->arena, error) != SV_OK) {
        return error->status;
    }
    taking->columns = sv_report_query_columns(taking->query, &taking->column_count);
    taking->sums = sv_arena_zalloc(taking->arena, (taking->column_count + 1) * sizeof(*taking->sums));
    sv_row_units_begin(&taking->units, taking->columns, taking->column_count);
    sv_row_layout_init(&taking->layout, taking->columns, taking->column_count, taking->arena);
    sv_row_packer_init(&taking->packer, &taking->layout, taking->arena);
    if (sv_report_query_sort_key(taking->query, &taking->key, taking->arena)) {
        taking->sorter = sv_row_sorter_create(taking->directory, &taking->layout, &taking->key, SV_ROW_SORT_MEMORY);
    }
    taking->writer = sv_publication_writer(&taking->publication, &taking->layout, error);
    status = taking->writer != NULL ? sv_taking_read(taking, error) : error->status;
    if (status == SV_OK) {
        status = taking->watch->progress(taking->watch->context, "publishing", taking->rows, error);
    }
    sv_row_sorter_destroy(taking->sorter);
    if (status == SV_OK) {
        status = sv_publication_publish(&taking->publication, sv_taking_head(taking), taking->writer, &taking->totals,
                                        error);
    }
    sv_block_writer_destroy(taking->writer);
    return status;
}

sv_status_t
sv_snapshot_take(sv_store_t *store, const sv_job_claim_t *claim, const char *directory,
                 const sv_snapshot_watch_t *watch, sv_arena_t *arena, const char **snapshot_id, sv_error_t *error)
{
    sv_taking_t taking = { .store = store, .claim = claim, .directory = directory, .watch = watch, .arena = arena };
    bool published = false;
    sv_status_t status;

    taking.snapshot_id = sv_doc_text(claim->params, "snapshot_id", arena);
    if (taking.snapshot_id == NULL) {
        taking.snapshot_id = claim->job_id; /* of a schedule */
    }
    *snapshot_id = taking.snapshot_id;
    taking.publication = (sv_publication_t){
        .store = store,
        .claim = claim,
        .heads = SV_COLLECTION_REPORT_SNAPSHOTS,
        .id_field = "snapshot_id",
        .id = taking.snapshot_id,
        .blocks = sv_snapshot_blocks(sv_arena_printf(arena, "%s.%lld", taking.snapshot_id, (long long) claim->attempt)),
        .action = "snapshot.create",
    };
    status = sv_publication_begin(&taking.publication, &published, error);
    if (status != SV_OK || published) {
        return status;
    }
    status = sv_taking_run(&taking, error);
    if (status != SV_OK) {
        sv_publication_give_up(&taking.publication);
    }
    return status;
}
