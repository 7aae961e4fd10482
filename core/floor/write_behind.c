#include "core/floor/write_behind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/floor/lease.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

#define SV_HEARTBEATS "floor:heartbeats"

enum {
    /* One transaction each: one commit to disk for all of them, which halves what a heartbeat costs the database. */
    SV_HEARTBEAT_CHUNK = 250,
    /* So many are forgotten in one script of Redis, which serves nobody meanwhile: clients' commands go in between. */
    SV_HEARTBEATS_FORGOTTEN_AT_ONCE = 50,
    /* Heartbeats this near to each other are one update, as if all were as old as the oldest: their holds end so much
     * too early at most, of the margin they have after the lease, and never too late.  It halves the cost once more. */
    SV_HEARTBEAT_GROUP_MS = 500,
};

typedef struct {
    const char *name; /* as Redis has it (sv_lease_name) */
    const char *session_id;
    const char *score; /* as Redis spells it */
    int64_t at_ms;     /* of the heartbeat, by MongoDB's clock */
    bool holds;        /* its hold is not over yet */
} sv_noted_heartbeat_t;

typedef struct {
    sv_arena_t *arena;
    sv_noted_heartbeat_t *heartbeats;
    size_t count;
    int64_t due;  /* holds to be written */
    int64_t held; /* racks that matched */
} sv_heartbeat_chunk_t;

static sv_status_t
sv_heartbeats_take(sv_redis_client_t *redis, const char *newest, sv_arena_t *arena, redisReply **reply,
                   sv_error_t *error)
{
    sv_redis_command_t command;
    sv_status_t status;

    sv_redis_script(&command, arena, SV_SCRIPT_HEARTBEATS_TAKE, 1);
    sv_redis_arg(&command, SV_HEARTBEATS);
    sv_redis_arg(&command, newest);
    sv_redis_arg_int(&command, SV_HEARTBEAT_CHUNK);
    status = sv_redis_client_run(redis, &command, reply, error);
    if (status == SV_OK && ((*reply)->type != REDIS_REPLY_ARRAY || (*reply)->elements < 1)) {
        freeReplyObject(*reply);
        *reply = NULL;
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "heartbeats_take: an unexpected reply");
    }
    return status;
}

/* Ages are Redis' own (its clock now less the score), so the two servers' clocks need not agree.  MongoDB's was read
 * before Redis': however long this process was held up in between, no heartbeat seems younger than it is. */
static void
sv_heartbeats_read(const redisReply *reply, const sv_settings_t *settings, int64_t mongodb_now_ms,
                   sv_heartbeat_chunk_t *chunk)
{
    int64_t redis_now_ms = sv_redis_element_int(reply, 0);

    chunk->count = 0;
    chunk->heartbeats = sv_arena_zalloc(chunk->arena, (reply->elements / 2 + 1) * sizeof(chunk->heartbeats[0]));
    for (size_t i = 1; i + 1 < reply->elements; i += 2) {
        sv_noted_heartbeat_t *heartbeat = &chunk->heartbeats[chunk->count++];
        int64_t age_ms;

        heartbeat->name = sv_arena_strdup(chunk->arena, sv_redis_element_text(reply, i));
        heartbeat->session_id = sv_lease_name_session(heartbeat->name);
        heartbeat->score = sv_arena_strdup(chunk->arena, sv_redis_element_text(reply, i + 1));
        age_ms = redis_now_ms - (int64_t) strtod(heartbeat->score, NULL);
        age_ms = age_ms < 0 ? 0 : age_ms;
        heartbeat->at_ms = mongodb_now_ms - age_ms;
        heartbeat->holds = age_ms < sv_active_hold_ms(settings);
    }
}

/* How many heartbeats from `first` on are written as one.  They stand in the order of their times. */
static size_t
sv_heartbeat_group_size(const sv_heartbeat_chunk_t *chunk, size_t first)
{
    size_t end = first + 1;

    while (end < chunk->count &&
           chunk->heartbeats[end].at_ms - chunk->heartbeats[first].at_ms <= SV_HEARTBEAT_GROUP_MS) {
        end++;
    }
    return end - first;
}

static sv_status_t
sv_heartbeat_group_add(sv_bulk_t *bulk, const sv_noted_heartbeat_t *group, size_t size, int64_t hold_ms,
                       sv_arena_t *arena, sv_error_t *error)
{
    const char **sessions = sv_arena_alloc(arena, size * sizeof(*sessions));
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;
    sv_status_t status;

    for (size_t i = 0; i < size; i++) {
        sessions[i] = group[i].session_id;
    }
    sv_filter_in(&filter, "session_id", sessions, size);
    BCON_APPEND(&filter, "status", "claimed", "held_at", "{", "$lt", BCON_DATE_TIME(group->at_ms), "}");
    BCON_APPEND(&update, "$set", "{", "held_at", BCON_DATE_TIME(group->at_ms), "hold_ms", BCON_INT64(hold_ms), "}");
    status = sv_bulk_update_many(bulk, &filter, &update, error);
    bson_destroy(&filter);
    bson_destroy(&update);
    return status;
}

static sv_status_t
sv_heartbeats_hold(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_heartbeat_chunk_t *chunk = context;
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status = SV_OK;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    chunk->due = 0;
    sv_bulk_begin(&bulk, store, SV_COLLECTION_RACK_REGISTRY, arena);
    for (size_t i = 0, size; status == SV_OK && i < chunk->count; i += size) {
        size = sv_heartbeat_group_size(chunk, i);
        if (chunk->heartbeats[i].holds) {
            chunk->due += (int64_t) size;
            status = sv_heartbeat_group_add(&bulk, &chunk->heartbeats[i], size, sv_active_hold_ms(store->settings),
                                            arena, error);
        }
    }
    if (status == SV_OK) {
        status = sv_bulk_run(&bulk, arena, &result, error);
        chunk->held = result.matched;
    } else {
        sv_bulk_discard(&bulk);
    }
    sv_arena_destroy(arena);
    return status;
}

static int
sv_compare_sessions(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Which sessions of the chunk have a claimed rack, sorted. */
static sv_status_t
sv_heartbeats_find_claimed(sv_store_t *store, const sv_heartbeat_chunk_t *chunk, const char **claimed, size_t *count,
                           sv_error_t *error)
{
    const char **sessions = sv_arena_alloc(chunk->arena, chunk->count * sizeof(*sessions));
    bson_t *filter = sv_doc_new(chunk->arena), *options = sv_doc_new(chunk->arena);
    mongoc_cursor_t *cursor;
    const bson_t *rack;
    sv_status_t status;

    for (size_t i = 0; i < chunk->count; i++) {
        sessions[i] = chunk->heartbeats[i].session_id;
    }
    sv_filter_in(filter, "session_id", sessions, chunk->count);
    BCON_APPEND(filter, "status", "claimed");
    BCON_APPEND(options, "projection", "{", "session_id", BCON_INT32(1), "}");
    *count = 0;
    status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (*count < chunk->count && mongoc_cursor_next(cursor, &rack)) {
        const char *session_id = sv_doc_text(rack, "session_id", chunk->arena);

        if (session_id != NULL) {
            claimed[(*count)++] = session_id;
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    qsort(claimed, *count, sizeof(*claimed), sv_compare_sessions);
    return status;
}

/* A release, a pause or a closed count that Redis was never told of would let its heartbeats renew a lease for ever:
 * what Redis believes of those sessions is dropped, and their next heartbeat asks MongoDB. */
static sv_status_t
sv_heartbeats_disbelieve(sv_store_t *store, sv_redis_client_t *redis, const sv_heartbeat_chunk_t *chunk,
                         int64_t *dropped, sv_error_t *error)
{
    const char **claimed = sv_arena_alloc(chunk->arena, chunk->count * sizeof(*claimed));
    size_t claimed_count, gone = 0;
    sv_redis_command_t command;
    redisReply *reply;
    sv_buffer_t lines;
    sv_status_t status = sv_heartbeats_find_claimed(store, chunk, claimed, &claimed_count, error);

    if (status != SV_OK) {
        return status;
    }
    sv_buffer_init(&lines, chunk->arena, 256);
    for (size_t i = 0; i < chunk->count; i++) {
        const char *session_id = chunk->heartbeats[i].session_id;

        if (bsearch(&session_id, claimed, claimed_count, sizeof(*claimed), sv_compare_sessions) == NULL) {
            sv_buffer_printf(&lines, "%s\n", chunk->heartbeats[i].name);
            gone++;
        }
    }
    if (gone == 0) {
        return SV_OK;
    }
    sv_redis_script(&command, chunk->arena, SV_SCRIPT_SESSIONS_DISBELIEVE, 0);
    sv_redis_arg_n(&command, lines.data, lines.length);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        *dropped += reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
        freeReplyObject(reply);
    }
    return status;
}

static sv_status_t
sv_heartbeats_forget_some(sv_redis_client_t *redis, const sv_settings_t *settings, const sv_heartbeat_chunk_t *chunk,
                          size_t first, size_t end, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_redis_script(&command, chunk->arena, SV_SCRIPT_HEARTBEATS_WRITTEN, 1);
    sv_redis_arg(&command, SV_HEARTBEATS);
    for (size_t i = first; i < end; i++) {
        const sv_noted_heartbeat_t *heartbeat = &chunk->heartbeats[i];
        int64_t at_ms = (int64_t) strtod(heartbeat->score, NULL); /* by Redis, whose clock ends what it keeps */

        sv_redis_arg(&command, heartbeat->score);
        sv_redis_arg(&command, heartbeat->name);
        sv_redis_arg(&command, sv_lease_name_user(chunk->arena, heartbeat->name));
        sv_redis_arg(&command, heartbeat->session_id);
        sv_redis_arg_int(&command, at_ms + settings->heartbeat_ttl * 1000);
        sv_redis_arg_int(&command, at_ms + settings->last_seen_ttl * 1000);
        sv_redis_arg_int(&command, at_ms + settings->session_lock_ttl * 1000);
    }
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        freeReplyObject(reply);
    }
    return status;
}

static sv_status_t
sv_heartbeats_forget(sv_redis_client_t *redis, const sv_settings_t *settings, const sv_heartbeat_chunk_t *chunk,
                     sv_error_t *error)
{
    sv_status_t status = SV_OK;

    for (size_t first = 0, end; status == SV_OK && first < chunk->count; first = end) {
        end = first + SV_HEARTBEATS_FORGOTTEN_AT_ONCE < chunk->count ? first + SV_HEARTBEATS_FORGOTTEN_AT_ONCE
                                                                     : chunk->count;
        status = sv_heartbeats_forget_some(redis, settings, chunk, first, end, error);
    }
    return status;
}

/* One chunk.  `newest` bounds the round to what was noted when it began; *left is false after the last chunk. */
static sv_status_t
sv_write_behind_chunk(sv_store_t *store, sv_redis_client_t *redis, char newest[24], sv_write_behind_t *done, bool *left,
                      sv_arena_t *arena, sv_error_t *error)
{
    sv_heartbeat_chunk_t chunk = { .arena = arena };
    int64_t mongodb_now_ms = 0;
    redisReply *reply;
    sv_status_t status = sv_store_now(store, &mongodb_now_ms, error);

    *left = false;
    if (status == SV_OK) {
        status = sv_heartbeats_take(redis, newest, arena, &reply, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (newest[0] == '\0') {
        snprintf(newest, 24, "%" PRId64, sv_redis_element_int(reply, 0));
    }
    sv_heartbeats_read(reply, store->settings, mongodb_now_ms, &chunk);
    freeReplyObject(reply);
    if (chunk.count == 0) {
        return SV_OK;
    }
    status = sv_transaction_run(store, sv_heartbeats_hold, &chunk, error);
    if (status == SV_OK && chunk.held < chunk.due) {
        status = sv_heartbeats_disbelieve(store, redis, &chunk, &done->dropped, error);
    }
    if (status == SV_OK) {
        status = sv_heartbeats_forget(redis, store->settings, &chunk, error);
    }
    done->taken += (int64_t) chunk.count;
    done->held += chunk.held;
    *left = chunk.count == SV_HEARTBEAT_CHUNK;
    return status;
}

sv_status_t
sv_write_behind_round(sv_store_t *store, sv_redis_client_t *redis, sv_write_behind_t *done, sv_error_t *error)
{
    char newest[24] = "";
    bool left = true;
    sv_status_t status = SV_OK;

    memset(done, 0, sizeof(*done));
    while (status == SV_OK && left) {
        sv_arena_t *arena = sv_arena_create();

        status = sv_write_behind_chunk(store, redis, newest, done, &left, arena, error);
        sv_arena_destroy(arena);
    }
    return status;
}
