#ifndef SV_JOB_TELL_H
#define SV_JOB_TELL_H

#include "core/redis/client.h"

/*
 * What became of a job, told by whoever wrote it to MongoDB: the message on jobs:updates:{job_id} for those who listen
 * and, where it is an end, one more of its kind and outcome in jobs:ended for those who count.  A message that is lost
 * changes nothing.
 */

/* For whoever has a connection of its own.  Keeps pointers until it has run. */
void sv_job_tell_command(sv_redis_command_t *command, sv_arena_t *arena, const char *job_id, const char *type,
                         const char *status);
/* Over the client; what goes wrong is of no interest. */
void sv_job_tell(sv_redis_client_t *redis, const char *job_id, const char *type, const char *status, sv_arena_t *arena);

#endif
