#ifndef SV_JOB_GUARD_H
#define SV_JOB_GUARD_H

#include "core/jobs/job.h"

/* The filters that decide and the update that ends, in one place; for core/jobs only. */

/* The running attempt of this claim. */
bson_t *sv_job_guard(const sv_job_claim_t *claim, sv_arena_t *arena);

/* Queued, and its delay has passed by MongoDB's clock; `job_id` NULL: any. */
bson_t *sv_job_due_filter(const char *job_id, sv_arena_t *arena);

/* The update that ends a job, whoever ends it: "succeeded", "failed" or "cancelled"; `more` (NULL: nothing) is set
 * beside.  Who made it match tells it (core/jobs/job_tell.h). */
bson_t *sv_job_end_update(const char *status, const bson_t *more, sv_arena_t *arena);

/* Inside a transaction: gives the key (NULL: nothing to do) to this job, unless another that has it is pending: then
 * *holder is that one and nothing is changed. */
sv_status_t sv_job_key_take(sv_store_t *store, const char *unique_key, const char *job_id, sv_arena_t *arena,
                            const bson_t **holder, sv_error_t *error);

#endif
