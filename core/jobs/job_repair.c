/* Jobs that wait without an entry in Redis: found by walking along each queue, some thousands a round. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/jobs/dispatch.h"
#include "core/jobs/job_duties.h"
#include "core/store/document.h"

/*
 * Where the walk along each queue has come to is kept in Redis (jobs:walked): whoever does the duty next goes on from
 * there, and in a Redis that was emptied the walk begins anew, which is when it must.
 */
#define SV_JOBS_WALKED "jobs:walked"

/* The last walk is along queues that no row of kinds.def names, another release's: few, and dispatched as `default`. */
enum { SV_REPAIR_CHUNK = 500, SV_REPAIR_CHUNKS = 10, SV_PLACE_SIZE = 128, SV_WALK_OTHER = SV_QUEUE_COUNT, SV_WALKS };

/* The last job looked at; created_ms -1: none, at the beginning. */
typedef struct {
    int64_t created_ms;
    char job_id[SV_PLACE_SIZE];
} sv_place_t;

typedef struct {
    sv_store_t *store;
    sv_redis_client_t *redis;
    int64_t now_ms; /* MongoDB's */
    sv_place_t places[SV_WALKS];
    int64_t added;
    bool more;
} sv_repair_t;

static const char *
sv_walk_name(int walk)
{
    return walk == SV_WALK_OTHER ? "other" : sv_queue_name((sv_queue_t) walk);
}

static void
sv_place_read(sv_place_t *place, const char *text)
{
    if (text == NULL || sscanf(text, "%" SCNd64 " %127s", &place->created_ms, place->job_id) != 2) {
        place->created_ms = -1;
    }
}

static sv_status_t
sv_repair_read_places(sv_repair_t *repair, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_redis_command(&command, error->arena, "HMGET");
    sv_redis_arg(&command, SV_JOBS_WALKED);
    for (int i = 0; i < SV_WALKS; i++) {
        sv_redis_arg(&command, sv_walk_name(i));
    }
    status = sv_redis_client_run(repair->redis, &command, &reply, error);
    if (status != SV_OK) {
        return status;
    }
    for (int i = 0; i < SV_WALKS; i++) {
        sv_place_read(&repair->places[i], sv_redis_element_text(reply, (size_t) i));
    }
    freeReplyObject(reply);
    return SV_OK;
}

static sv_status_t
sv_repair_write_places(sv_repair_t *repair, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_redis_command(&command, error->arena, "HSET");
    sv_redis_arg(&command, SV_JOBS_WALKED);
    for (int i = 0; i < SV_WALKS; i++) {
        const sv_place_t *place = &repair->places[i];

        sv_redis_arg(&command, sv_walk_name(i));
        sv_redis_arg(&command, place->created_ms < 0
                                   ? ""
                                   : sv_arena_printf(error->arena, "%" PRId64 " %s", place->created_ms, place->job_id));
    }
    status = sv_redis_client_run(repair->redis, &command, &reply, error);
    if (status == SV_OK) {
        freeReplyObject(reply);
    }
    return status;
}

static void
sv_repair_put_queue(bson_t *filter, int walk)
{
    bson_t other, names;

    if (walk != SV_WALK_OTHER) {
        BSON_APPEND_UTF8(filter, "queue", sv_walk_name(walk));
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, "queue", &other);
    BSON_APPEND_ARRAY_BEGIN(&other, "$nin", &names);
    for (int i = 0; i < SV_QUEUE_COUNT; i++) {
        char room[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, room, sizeof(room));
        BSON_APPEND_UTF8(&names, key, sv_walk_name(i));
    }
    bson_append_array_end(&other, &names);
    bson_append_document_end(filter, &other);
}

/* Jobs behind the place.  The first condition is an index's, the second is exact; that it stands under "$and" is for
 * the development server, see core/store/filter.h. */
static void
sv_repair_put_place(bson_t *filter, const sv_place_t *place)
{
    if (place->created_ms < 0) {
        return;
    }
    BCON_APPEND(filter, "created_at", "{", "$gte", BCON_DATE_TIME(place->created_ms), "}", "$and", "[", "{", "$or", "[",
                "{", "created_at", "{", "$gt", BCON_DATE_TIME(place->created_ms), "}", "}", "{", "created_at",
                BCON_DATE_TIME(place->created_ms), "job_id", "{", "$gt", BCON_UTF8(place->job_id), "}", "}", "]", "}",
                "]");
}

/* Whether it is due is not asked for: the server would look at any number to find some. */
static sv_status_t
sv_repair_find(const sv_repair_t *repair, int walk, sv_arena_t *arena, mongoc_cursor_t **cursor, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "queued"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "job_id", BCON_INT32(1),
                                           "created_at", BCON_INT32(1), "queued_at", BCON_INT32(1), "delay_ms",
                                           BCON_INT32(1), "}", "sort", "{", "created_at", BCON_INT32(1), "job_id",
                                           BCON_INT32(1), "}", "limit", BCON_INT64(SV_REPAIR_CHUNK)),
                                  arena);

    sv_repair_put_queue(filter, walk);
    sv_repair_put_place(filter, &repair->places[walk]);
    return sv_store_find(repair->store, SV_COLLECTION_JOBS, filter, options, cursor, error);
}

/* Reads a chunk, dispatches what is due of it and moves the place; *count: how many were read. */
static sv_status_t
sv_repair_chunk(sv_repair_t *repair, int walk, sv_arena_t *arena, size_t *count, sv_error_t *error)
{
    const char *due[SV_REPAIR_CHUNK];
    sv_place_t place = repair->places[walk];
    mongoc_cursor_t *cursor;
    const bson_t *job;
    size_t due_count = 0;
    int64_t added = 0;
    sv_status_t status = sv_repair_find(repair, walk, arena, &cursor, error);

    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (*count < SV_REPAIR_CHUNK && mongoc_cursor_next(cursor, &job)) {
        const char *job_id = sv_doc_text(job, "job_id", arena);

        (*count)++;
        place.created_ms = sv_doc_time(job, "created_at");
        snprintf(place.job_id, sizeof(place.job_id), "%s", job_id);
        if (sv_doc_time(job, "queued_at") + sv_doc_int(job, "delay_ms") <= repair->now_ms) {
            due[due_count++] = job_id;
        }
    }
    status = sv_store_cursor_end(repair->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    if (status == SV_OK) {
        status = sv_dispatch(repair->redis, walk == SV_WALK_OTHER ? SV_QUEUE_DEFAULT : (sv_queue_t) walk, due,
                             due_count, SV_DISPATCH_KEEP, &added, error);
    }
    if (status == SV_OK) {
        repair->places[walk] = place;
        repair->added += added;
    }
    return status;
}

/* Whether an entry is there is Redis' to say, exactly: so nothing is written to MongoDB here. */
static sv_status_t
sv_repair_walk(sv_repair_t *repair, int walk, sv_error_t *error)
{
    int64_t before = repair->added;
    size_t count = SV_REPAIR_CHUNK;
    sv_status_t status = SV_OK;

    for (int i = 0; status == SV_OK && count == SV_REPAIR_CHUNK && i < SV_REPAIR_CHUNKS; i++) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t reason;

        sv_error_init(&reason, arena);
        status = sv_repair_chunk(repair, walk, arena, &count, &reason);
        if (status != SV_OK) {
            sv_fail_cause(error, status, "%s", reason.cause != NULL ? reason.cause : sv_status_code(status));
        }
        sv_arena_destroy(arena);
    }
    if (status == SV_OK && count < SV_REPAIR_CHUNK) {
        repair->places[walk].created_ms = -1; /* the end: anew from the beginning */
    } else if (repair->added > before) {
        repair->more = true;
    }
    return status;
}

sv_status_t
sv_jobs_repair(sv_store_t *store, sv_redis_client_t *redis, int64_t *repaired, bool *more, sv_error_t *error)
{
    sv_repair_t repair = { .store = store, .redis = redis };
    sv_status_t status = sv_store_now(store, &repair.now_ms, error);

    if (status == SV_OK) {
        status = sv_repair_read_places(&repair, error);
    }
    for (int walk = 0; status == SV_OK && walk < SV_WALKS; walk++) {
        status = sv_repair_walk(&repair, walk, error);
    }
    if (status == SV_OK) {
        status = sv_repair_write_places(&repair, error);
    }
    *repaired = repair.added;
    *more = status == SV_OK && repair.more;
    return status;
}

sv_status_t
sv_jobs_repair_anew(sv_store_t *store, sv_redis_client_t *redis, sv_error_t *error)
{
    sv_repair_t repair = { .redis = redis };
    sv_status_t status;
    int64_t repaired;
    bool more = true;

    for (int walk = 0; walk < SV_WALKS; walk++) {
        repair.places[walk].created_ms = -1;
    }
    status = sv_repair_write_places(&repair, error);
    while (status == SV_OK && more) {
        status = sv_jobs_repair(store, redis, &repaired, &more, error);
    }
    return status;
}
