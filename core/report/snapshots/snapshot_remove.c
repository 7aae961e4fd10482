/* Snapshots that go: by hand, or because their schedule keeps no more. */
#include "core/audit/audit.h"
#include "core/report/blocks/block_owner.h"
#include "core/report/snapshots/snapshot.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

typedef struct {
    const sv_principal_t *who;
    const char *id;
    const char *schedule_id; /* that keeps no more; NULL: by hand */
} sv_snapshot_removal_t;

static sv_status_t
sv_snapshot_remove_audit(sv_store_t *store, const sv_snapshot_removal_t *removal, const sv_snapshot_t *snapshot,
                         sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "snapshot.delete", .details = details };

    BSON_APPEND_UTF8(details, "snapshot_id", snapshot->snapshot_id);
    sv_doc_put_text(details, "name", snapshot->name);
    BSON_APPEND_INT64(details, "rows", snapshot->rows);
    sv_doc_put_text(details, "kept_no_more_by", removal->schedule_id);
    return sv_audit_write(store, removal->who, &entry, error);
}

static sv_status_t
sv_snapshot_remove_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_snapshot_removal_t *removal = context;
    bson_t *filter = sv_doc_take(BCON_NEW("snapshot_id", BCON_UTF8(removal->id)), error->arena);
    sv_snapshot_t snapshot;
    sv_status_t status = sv_snapshot_load(store, removal->id, error->arena, &snapshot, error);

    if (status == SV_OK) {
        status = sv_store_delete_many(store, SV_COLLECTION_REPORT_SNAPSHOTS, filter, NULL, error);
    }
    if (status == SV_OK) {
        status = sv_block_owner_abandon(store, &snapshot.blocks, error);
    }
    return status == SV_OK ? sv_snapshot_remove_audit(store, removal, &snapshot, error) : status;
}

sv_status_t
sv_snapshot_remove(sv_store_t *store, const sv_principal_t *who, const char *id, sv_error_t *error)
{
    sv_snapshot_removal_t removal = { .who = who, .id = id };

    return sv_transaction_run(store, sv_snapshot_remove_body, &removal, error);
}

/* ---- what a schedule keeps */

/* By when they could be seen, so that the one just taken stays whatever instant it is of. */
static sv_status_t
sv_snapshots_beyond(sv_store_t *store, const char *schedule_id, int64_t keep, mongoc_cursor_t **cursor,
                    sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), error->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "created_at", BCON_INT32(-1), "snapshot_id", BCON_INT32(-1), "}", "skip",
                             BCON_INT64(keep), "projection", "{", "snapshot_id", BCON_INT32(1), "}"),
                    error->arena);

    return sv_store_find(store, SV_COLLECTION_REPORT_SNAPSHOTS, filter, options, cursor, error);
}

/* One that somebody else removes meanwhile is gone all the same. */
static sv_status_t
sv_snapshot_keep_no_more(sv_store_t *store, sv_snapshot_removal_t *removal, sv_error_t *error)
{
    sv_status_t status = sv_transaction_run(store, sv_snapshot_remove_body, removal, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    return status;
}

/* Whether a run of the schedule still has it to make a file of, or that file to tell of. */
static sv_status_t
sv_snapshot_on_its_way(sv_store_t *store, const sv_snapshot_removal_t *removal, bool *on_its_way, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("delivery", "due", "schedule_id", BCON_UTF8(removal->schedule_id), "$or", "[",
                                          "{", "resource.id", BCON_UTF8(removal->id), "}", "{", "params.snapshot_id",
                                          BCON_UTF8(removal->id), "}", "]"),
                                 error->arena);
    const bson_t *job = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, error->arena, &job, error);

    *on_its_way = job != NULL;
    return status;
}

sv_status_t
sv_snapshots_keep_last(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, int64_t keep,
                       sv_error_t *error)
{
    sv_snapshot_removal_t removal = { .who = who, .schedule_id = schedule_id };
    mongoc_cursor_t *cursor;
    const bson_t *head;
    sv_status_t status = sv_snapshots_beyond(store, schedule_id, keep, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &head)) {
        bool on_its_way = false;

        removal.id = sv_doc_text(head, "snapshot_id", error->arena);
        status = sv_snapshot_on_its_way(store, &removal, &on_its_way, error);
        if (status == SV_OK && !on_its_way) {
            status = sv_snapshot_keep_no_more(store, &removal, error);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}
