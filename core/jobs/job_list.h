#ifndef SV_JOB_LIST_H
#define SV_JOB_LIST_H

#include "core/jobs/job.h"
#include "core/store/page.h"

extern const char *const sv_job_statuses[]; /* "queued", ...; ends with NULL */

/* NULL: any. */
typedef struct {
    const char *status;
    const char *type;
} sv_job_query_t;

/* Writes a page's members, the latest job first: one's own jobs, and for supervisors all of the kinds that
 * sv_job_load() would show them. */
sv_status_t sv_job_list(sv_store_t *store, const sv_principal_t *who, const sv_job_query_t *query, sv_page_t *page,
                        sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

#endif
