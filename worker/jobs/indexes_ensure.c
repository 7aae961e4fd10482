#include "core/jobs/handler_calls.h"
#include "core/store/indexes.h"
#include "worker/jobs/kinds.h"

/* How far the catalogue is looked through. */
typedef struct {
    sv_job_run_t *run;
    int64_t done;
    sv_error_t *error;
} sv_indexes_progress_t;

static void
sv_indexes_told(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    sv_indexes_progress_t *progress = context;

    (void) row;
    (void) outcome;
    (void) detail;
    progress->done++;
    sv_job_run_progress(progress->run, "indexes", progress->done, (int64_t) sv_index_row_count, progress->error);
}

/* Brings the database's indexes to the catalogue.  Nothing is undone by stopping in the middle, so it goes on to the
 * end. */
sv_status_t
sv_job_indexes_ensure(sv_job_run_t *run, sv_error_t *error)
{
    sv_index_summary_t summary;
    sv_error_t ignored;
    sv_indexes_progress_t progress = { .run = run, .error = &ignored };
    sv_status_t status;

    sv_error_init(&ignored, run->arena);
    status = sv_indexes_ensure(run->store, sv_indexes_told, &progress, &summary, error);
    if (status == SV_OK && summary.counts[SV_INDEX_FAILED] > 0) {
        status = sv_fail(error, SV_ERR_INTERNAL, "%u indexes could not be created; see the worker's log",
                         summary.counts[SV_INDEX_FAILED]);
    }
    return status;
}
