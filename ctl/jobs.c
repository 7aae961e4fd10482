#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/job.h"
#include "core/store/document.h"
#include "ctl/ctl.h"

static const char *const sv_job_states[] = { "queued", "running", "succeeded", "failed", "cancelled" };

static bool
sv_job_state_exists(const char *state)
{
    for (size_t i = 0; i < sizeof(sv_job_states) / sizeof(sv_job_states[0]); i++) {
        if (strcmp(sv_job_states[i], state) == 0) {
            return true;
        }
    }
    return false;
}

static void
sv_job_print_line(const bson_t *job, sv_arena_t *arena)
{
    const char *reason = sv_doc_text(job, "error.code", arena), *user = sv_doc_text(job, "requested_by", arena);
    char created[SV_TIME_TEXT_SIZE];

    sv_time_format(sv_doc_time(job, "created_at"), created);
    printf("%s  %-9s %-16s %-24s attempts %" PRId64 " (%" PRId64 " crashed, %" PRId64 " failed)  %s%s%s\n",
           sv_doc_text(job, "job_id", arena), sv_doc_text(job, "status", arena), sv_doc_text(job, "type", arena),
           created, sv_doc_int(job, "attempt"), sv_doc_int(job, "crashed"), sv_doc_int(job, "failed_attempts"),
           user != NULL ? user : "", reason != NULL ? "  " : "", reason != NULL ? reason : "");
}

static sv_status_t
sv_jobs_print(sv_ctl_t *ctl, const bson_t *filter, int64_t limit)
{
    bson_t *options = sv_doc_take(
        BCON_NEW("limit", BCON_INT64(limit), "sort", "{", "created_at", BCON_INT32(-1), "job_id", BCON_INT32(-1), "}"),
        ctl->arena);
    mongoc_cursor_t *cursor;
    const bson_t *job;

    if (sv_store_find(ctl->store, SV_COLLECTION_JOBS, filter, options, &cursor, &ctl->error) != SV_OK) {
        return ctl->error.status;
    }
    while (mongoc_cursor_next(cursor, &job)) {
        sv_job_print_line(job, ctl->arena);
    }
    sv_store_cursor_end(ctl->store, cursor, &ctl->error);
    mongoc_cursor_destroy(cursor);
    return ctl->error.status;
}

int
sv_ctl_jobs_list(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *status = NULL, *type = NULL, *limit = "50";
    const sv_ctl_option_t options[] = { { "--status", &status, NULL },
                                        { "--type", &type, NULL },
                                        { "--limit", &limit, NULL } };
    bson_t *filter = sv_doc_new(ctl->arena);
    long long count;
    char *end;

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), NULL, 0)) {
        return SV_CTL_USAGE;
    }
    errno = 0;
    count = strtoll(limit, &end, 10);
    if (*end != '\0' || errno != 0 || count < 1) {
        return sv_ctl_usage(command, "--limit: %s is not a number of 1 or more", limit);
    }
    if (status != NULL && !sv_job_state_exists(status)) {
        return sv_ctl_usage(command, "--status: %s is none of queued, running, succeeded, failed, cancelled", status);
    }
    if (status != NULL) {
        BSON_APPEND_UTF8(filter, "status", status);
    }
    if (type != NULL) {
        BSON_APPEND_UTF8(filter, "type", type);
    }
    return sv_ctl_store(ctl) == NULL || sv_jobs_print(ctl, filter, count) != SV_OK ? sv_ctl_fail(ctl) : SV_CTL_DONE;
}

static void
sv_job_print(const bson_t *job)
{
    char *json = bson_as_relaxed_extended_json(job, NULL);

    puts(json == NULL ? "{}" : json);
    bson_free(json);
}

int
sv_ctl_jobs_show(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const bson_t *job = NULL;
    const char *words[1];

    if (!sv_ctl_options(command, argc, argv, NULL, 0, words, 1)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL ||
        sv_job_load(ctl->store, &ctl->operator_, words[0], ctl->arena, &job, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    sv_job_print(job);
    return SV_CTL_DONE;
}

static sv_redis_client_t *
sv_job_redis(sv_ctl_t *ctl)
{
    if (ctl->redis == NULL) {
        ctl->redis = sv_redis_client_create(&ctl->settings);
    }
    return ctl->redis;
}

static void
sv_job_tell_status(sv_ctl_t *ctl, const bson_t *job)
{
    const sv_job_news_t news = sv_job_news(job, ctl->arena);

    sv_job_tell(sv_job_redis(ctl), &news, ctl->arena);
}

int
sv_ctl_jobs_cancel(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const bson_t *job = NULL;
    const char *words[1];
    bool ended;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, words, 1)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL ||
        sv_job_cancel(ctl->store, &ctl->operator_, words[0], ctl->arena, &job, &ended, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    if (ended) {
        sv_job_tell_status(ctl, job);
    }
    puts(sv_doc_bool(job, "pending") ? "its worker was told; it ends as soon as that sees it" : "cancelled");
    return SV_CTL_DONE;
}

/* The workers' repair does it within seconds where Redis does not answer here. */
static void
sv_job_dispatch_again(sv_ctl_t *ctl, const bson_t *job)
{
    const char *job_id = sv_doc_text(job, "job_id", ctl->arena);
    sv_error_t ignored;

    sv_error_init(&ignored, ctl->arena);
    sv_dispatch(sv_job_redis(ctl), sv_queue_parse(sv_doc_text(job, "queue", ctl->arena)), &job_id, 1,
                SV_DISPATCH_REPLACE, NULL, &ignored);
}

int
sv_ctl_jobs_requeue(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const bson_t *job = NULL;
    const char *words[1];

    if (!sv_ctl_options(command, argc, argv, NULL, 0, words, 1)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL ||
        sv_job_requeue(ctl->store, &ctl->operator_, words[0], ctl->arena, &job, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    sv_job_dispatch_again(ctl, job);
    sv_job_tell_status(ctl, job);
    puts("queued");
    return SV_CTL_DONE;
}
