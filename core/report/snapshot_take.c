#include "core/report/snapshot_take.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/report/block_owner.h"
#include "core/report/point_in_time.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_WATCH_ROWS = 500, SV_READ_MS = 7200000 };

typedef struct {
    sv_store_t *store;
    const sv_job_claim_t *claim;
    const sv_snapshot_watch_t *watch;
    sv_arena_t *arena;
    const char *snapshot_id;
    sv_block_place_t place;
    sv_report_query_t *query;
    const sv_column_t *columns;
    size_t column_count;
    sv_block_writer_t *writer;
    __int128 *sums; /* by column */
    sv_block_totals_t totals;
    int64_t rows, taken_ms, read_ms;
    bson_t *head;
    bool in_doubt; /* it may be published: its blocks are not to be removed here */
} sv_taking_t;

/* ---- reading */

static void
sv_taking_add(sv_taking_t *taking, const bson_t *row)
{
    bson_iter_t value;

    bson_iter_init(&value, row);
    for (size_t i = 0; i < taking->column_count && bson_iter_next(&value); i++) {
        if (taking->columns[i].total && BSON_ITER_HOLDS_INT64(&value)) {
            taking->sums[i] += bson_iter_int64(&value);
        }
    }
}

static sv_status_t
sv_taking_row(void *context, const bson_t *row, sv_error_t *error)
{
    sv_taking_t *taking = context;

    if (taking->rows++ % SV_WATCH_ROWS == 0 &&
        taking->watch->progress(taking->watch->context, "reading", taking->rows - 1, error) != SV_OK) {
        return error->status;
    }
    sv_taking_add(taking, row);
    return sv_block_writer_add(taking->writer, row, error);
}

static sv_status_t
sv_taking_read_from(sv_taking_t *taking, sv_store_t *store, sv_error_t *error)
{
    sv_point_in_time_t point = { 0 };
    sv_report_run_t how = { 0 };
    sv_status_t status = sv_point_in_time_begin(store, &point, error);

    if (status == SV_OK) {
        how.snapshot = point.session;
        taking->taken_ms = point.taken_ms;
        status = sv_report_query_run(store, taking->query, &how, sv_taking_row, taking, error);
    }
    sv_point_in_time_end(&point);
    return status;
}

/* MongoDB may group or sort for long before the first row comes: that one read has a client of its own, which waits as
 * long as the job may take. */
static sv_status_t
sv_taking_read(sv_taking_t *taking, sv_error_t *error)
{
    const sv_job_kind_t *kind = taking->claim->kind;
    int64_t begun_ms = sv_clock_monotonic_ms();
    sv_store_pool_t *pool = sv_store_pool_create_limited(taking->store->settings, 1,
                                                         kind != NULL ? kind->time_limit_s * 1000 : SV_READ_MS, error);
    sv_store_t *store;
    sv_status_t status;

    if (pool == NULL) {
        return error->status;
    }
    store = sv_store_acquire(pool);
    status = store != NULL ? sv_taking_read_from(taking, store, error)
                           : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for reading");
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    if (status == SV_OK) {
        status = sv_block_writer_finish(taking->writer, &taking->totals, error);
    }
    taking->read_ms = sv_clock_monotonic_ms() - begun_ms;
    return status;
}

/* ---- publishing */

/* A sum that no int64 holds is left out: better none than a wrong one. */
static void
sv_head_put_totals(const sv_taking_t *taking, bson_t *head)
{
    bson_t totals;

    BSON_APPEND_DOCUMENT_BEGIN(head, "totals", &totals);
    for (size_t i = 0; i < taking->column_count; i++) {
        if (taking->columns[i].total && taking->sums[i] >= INT64_MIN && taking->sums[i] <= INT64_MAX) {
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

static void
sv_head_put_maker(const sv_taking_t *taking, bson_t *head)
{
    bson_t person;

    if (sv_doc_has(taking->claim->params, "created_by")) {
        sv_head_copy(taking->claim->params, "created_by", head);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(head, "created_by", &person);
    BSON_APPEND_UTF8(&person, "user_id", taking->claim->requested_by);
    bson_append_document_end(head, &person);
}

static sv_status_t
sv_taking_head(sv_taking_t *taking, sv_error_t *error)
{
    const bson_t *params = taking->claim->params;
    int64_t version = sv_doc_int(params, "version"), now_ms = 0;
    bson_t *head = sv_doc_new(taking->arena);

    if (sv_store_now(taking->store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_UTF8(head, "snapshot_id", taking->snapshot_id);
    sv_head_copy(params, "name", head);
    sv_head_copy(params, "description", head);
    sv_head_copy(params, "tags", head);
    BSON_APPEND_DOCUMENT(head, "query", sv_report_query_to_bson(taking->query, taking->arena));
    BSON_APPEND_UTF8(head, "query_text", sv_report_query_describe(taking->query, taking->arena));
    sv_columns_append(head, "columns", taking->columns, taking->column_count);
    BSON_APPEND_INT64(head, "rows", taking->totals.rows);
    BSON_APPEND_INT64(head, "blocks", taking->totals.blocks);
    BSON_APPEND_INT64(head, "bytes", taking->totals.bytes);
    BSON_APPEND_UTF8(head, "digest", taking->totals.digest);
    sv_head_put_totals(taking, head);
    BSON_APPEND_UTF8(head, "owner", taking->place.owner);
    BSON_APPEND_INT64(head, "version", version > 0 ? version : 1);
    sv_head_copy(params, "previous_id", head);
    sv_head_put_maker(taking, head);
    BSON_APPEND_UTF8(head, "job_id", taking->claim->job_id);
    BSON_APPEND_DATE_TIME(head, "taken_at", taking->taken_ms);
    BSON_APPEND_DATE_TIME(head, "created_at", now_ms);
    BSON_APPEND_INT64(head, "read_ms", taking->read_ms);
    taking->head = head;
    return SV_OK;
}

static sv_status_t
sv_taking_publish_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_taking_t *taking = context;
    sv_principal_t who = { .user_id = taking->claim->requested_by, .role = taking->claim->role };
    sv_audit_t entry = { .action = "snapshot.create", .warehouse = taking->claim->warehouse };
    bool held = false;
    sv_status_t status = sv_job_hold(store, taking->claim, &held, error);

    if (status == SV_OK && !held) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "attempt %lld of job %s was taken away",
                               (long long) taking->claim->attempt, taking->claim->job_id);
    }
    if (status == SV_OK) {
        status = sv_block_owner_settle(store, &taking->place, error);
    }
    if (status == SV_OK) {
        status = sv_store_insert(store, SV_COLLECTION_REPORT_SNAPSHOTS, taking->head, error);
    }
    if (status == SV_OK) {
        entry.details =
            sv_doc_take(BCON_NEW("snapshot_id", BCON_UTF8(taking->snapshot_id), "rows", BCON_INT64(taking->totals.rows),
                                 "digest", BCON_UTF8(taking->totals.digest)),
                        error->arena);
        status = sv_audit_write(store, &who, &entry, error);
    }
    return status;
}

/* ---- an attempt */

/* *owner: whose blocks the published head has; NULL: there is no head. */
static sv_status_t
sv_taking_published(sv_taking_t *taking, const char **owner, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("snapshot_id", BCON_UTF8(taking->snapshot_id)), error->arena);
    bson_t *wanted = sv_doc_take(BCON_NEW("owner", BCON_INT32(1)), error->arena);
    const bson_t *head = NULL;
    sv_status_t status =
        sv_store_find_one(taking->store, SV_COLLECTION_REPORT_SNAPSHOTS, filter, wanted, error->arena, &head, error);

    *owner = head != NULL ? sv_doc_text(head, "owner", error->arena) : NULL;
    return status;
}

/* Removes what the attempt wrote, as well as can be: what stays, the round of owners removes. */
static void
sv_taking_undo(sv_taking_t *taking)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_blocks_remove(taking->store, &taking->place, &error) != SV_OK) {
        sv_log(SV_LOG_NOTICE, "blocks of %s are removed later: %s", taking->place.owner,
               error.cause != NULL ? error.cause : sv_status_code(error.status));
    }
    sv_arena_destroy(arena);
}

/* A commit that nobody answered may have been made: then the blocks are a head's. */
static sv_status_t
sv_taking_publish(sv_taking_t *taking, sv_error_t *error)
{
    sv_status_t status = sv_taking_head(taking, error);
    const char *owner = NULL;

    if (status == SV_OK) {
        status = sv_transaction_run(taking->store, sv_taking_publish_body, taking, error);
        taking->in_doubt = status != SV_OK && taking->store->outcome_unknown;
    }
    if (status != SV_ERR_ALREADY_EXISTS) {
        return status;
    }
    /* Published by another attempt, or by this one. */
    taking->in_doubt = true;
    sv_error_clear(error);
    status = sv_taking_published(taking, &owner, error);
    if (status == SV_OK && owner != NULL && strcmp(owner, taking->place.owner) != 0) {
        sv_taking_undo(taking);
    }
    return status;
}

static sv_status_t
sv_taking_run(sv_taking_t *taking, sv_error_t *error)
{
    sv_status_t status = sv_block_owner_note(taking->store, &taking->place, taking->claim, error);

    if (status == SV_OK) {
        taking->writer = sv_block_writer_create(taking->store, &taking->place);
        status = taking->writer != NULL ? SV_OK : sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    if (status == SV_OK) {
        status = sv_taking_read(taking, error);
    }
    if (status == SV_OK) {
        status = taking->watch->progress(taking->watch->context, "publishing", taking->rows, error);
    }
    if (status == SV_OK) {
        status = sv_taking_publish(taking, error);
    }
    sv_block_writer_destroy(taking->writer);
    return status;
}

sv_status_t
sv_snapshot_take(sv_store_t *store, const sv_job_claim_t *claim, const sv_snapshot_watch_t *watch, sv_arena_t *arena,
                 const char **snapshot_id, sv_error_t *error)
{
    sv_taking_t taking = { .store = store, .claim = claim, .watch = watch, .arena = arena };
    const char *owner = NULL;
    int64_t removed = 0;
    sv_status_t status;

    taking.snapshot_id = sv_doc_text(claim->params, "snapshot_id", arena);
    if (taking.snapshot_id == NULL) {
        taking.snapshot_id = claim->job_id; /* of a schedule */
    }
    *snapshot_id = taking.snapshot_id;
    taking.place =
        sv_snapshot_blocks(sv_arena_printf(arena, "%s.%lld", taking.snapshot_id, (long long) claim->attempt));
    status = sv_taking_published(&taking, &owner, error);
    if (status == SV_OK) {
        status = sv_block_owners_round(store, claim->job_id, &removed, error);
    }
    if (status != SV_OK || owner != NULL) {
        return status;
    }
    taking.query = sv_report_query_from_bson(sv_doc_child(claim->params, "query", arena), arena, error);
    if (taking.query == NULL) {
        return error->status;
    }
    taking.columns = sv_report_query_columns(taking.query, &taking.column_count);
    taking.sums = sv_arena_zalloc(arena, (taking.column_count + 1) * sizeof(*taking.sums));
    status = sv_taking_run(&taking, error);
    if (status != SV_OK && !taking.in_doubt) {
        sv_taking_undo(&taking);
    }
    return status;
}
