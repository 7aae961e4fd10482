#include "core/counts/stray_sessions.h"

#include <string.h>

#include "core/base/log.h"
#include "core/counts/count.h"
#include "core/counts/count_close.h"
#include "core/counts/count_settle.h"
#include "core/counts/standing.h"
#include "core/floor/lease.h"
#include "core/store/document.h"

enum { SV_STRAY_BATCH = 100 };

/* The next count after `*count_id` that a floor session takes for open; NULL: there is none.  One step along the index,
 * however many sessions a count has. */
static sv_status_t
sv_stray_next_count(sv_store_t *store, const char **count_id, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_state", "OPEN", "count_id", "{", "$gt", BCON_UTF8(*count_id), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "count_id", BCON_INT32(1), "}", "limit", BCON_INT64(1),
                                           "projection", "{", "_id", BCON_INT32(0), "count_id", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    *count_id = mongoc_cursor_next(cursor, &row) ? sv_doc_text(row, "count_id", arena) : NULL;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_stray_is_open(sv_store_t *store, const char *count_id, bool *open, sv_arena_t *arena, sv_error_t *error)
{
    sv_count_t count;
    sv_status_t status = sv_count_find(store, count_id, arena, &count, error);

    if (status == SV_ERR_NOT_FOUND) {
        /* Nothing says what its sessions should be: they are left as they are. */
        sv_error_clear(error);
        *open = true;
        return SV_OK;
    }
    *open = status == SV_OK && sv_count_is_open(&count);
    return status;
}

static sv_status_t
sv_stray_read(sv_store_t *store, const char *count_id, const char **session_ids, size_t *count, sv_arena_t *arena,
              sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_state", "OPEN", "count_id", BCON_UTF8(count_id)), arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("limit", BCON_INT64(SV_STRAY_BATCH), "projection", "{", "session_id", BCON_INT32(1), "}"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error);

    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (*count < SV_STRAY_BATCH && mongoc_cursor_next(cursor, &row)) {
        session_ids[*count] = sv_doc_text(row, "session_id", arena);
        *count += session_ids[*count] != NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Lost when Redis is away: the lease runs out by itself. */
static void
sv_stray_tell(sv_redis_client_t *redis, const sv_settings_t *settings, const sv_floor_session_t *session,
              sv_arena_t *arena, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;

    sv_session_state_command(&command, arena, settings, session, 0, "rack.interrupted");
    if (sv_redis_client_run(redis, &command, &reply, error) == SV_OK) {
        freeReplyObject(reply);
    }
    sv_error_clear(error);
}

static sv_status_t
sv_stray_settle(sv_store_t *store, sv_redis_client_t *redis, const char *session_id, sv_stray_sessions_t *done,
                sv_arena_t *arena, sv_error_t *error)
{
    sv_floor_session_t session;
    bool interrupted;
    sv_status_t status = sv_count_interrupt_session(store, NULL, session_id, arena, &session, &interrupted, error);

    if (status != SV_OK) {
        return status;
    }
    sv_log(SV_LOG_NOTICE, "floor session %s took its ended count for open: %s", session_id,
           interrupted ? "interrupted" : "told");
    done->settled++;
    done->interrupted += interrupted;
    if (interrupted) {
        sv_stray_tell(redis, store->settings, &session, arena, error);
    }
    return SV_OK;
}

/* A batch at most: the next round takes what is left. */
static sv_status_t
sv_stray_settle_count(sv_store_t *store, sv_redis_client_t *redis, const char *count_id, sv_stray_sessions_t *done,
                      sv_arena_t *arena, sv_error_t *error)
{
    const char *session_ids[SV_STRAY_BATCH];
    size_t count = 0;
    sv_status_t status = sv_stray_read(store, count_id, session_ids, &count, arena, error);

    for (size_t i = 0; status == SV_OK && i < count; i++) {
        status = sv_stray_settle(store, redis, session_ids[i], done, arena, error);
        if (status != SV_OK && sv_status_kind(status) != SV_KIND_UNAVAILABLE) {
            /* One that cannot be settled leaves no other open for ever. */
            sv_log(SV_LOG_WARNING, "floor session %s still takes its ended count %s for open: %s", session_ids[i],
                   count_id, error->cause != NULL ? error->cause : sv_status_code(status));
            sv_error_clear(error);
            status = SV_OK;
        }
    }
    return status;
}

/* Goes on with a count whose step nobody brought to its end, and whose floor sessions are to be told. */
static sv_status_t
sv_stray_go_on(sv_store_t *store, sv_redis_client_t *redis, const char *count_id, sv_stray_sessions_t *done,
               sv_arena_t *arena, sv_error_t *error)
{
    sv_count_settled_t settled;
    sv_status_t status = sv_count_settle(store, count_id, arena, &settled, error);

    if (status != SV_OK && sv_status_kind(status) != SV_KIND_UNAVAILABLE) {
        /* One that cannot be settled leaves no other unsettled for ever. */
        sv_log(SV_LOG_WARNING, "count %s is still to be settled: %s", count_id,
               error->cause != NULL ? error->cause : sv_status_code(status));
        sv_error_clear(error);
        status = SV_OK;
    }
    done->settled += settled.told;
    done->interrupted += (int64_t) settled.interrupted_count;
    for (size_t i = 0; i < settled.interrupted_count; i++) {
        sv_stray_tell(redis, store->settings, &settled.interrupted[i], arena, error);
    }
    return status;
}

static sv_status_t
sv_stray_go_on_all(sv_store_t *store, sv_redis_client_t *redis, sv_stray_sessions_t *done, sv_arena_t *arena,
                   sv_error_t *error)
{
    const char *count_id = "";
    sv_status_t status = sv_count_settling_next(store, &count_id, arena, error);

    while (status == SV_OK && count_id != NULL) {
        status = sv_stray_go_on(store, redis, count_id, done, arena, error);
        if (status == SV_OK) {
            status = sv_count_settling_next(store, &count_id, arena, error);
        }
    }
    return status;
}

sv_status_t
sv_stray_sessions_round(sv_store_t *store, sv_redis_client_t *redis, sv_stray_sessions_t *done, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    const char *count_id = "";
    bool open = true;
    sv_status_t status;

    memset(done, 0, sizeof(*done));
    status = sv_standing_round(store, &done->periods, error);
    if (status == SV_OK) {
        status = sv_stray_go_on_all(store, redis, done, arena, error);
    }
    if (status == SV_OK) {
        status = sv_stray_next_count(store, &count_id, arena, error);
    }
    while (status == SV_OK && count_id != NULL) {
        done->counts++;
        status = sv_stray_is_open(store, count_id, &open, arena, error);
        if (status == SV_OK && !open) {
            status = sv_stray_settle_count(store, redis, count_id, done, arena, error);
        }
        if (status == SV_OK) {
            status = sv_stray_next_count(store, &count_id, arena, error);
        }
    }
    sv_arena_destroy(arena);
    return status;
}
