#include "core/jobs/job_tell.h"

#include <string.h>

#include "core/events/event.h"
#include "core/jobs/job_figures.h"
#include "core/store/document.h"

static bool
sv_job_is_end(const char *status)
{
    return strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
}

void
sv_job_tell_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_job_news_t *news)
{
    sv_redis_script(command, arena, SV_SCRIPT_JOB_TELL, 1);
    sv_redis_arg(command, SV_JOBS_ENDED);
    sv_redis_arg_key(command, SV_TOPIC_JOB, news->job_id);
    sv_redis_arg(command, news->requested_by != NULL ? news->requested_by : "");
    sv_redis_arg(command, sv_job_event(news->job_id, news->status, NULL, 0, 0, arena));
    sv_redis_arg(command, sv_job_is_end(news->status) ? sv_arena_printf(arena, "%s %s", news->type, news->status) : "");
}

void
sv_job_tell(sv_redis_client_t *redis, const sv_job_news_t *news, sv_arena_t *arena)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_error_t ignored;

    sv_error_init(&ignored, arena);
    sv_job_tell_command(&command, arena, news);
    if (sv_redis_client_run(redis, &command, &reply, &ignored) == SV_OK) {
        freeReplyObject(reply);
    }
}

sv_job_news_t
sv_job_news(const bson_t *job, sv_arena_t *arena)
{
    return (sv_job_news_t){
        .job_id = sv_doc_text(job, "job_id", arena),
        .type = sv_doc_text(job, "type", arena),
        .status = sv_doc_text(job, "status", arena),
        .requested_by = sv_doc_text(job, "requested_by", arena),
    };
}

sv_job_news_t
sv_job_claim_news(const sv_job_claim_t *claim, const char *status)
{
    return (sv_job_news_t){
        .job_id = claim->job_id, .type = claim->type, .status = status, .requested_by = claim->requested_by
    };
}
