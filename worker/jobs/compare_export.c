/* Writes a comparison's rows into a file. */
#include "core/report/compare/comparison.h"
#include "core/report/files/export_request.h"
#include "core/store/document.h"
#include "worker/export/export_job.h"
#include "worker/jobs/kinds.h"

static sv_status_t
sv_comparison_row(void *reader, const bson_t **row, sv_error_t *error)
{
    return sv_block_reader_next_document(reader, row, error);
}

static void
sv_comparison_head(const sv_comparison_t *comparison, sv_arena_t *arena, sv_export_head_t *head)
{
    const char *maker = comparison->full_name != NULL ? comparison->full_name : comparison->username;

    *head = (sv_export_head_t){
        .title = comparison->name,
        .subtitle = sv_comparison_describe(comparison, arena),
        .made_by = maker != NULL ? maker : comparison->user_id,
        .taken_at_ms = comparison->created_ms,
        .source = sv_arena_printf(arena, "comparison %s", comparison->job_id),
        .digest = comparison->digest,
        .rows = comparison->kept.rows,
        .columns = comparison->kept.columns,
        .column_count = comparison->kept.column_count,
    };
}

sv_status_t
sv_job_compare_export(sv_job_run_t *run, sv_error_t *error)
{
    const char *id = sv_doc_text(run->claim->params, "compare_id", run->arena);
    sv_export_head_t head;
    sv_export_job_t job = { .head = &head, .rows = sv_export_pull };
    sv_row_source_t source = { .next = sv_comparison_row };
    sv_format_options_t options;
    sv_comparison_t comparison;
    sv_status_t status;

    if (id == NULL || !sv_format_options_load(run->claim->params, &job.format, &options, run->arena)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job asks for what this release does not know");
    }
    status = sv_comparison_load(run->store, id, run->arena, &comparison, error);
    if (status != SV_OK) {
        return status;
    }
    sv_comparison_head(&comparison, run->arena, &head);
    head.options = options;
    source.context = sv_block_reader_create(run->store, &comparison.kept.place, comparison.kept.columns,
                                            comparison.kept.column_count, 0);
    if (source.context == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    job.source = &source;
    status = sv_export_job(run, &job, error);
    sv_block_reader_destroy(source.context);
    return status;
}
