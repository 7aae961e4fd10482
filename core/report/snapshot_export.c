#include "core/report/snapshot_export.h"

#include "core/jobs/job_made.h"
#include "core/report/snapshot.h"

#define SV_SNAPSHOT_EXPORT "snapshot.export"

sv_status_t
sv_snapshot_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                           sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    const char *key = sv_export_request_key(wanted, arena);
    sv_job_request_t request = { .type = SV_SNAPSHOT_EXPORT, .unique_key = key };
    sv_snapshot_t snapshot;
    sv_status_t status = sv_snapshot_load(store, wanted->source_id, arena, &snapshot, error);

    *created = false;
    if (status == SV_OK) {
        status = sv_format_check_rows(wanted->format, snapshot.rows, error);
    }
    if (status == SV_OK) {
        status = sv_job_find_made(store, SV_SNAPSHOT_EXPORT, key, arena, job, error);
    }
    if (status != SV_OK || *job != NULL) {
        return status;
    }
    request.params = sv_export_request_params(wanted, "snapshot_id", arena);
    return sv_job_request(store, who, &request, arena, job, created, error);
}
