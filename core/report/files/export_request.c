#include "core/report/files/export_request.h"

#include <inttypes.h>
#include <string.h>

#include "core/jobs/job.h"
#include "core/store/document.h"

const char *
sv_export_request_key(const sv_export_request_t *request, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s:%s:%s", request->source_id, request->format->name,
                           sv_format_options_key(&request->options, arena));
}

const bson_t *
sv_export_request_params(const sv_export_request_t *request, const char *id_name, sv_arena_t *arena)
{
    bson_t *params = sv_doc_new(arena);

    sv_doc_put_text(params, id_name, request->source_id);
    sv_format_options_append(params, request->format, &request->options);
    return params;
}

sv_status_t
sv_export_request_job(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *request,
                      const sv_export_source_t *source, sv_arena_t *arena, const bson_t **job, bool *created,
                      sv_error_t *error)
{
    const char *key = sv_export_request_key(request, arena);
    sv_job_request_t wanted = { .type = source->job_type, .unique_key = key, .take_made = true };
    sv_status_t status = sv_format_check_rows(request->format, source->rows, error);

    *created = false;
    *job = NULL;
    if (status != SV_OK) {
        return status;
    }
    wanted.params = sv_export_request_params(request, source->id_name, arena);
    return sv_job_request(store, who, &wanted, arena, job, created, error);
}

sv_status_t
sv_format_check_rows(const sv_format_t *format, int64_t rows, sv_error_t *error)
{
    if (format->max_rows > 0 && rows > format->max_rows) {
        return sv_fail(error, SV_ERR_TOO_MANY_ROWS,
                       "%s holds at most %" PRId64 " rows; narrow what is asked, or take another format", format->name,
                       format->max_rows);
    }
    return SV_OK;
}
