#ifndef SV_JOB_FIGURES_H
#define SV_JOB_FIGURES_H

#include "core/jobs/dispatch.h"
#include "core/jobs/job.h"

/* What operators watch of the queue. */

/* Jobs that wait, by queue, and for how long the one does that was queued first. */
typedef struct {
    int64_t waiting[SV_QUEUE_COUNT];
    int64_t oldest_s[SV_QUEUE_COUNT];
} sv_job_figures_t;

/* Counts what waits in MongoDB and leaves it in Redis for half a minute, where whoever is asked for metrics finds it
 * (no figures: no worker is there). */
sv_status_t sv_job_figures_round(sv_store_t *store, sv_redis_client_t *redis, sv_error_t *error);
void sv_job_figures_command(sv_redis_command_t *command, sv_arena_t *arena);
/* What sv_job_figures_command() was answered; false: there are none. */
bool sv_job_figures_read(const redisReply *reply, sv_job_figures_t *figures);

/* Jobs that ended, by kind and outcome, since Redis was emptied: a hash whose fields are "report.generate succeeded",
 * written by core/jobs/job_tell.h. */
#define SV_JOBS_ENDED "jobs:ended"
void sv_job_counts_command(sv_redis_command_t *command, sv_arena_t *arena);

typedef struct {
    const char *type, *outcome;
    int64_t count;
} sv_job_count_t;

/* What sv_job_counts_command() was answered; NULL reply: nothing.  In the arena. */
const sv_job_count_t *sv_job_counts_read(const redisReply *reply, sv_arena_t *arena, size_t *count);

#endif
