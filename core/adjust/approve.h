#ifndef SV_APPROVE_H
#define SV_APPROVE_H

#include "core/jobs/handler.h"

/*
 * Approval of a count (kind count.approve; docs/adjustments.md has its stages).  Every stage may be killed and is
 * run again by the job's next attempt; one adjustment comes of it, under the count's id.
 */
enum { SV_APPROVE_NOTE_MAX = 1000 };

/* Asks for it; a count that is approved already gives the job that did it.  Refused at once where it is plain that the
 * job would be: SV_ERR_NOT_FOUND, SV_ERR_WRONG_KIND, SV_ERR_CONFLICT_STATE (OPEN), SV_ERR_SESSION_CLOSED,
 * SV_ERR_STILL_COUNTING, SV_ERR_OVER_LIMIT, SV_ERR_UNDECIDED with the lines as details. */
sv_status_t sv_approve_request(sv_store_t *store, const sv_principal_t *who, const char *count_id, const char *note,
                               sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

/* The job.  Refusals return the count to RECONCILE with what bars it in `approval`. */
sv_status_t sv_approve_run(sv_job_run_t *run, sv_error_t *error);

/* Counts whose approval ended in the midst, cancelled or given up, go back to RECONCILE. */
sv_status_t sv_approve_round(sv_store_t *store, int64_t *returned, sv_error_t *error);

#endif
