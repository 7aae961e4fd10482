#ifndef SV_JOB_TELL_H
#define SV_JOB_TELL_H

#include "core/jobs/job.h"
#include "core/redis/client.h"

/*
 * What became of a job, told by whoever wrote it to MongoDB: the message on jobs:updates:{job_id} for those who listen
 * and, where it is an end, one more of its kind and outcome in jobs:ended for those who count.  A message that is lost
 * changes nothing.
 */

typedef struct {
    const char *job_id;
    const char *type;
    const char *status;
    const char *requested_by; /* who hears of it without being a supervisor; NULL: nobody */
} sv_job_news_t;

/* For whoever has a connection of its own.  Keeps pointers until it has run. */
void sv_job_tell_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_job_news_t *news);
/* Over the client; what goes wrong is of no interest. */
void sv_job_tell(sv_redis_client_t *redis, const sv_job_news_t *news, sv_arena_t *arena);
/* Of a stored job, as it stands there. */
sv_job_news_t sv_job_news(const bson_t *job, sv_arena_t *arena);
/* Of a worker's job, which becomes this. */
sv_job_news_t sv_job_claim_news(const sv_job_claim_t *claim, const char *status);

#endif
