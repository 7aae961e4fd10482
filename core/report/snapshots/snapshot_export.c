#include "core/report/snapshots/snapshot_export.h"

#include "core/report/snapshots/snapshot.h"

sv_status_t
sv_snapshot_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                           sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    sv_export_source_t source = { .job_type = "snapshot.export", .id_name = "snapshot_id" };
    sv_snapshot_t snapshot;

    if (sv_snapshot_load(store, wanted->source_id, arena, &snapshot, error) != SV_OK) {
        return error->status;
    }
    source.rows = snapshot.rows;
    return sv_export_request_job(store, who, wanted, &source, arena, job, created, error);
}
