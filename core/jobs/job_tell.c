#include "core/jobs/job_tell.h"

#include <string.h>

#include "core/events/event.h"
#include "core/jobs/job.h"
#include "core/jobs/job_figures.h"

static bool
sv_job_is_end(const char *status)
{
    return strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
}

void
sv_job_tell_command(sv_redis_command_t *command, sv_arena_t *arena, const char *job_id, const char *type,
                    const char *status)
{
    sv_redis_script(command, arena, SV_SCRIPT_JOB_TELL, 1);
    sv_redis_arg(command, SV_JOBS_ENDED);
    sv_redis_arg_key(command, SV_TOPIC_JOB, job_id);
    sv_redis_arg(command, sv_job_event(job_id, status, NULL, 0, 0, arena));
    sv_redis_arg(command, sv_job_is_end(status) ? sv_arena_printf(arena, "%s %s", type, status) : "");
}

void
sv_job_tell(sv_redis_client_t *redis, const char *job_id, const char *type, const char *status, sv_arena_t *arena)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_error_t ignored;

    sv_error_init(&ignored, arena);
    sv_job_tell_command(&command, arena, job_id, type, status);
    if (sv_redis_client_run(redis, &command, &reply, &ignored) == SV_OK) {
        freeReplyObject(reply);
    }
}
