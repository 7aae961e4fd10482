#include "core/jobs/job_figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/store/document.h"

#define SV_JOB_FIGURES "jobs:waiting"

/* How long figures are found, and for how many times the time that counting took they are not counted again. */
enum { SV_JOB_FIGURES_LIFE_MS = 30000, SV_JOB_FIGURES_REST = 20 };

static void
sv_job_figures_take(const bson_t *row, int64_t now_ms, sv_job_figures_t *figures, sv_arena_t *arena)
{
    sv_queue_t queue = sv_queue_parse(sv_doc_text(row, "_id", arena));
    int64_t oldest_ms = sv_doc_time(row, "oldest");

    figures->waiting[queue] += sv_doc_int(row, "waiting");
    figures->oldest_s[queue] = oldest_ms > 0 && oldest_ms < now_ms ? (now_ms - oldest_ms) / 1000 : 0;
}

static sv_status_t
sv_job_figures_count(sv_store_t *store, sv_job_figures_t *figures, sv_error_t *error)
{
    bson_t *pipeline = sv_doc_take(BCON_NEW("pipeline", "[", "{", "$match", "{", "status", "queued", "}", "}", "{",
                                            "$group", "{", "_id", "$queue", "waiting", "{", "$sum", BCON_INT32(1), "}",
                                            "oldest", "{", "$min", "$queued_at", "}", "}", "}", "]"),
                                   error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    int64_t now_ms = 0;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    memset(figures, 0, sizeof(*figures));
    if (status != SV_OK) {
        return status;
    }
    cursor = mongoc_collection_aggregate(store->collections[SV_COLLECTION_JOBS], MONGOC_QUERY_NONE, pipeline,
                                         sv_store_options(store, error->arena), NULL);
    while (mongoc_cursor_next(cursor, &row)) {
        sv_job_figures_take(row, now_ms, figures, error->arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_job_figures_keep(sv_redis_client_t *redis, const sv_job_figures_t *figures, int64_t rest_ms, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_buffer_t text;
    sv_status_t status;

    sv_buffer_init(&text, error->arena, 128);
    for (int i = 0; i < SV_QUEUE_COUNT; i++) {
        sv_buffer_printf(&text, "%" PRId64 " %" PRId64 " ", figures->waiting[i], figures->oldest_s[i]);
    }
    sv_redis_command(&command, error->arena, "SET");
    sv_redis_arg(&command, SV_JOB_FIGURES);
    sv_redis_arg(&command, text.data);
    sv_redis_arg(&command, "PX");
    sv_redis_arg_int(&command, SV_JOB_FIGURES_LIFE_MS + rest_ms);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        freeReplyObject(reply);
    }
    return status;
}

/* Whether the last figures still rest: what is left of their life says so. */
static sv_status_t
sv_job_figures_rest(sv_redis_client_t *redis, bool *rest, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_redis_command(&command, error->arena, "PTTL");
    sv_redis_arg(&command, SV_JOB_FIGURES);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        *rest = reply->type == REDIS_REPLY_INTEGER && reply->integer > SV_JOB_FIGURES_LIFE_MS;
        freeReplyObject(reply);
    }
    return status;
}

sv_status_t
sv_job_figures_round(sv_store_t *store, sv_redis_client_t *redis, sv_error_t *error)
{
    sv_job_figures_t figures;
    int64_t begun_ms = sv_clock_monotonic_ms();
    bool rest = false;
    sv_status_t status = sv_job_figures_rest(redis, &rest, error);

    if (status != SV_OK || rest) {
        return status;
    }
    status = sv_job_figures_count(store, &figures, error);
    return status == SV_OK
               ? sv_job_figures_keep(redis, &figures, SV_JOB_FIGURES_REST * (sv_clock_monotonic_ms() - begun_ms), error)
               : status;
}

void
sv_job_figures_command(sv_redis_command_t *command, sv_arena_t *arena)
{
    sv_redis_command(command, arena, "GET");
    sv_redis_arg(command, SV_JOB_FIGURES);
}

bool
sv_job_figures_read(const redisReply *reply, sv_job_figures_t *figures)
{
    const char *at = reply != NULL && reply->type == REDIS_REPLY_STRING ? reply->str : NULL;

    for (int i = 0; at != NULL && i < SV_QUEUE_COUNT; i++) {
        int read = 0;

        if (sscanf(at, "%" SCNd64 " %" SCNd64 "%n", &figures->waiting[i], &figures->oldest_s[i], &read) != 2) {
            return false;
        }
        at += read;
    }
    return at != NULL;
}

void
sv_job_counts_command(sv_redis_command_t *command, sv_arena_t *arena)
{
    sv_redis_command(command, arena, "HGETALL");
    sv_redis_arg(command, SV_JOBS_ENDED);
}

const sv_job_count_t *
sv_job_counts_read(const redisReply *reply, sv_arena_t *arena, size_t *count)
{
    sv_job_count_t *counts;

    *count = 0;
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        return NULL;
    }
    counts = sv_arena_alloc(arena, (reply->elements / 2 + 1) * sizeof(*counts));
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const char *field = sv_redis_element_text(reply, i), *number = sv_redis_element_text(reply, i + 1);
        const char *blank = field != NULL ? strchr(field, ' ') : NULL;

        if (blank != NULL && number != NULL) {
            counts[*count].type = sv_arena_strndup(arena, field, (size_t) (blank - field));
            counts[*count].outcome = sv_arena_strdup(arena, blank + 1);
            counts[*count].count = strtoll(number, NULL, 10);
            (*count)++;
        }
    }
    return counts;
}
