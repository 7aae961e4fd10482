#ifndef SV_REVERSE_H
#define SV_REVERSE_H

#include "core/jobs/handler.h"

/*
 * A reversal: an adjustment of its own that takes another back (kind adjustment.reverse).  What the ERP has of that is
 * posted with the opposite sign; what it has not is withdrawn, and nothing of it is sent at all.
 */

/* SV_ERR_NOT_FOUND, SV_ERR_CONFLICT_STATE (it is a reversal, is reversed, is being posted, or its file may be in the
 * ERP), SV_ERR_OVER_LIMIT. */
sv_status_t
sv_reverse_request(sv_store_t *store, const sv_principal_t *who, const char *adjustment_id, const char *note,
                   sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

/* The job; the reversal's id is the job's. */
sv_status_t sv_reverse_run(sv_job_run_t *run, sv_error_t *error);

#endif
