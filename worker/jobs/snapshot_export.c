/* Writes a snapshot's rows into a file.  The job's params are core/report/snapshots/snapshot_export.h's. */
#include "core/base/clock.h"
#include "core/report/files/export_request.h"
#include "core/report/snapshots/snapshot.h"
#include "core/store/document.h"
#include "worker/export/export_job.h"
#include "worker/jobs/kinds.h"

enum { SV_DAY_TEXT_LENGTH = 10 };

static sv_status_t
sv_block_source_next(void *context, const bson_t **row, sv_error_t *error)
{
    return sv_block_reader_next_document(context, row, error);
}

static const char *
sv_snapshot_taker(const sv_snapshot_t *snapshot)
{
    return snapshot->full_name != NULL  ? snapshot->full_name
           : snapshot->username != NULL ? snapshot->username
                                        : snapshot->user_id;
}

static void
sv_snapshot_export_head(const sv_snapshot_t *snapshot, sv_arena_t *arena, sv_export_head_t *head)
{
    head->title = snapshot->name;
    head->subtitle = snapshot->query_text;
    if (snapshot->description != NULL) {
        head->subtitle = sv_arena_printf(arena, "%s \xe2\x80\x93 %s", snapshot->query_text, snapshot->description);
    }
    head->made_by = sv_snapshot_taker(snapshot);
    head->taken_at_ms = snapshot->taken_ms;
    head->source =
        sv_arena_printf(arena, "snapshot %s, version %lld", snapshot->snapshot_id, (long long) snapshot->version);
    head->digest = snapshot->digest;
    head->rows = snapshot->rows;
    head->columns = snapshot->columns;
    head->column_count = snapshot->column_count;
}

/* "2026-11-22 Year-end": several snapshots of one name lie side by side in a folder. */
static const char *
sv_snapshot_file_title(const sv_snapshot_t *snapshot, sv_arena_t *arena)
{
    char day[SV_TIME_TEXT_SIZE];

    sv_time_format(snapshot->taken_ms, day);
    return sv_arena_printf(arena, "%.*s %s", SV_DAY_TEXT_LENGTH, day, snapshot->name);
}

sv_status_t
sv_job_snapshot_export(sv_job_run_t *run, sv_error_t *error)
{
    const char *id = sv_doc_text(run->claim->params, "snapshot_id", run->arena);
    sv_export_head_t head = { 0 };
    sv_export_job_t job = { .head = &head, .rows = sv_export_pull };
    sv_row_source_t source = { .next = sv_block_source_next };
    sv_snapshot_t snapshot;
    sv_status_t status;

    if (id == NULL || !sv_format_options_load(run->claim->params, &job.format, &head.options, run->arena)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job does not say which snapshot, in which format");
    }
    status = sv_snapshot_load(run->store, id, run->arena, &snapshot, error);
    if (status != SV_OK) {
        return status;
    }
    sv_snapshot_export_head(&snapshot, run->arena, &head);
    job.file_title = sv_snapshot_file_title(&snapshot, run->arena);
    source.context = sv_block_reader_create(run->store, &snapshot.blocks, snapshot.columns, snapshot.column_count, 0);
    if (source.context == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    job.source = &source;
    status = sv_export_job(run, &job, error);
    sv_block_reader_destroy(source.context);
    return status;
}
