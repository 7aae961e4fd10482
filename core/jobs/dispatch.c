#include "core/jobs/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/events/event.h"

#define SV_JOBS_GROUP   "workers"
#define SV_JOBS_ENTRIES "jobs:entries"

enum { SV_CONSUMER_FORGOTTEN_MS = 86400000, SV_JOB_LINE = 64 };

/* The keys of a queue, by its name in core/jobs/job_kinds.c. */
static const char *const sv_streams[SV_QUEUE_COUNT] = { "jobs:high", "jobs:mail", "jobs:short", "jobs:default",
                                                        "jobs:low" };
static const char *const sv_wakes[SV_QUEUE_COUNT] = { "jobs:wake:high", "jobs:wake:mail", "jobs:wake:short",
                                                      "jobs:wake:default", "jobs:wake:low" };

/* Queues that follow each other. */
static const struct {
    sv_queue_t first;
    int count;
} sv_lanes[SV_LANE_COUNT] = {
    [SV_LANE_ALL] = { SV_QUEUE_HIGH, SV_QUEUE_COUNT },
    [SV_LANE_SHORT] = { SV_QUEUE_SHORT, 1 },
    [SV_LANE_MAIL] = { SV_QUEUE_MAIL, 1 },
};

static void
sv_dispatch_build(sv_redis_command_t *command, sv_arena_t *arena, sv_queue_t queue, const char *const *job_ids,
                  size_t count, sv_dispatch_mode_t mode)
{
    sv_buffer_t lines;

    sv_buffer_init(&lines, arena, count * SV_JOB_LINE + 1);
    for (size_t i = 0; i < count; i++) {
        sv_buffer_puts(&lines, job_ids[i]);
        sv_buffer_putc(&lines, '\n');
    }
    sv_redis_script(command, arena, SV_SCRIPT_JOB_DISPATCH, 3);
    sv_redis_arg(command, sv_streams[queue]);
    sv_redis_arg(command, SV_JOBS_ENTRIES);
    sv_redis_arg(command, sv_wakes[queue]);
    sv_redis_arg(command, SV_JOBS_GROUP);
    sv_redis_arg(command, mode == SV_DISPATCH_REPLACE ? "replace" : "keep");
    sv_redis_arg_n(command, lines.data, lines.length);
}

void
sv_dispatch_command(sv_redis_command_t *command, sv_arena_t *arena, sv_queue_t queue, const char *job_id)
{
    sv_dispatch_build(command, arena, queue, &job_id, 1, SV_DISPATCH_KEEP);
}

/* Runs a command whose reply is a number, which may be of no interest. */
static sv_status_t
sv_dispatch_run(sv_redis_client_t *redis, sv_redis_command_t *command, int64_t *number, sv_error_t *error)
{
    redisReply *reply;
    sv_status_t status = sv_redis_client_run(redis, command, &reply, error);

    if (status == SV_OK) {
        if (number != NULL) {
            *number = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
        }
        freeReplyObject(reply);
    }
    return status;
}

sv_status_t
sv_dispatch(sv_redis_client_t *redis, sv_queue_t queue, const char *const *job_ids, size_t count,
            sv_dispatch_mode_t mode, int64_t *added, sv_error_t *error)
{
    sv_redis_command_t command;

    if (added != NULL) {
        *added = 0;
    }
    if (count == 0) {
        return SV_OK;
    }
    sv_dispatch_build(&command, error->arena, queue, job_ids, count, mode);
    return sv_dispatch_run(redis, &command, added, error);
}

static void
sv_dispatch_put_lane(sv_redis_command_t *command, sv_lane_t lane, const char *const *keys)
{
    for (int i = 0; i < sv_lanes[lane].count; i++) {
        sv_redis_arg(command, keys[(int) sv_lanes[lane].first + i]);
    }
}

sv_status_t
sv_dispatch_take(sv_redis_client_t *redis, const char *worker, sv_lane_t lane, int64_t ageing_ms, sv_arena_t *arena,
                 sv_dispatch_entry_t *entry, bool *found, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    *found = false;
    sv_redis_script(&command, arena, SV_SCRIPT_JOB_TAKE, sv_lanes[lane].count);
    sv_dispatch_put_lane(&command, lane, sv_streams);
    sv_redis_arg(&command, SV_JOBS_GROUP);
    sv_redis_arg(&command, worker);
    sv_redis_arg_int(&command, ageing_ms);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status != SV_OK) {
        return status;
    }
    if (sv_redis_element_text(reply, 1) != NULL && sv_redis_element_text(reply, 2) != NULL) {
        int64_t number = sv_redis_element_int(reply, 0);

        entry->queue = (sv_queue_t) ((int64_t) sv_lanes[lane].first + number - 1);
        entry->id = sv_arena_strdup(arena, sv_redis_element_text(reply, 1));
        entry->job_id = sv_arena_strdup(arena, sv_redis_element_text(reply, 2));
        entry->aged = sv_redis_element_int(reply, 3) == 1;
        *found = number >= 1 && number <= sv_lanes[lane].count;
    }
    freeReplyObject(reply);
    return SV_OK;
}

sv_status_t
sv_dispatch_wait(sv_redis_client_t *redis, sv_lane_t lane, double seconds, sv_error_t *error)
{
    sv_redis_command_t command;
    char limit[32];

    snprintf(limit, sizeof(limit), "%.3f", seconds);
    sv_redis_command(&command, error->arena, "BLPOP");
    sv_dispatch_put_lane(&command, lane, sv_wakes);
    sv_redis_arg(&command, limit);
    return sv_dispatch_run(redis, &command, NULL, error);
}

sv_status_t
sv_dispatch_drop(sv_redis_client_t *redis, sv_queue_t queue, const sv_dispatch_entry_t *entries, size_t count,
                 sv_error_t *error)
{
    sv_redis_command_t command;
    sv_buffer_t lines;

    if (count == 0) {
        return SV_OK;
    }
    sv_buffer_init(&lines, error->arena, count * 2 * SV_JOB_LINE);
    for (size_t i = 0; i < count; i++) {
        sv_buffer_printf(&lines, "%s %s\n", entries[i].id, entries[i].job_id);
    }
    sv_redis_script(&command, error->arena, SV_SCRIPT_JOB_DROP, 2);
    sv_redis_arg(&command, sv_streams[queue]);
    sv_redis_arg(&command, SV_JOBS_ENTRIES);
    sv_redis_arg(&command, SV_JOBS_GROUP);
    sv_redis_arg_n(&command, lines.data, lines.length);
    return sv_dispatch_run(redis, &command, NULL, error);
}

sv_status_t
sv_dispatch_touch(sv_redis_client_t *redis, const char *worker, const sv_dispatch_entry_t *entry, sv_error_t *error)
{
    sv_redis_command_t command;

    sv_redis_command(&command, error->arena, "XCLAIM");
    sv_redis_arg(&command, sv_streams[entry->queue]);
    sv_redis_arg(&command, SV_JOBS_GROUP);
    sv_redis_arg(&command, worker);
    sv_redis_arg(&command, "0");
    sv_redis_arg(&command, entry->id);
    sv_redis_arg(&command, "JUSTID");
    return sv_dispatch_run(redis, &command, NULL, error);
}

sv_status_t
sv_dispatch_recover(sv_redis_client_t *redis, sv_queue_t queue, const char *worker, int64_t idle_ms, size_t limit,
                    const char **cursor, sv_arena_t *arena, sv_dispatch_entry_t *entries, size_t *count,
                    sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    *count = 0;
    sv_redis_script(&command, arena, SV_SCRIPT_JOB_RECOVER, 1);
    sv_redis_arg(&command, sv_streams[queue]);
    sv_redis_arg(&command, SV_JOBS_GROUP);
    sv_redis_arg(&command, worker);
    sv_redis_arg_int(&command, idle_ms);
    sv_redis_arg(&command, *cursor);
    sv_redis_arg_int(&command, (int64_t) limit);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status != SV_OK) {
        return status;
    }
    *cursor = sv_redis_element_text(reply, 0) != NULL ? sv_arena_strdup(arena, sv_redis_element_text(reply, 0)) : "0-0";
    for (size_t i = 1; *count < limit && i + 1 < reply->elements; i += 2) {
        sv_dispatch_entry_t *entry = &entries[(*count)++];

        entry->queue = queue;
        entry->aged = false;
        entry->id = sv_arena_strdup(arena, sv_redis_element_text(reply, i));
        entry->job_id = sv_arena_strdup(arena, sv_redis_element_text(reply, i + 1));
    }
    freeReplyObject(reply);
    return SV_OK;
}

sv_status_t
sv_dispatch_leave(sv_redis_client_t *redis, const char *worker, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    for (int i = 0; status == SV_OK && i < SV_QUEUE_COUNT; i++) {
        sv_redis_command_t command;

        sv_redis_script(&command, error->arena, SV_SCRIPT_JOB_LEAVE, 1);
        sv_redis_arg(&command, sv_streams[i]);
        sv_redis_arg(&command, SV_JOBS_GROUP);
        sv_redis_arg(&command, worker != NULL ? worker : "");
        sv_redis_arg_int(&command, SV_CONSUMER_FORGOTTEN_MS);
        status = sv_dispatch_run(redis, &command, NULL, error);
    }
    return status;
}

sv_status_t
sv_dispatch_publish(sv_redis_client_t *redis, const char *job_id, const char *owner, const char *message,
                    sv_error_t *error)
{
    sv_redis_command_t command;
    const sv_event_t told = { .topics = sv_arena_printf(error->arena, SV_TOPIC_JOB "%s", job_id),
                              .user_id = owner,
                              .message = message };

    sv_event_command(&command, error->arena, &told);
    return sv_dispatch_run(redis, &command, NULL, error);
}
