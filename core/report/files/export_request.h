#ifndef SV_REPORT_EXPORT_REQUEST_H
#define SV_REPORT_EXPORT_REQUEST_H

#include "core/base/arena.h"
#include "core/report/files/format_options.h"
#include "core/auth/principal.h"
#include "core/store/store.h"

/*
 * What is asked of an export.  It stands in the job's params ({<id_name>, format, and the options}) and makes its
 * unique key, so that the same file is made once and found again.
 */
typedef struct {
    const char *source_id; /* of the snapshot or comparison */
    const sv_format_t *format;
    sv_format_options_t options;
} sv_export_request_t;

const char *sv_export_request_key(const sv_export_request_t *request, sv_arena_t *arena);
/* `id_name`: "snapshot_id". */
const bson_t *sv_export_request_params(const sv_export_request_t *request, const char *id_name, sv_arena_t *arena);

/* What is exported: the kind of job that does it, the name of its id there, and how many rows it has. */
typedef struct {
    const char *job_type, *id_name;
    int64_t rows;
} sv_export_source_t;

/* *job is one that made the file already, one under way that makes it, or a new one (*created: to be dispatched); the
 * file is there when its status is succeeded.  SV_ERR_TOO_MANY_ROWS when the format cannot hold them. */
sv_status_t sv_export_request_job(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *request,
                                  const sv_export_source_t *source, sv_arena_t *arena, const bson_t **job,
                                  bool *created, sv_error_t *error);

/* SV_ERR_TOO_MANY_ROWS when the format cannot hold so many (-1: not known yet). */
sv_status_t sv_format_check_rows(const sv_format_t *format, int64_t rows, sv_error_t *error);

#endif
