#ifndef SV_SNAPSHOT_EXPORT_H
#define SV_SNAPSHOT_EXPORT_H

#include "core/jobs/job.h"
#include "core/report/files/export_request.h"

/* Asking for a snapshot's rows as a file: as sv_export_request_job(), or SV_ERR_NOT_FOUND.  The job's params:
 * {snapshot_id, format, bom, delimiter, raw}.
 */
sv_status_t sv_snapshot_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                                       sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

#endif
