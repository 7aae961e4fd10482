#include "core/report/comparison_export.h"

#include "core/jobs/job_made.h"
#include "core/report/comparison.h"

#define SV_COMPARE_EXPORT "compare.export"

sv_status_t
sv_comparison_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                             sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    const char *key = sv_export_request_key(wanted, arena);
    sv_job_request_t request = { .type = SV_COMPARE_EXPORT, .unique_key = key };
    sv_comparison_t comparison;
    sv_status_t status = sv_comparison_load(store, wanted->source_id, arena, &comparison, error);

    *created = false;
    if (status == SV_OK) {
        status = sv_format_check_rows(wanted->format, comparison.kept.rows, error);
    }
    if (status == SV_OK) {
        status = sv_job_find_made(store, SV_COMPARE_EXPORT, key, arena, job, error);
    }
    if (status != SV_OK || *job != NULL) {
        return status;
    }
    request.params = sv_export_request_params(wanted, "compare_id", arena);
    return sv_job_request(store, who, &request, arena, job, created, error);
}
