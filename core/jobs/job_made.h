#ifndef SV_JOB_MADE_H
#define SV_JOB_MADE_H

#include "core/jobs/job.h"

/* The latest job of this type and unique key that succeeded and whose file is still kept; NULL when there is none.  So
 * that what was made once is not made again while it lasts. */
sv_status_t sv_job_find_made(sv_store_t *store, const char *type, const char *unique_key, sv_arena_t *arena,
                             const bson_t **job, sv_error_t *error);

#endif
