#include "core/report/compare/comparison_export.h"

#include "core/report/compare/comparison.h"

sv_status_t
sv_comparison_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                             sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    sv_export_source_t source = { .job_type = "compare.export", .id_name = "compare_id" };
    sv_comparison_t comparison;

    if (sv_comparison_load(store, wanted->source_id, arena, &comparison, error) != SV_OK) {
        return error->status;
    }
    source.rows = comparison.kept.rows;
    return sv_export_request_job(store, who, wanted, &source, arena, job, created, error);
}
