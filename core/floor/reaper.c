#include "core/floor/reaper.h"

#include <stdlib.h>
#include <string.h>

#include "core/audit/audit.h"
#include "core/base/log.h"
#include "core/floor/floor.h"
#include "core/floor/lease.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_REAPER_BATCH = 200 };

/* A rack whose hold is past, as it was read. */
typedef struct {
    sv_rack_t rack;
    sv_arena_t *arena;
    sv_floor_session_t session; /* after the interruption */
    bool interrupted;
} sv_silent_rack_t;

/* How long Redis has been up, from INFO. */
static sv_status_t
sv_redis_uptime(sv_redis_client_t *redis, int64_t *uptime_s, sv_arena_t *arena, sv_error_t *error)
{
    static const char field[] = "uptime_in_seconds:";
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_redis_command(&command, arena, "INFO");
    sv_redis_arg(&command, "server");
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        const char *found = reply->str != NULL ? strstr(reply->str, field) : NULL;

        *uptime_s = found != NULL ? strtoll(found + sizeof(field) - 1, NULL, 10) : 0;
        freeReplyObject(reply);
    }
    return status;
}

static sv_status_t
sv_reaper_is_held(sv_redis_client_t *redis, const sv_settings_t *settings, const char *rack_id, bool *held,
                  sv_arena_t *arena, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_rack_held_command(&command, arena, settings, rack_id);
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        *held = sv_rack_held_read(reply);
        freeReplyObject(reply);
    }
    return status;
}

/* Appends that hold and grace are past by MongoDB's clock. */
static void
sv_filter_grace_is_past(bson_t *filter, const sv_settings_t *settings)
{
    sv_filter_past(filter, "$held_at", "$hold_ms", settings->session_grace * 1000);
}

/* Racks that may have fallen silent.  The bound on held_at only lets the index find them; the filter's $expr decides.
 */
static sv_status_t
sv_reaper_find(sv_store_t *store, sv_silent_rack_t *racks, size_t *count, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    int64_t now_ms = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    BCON_APPEND(filter, "status", "{", "$in", "[", "claimed", "paused", "]", "}", "held_at", "{", "$lte",
                BCON_DATE_TIME(now_ms - store->settings->session_grace * 1000), "}");
    sv_filter_grace_is_past(filter, store->settings);
    BCON_APPEND(options, "limit", BCON_INT64(SV_REAPER_BATCH));
    status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (*count < SV_REAPER_BATCH && mongoc_cursor_next(cursor, &row)) {
        sv_silent_rack_t *silent = &racks[*count];

        *silent = (sv_silent_rack_t){ .arena = arena };
        sv_rack_read(row, arena, &silent->rack);
        *count += silent->rack.rack_id != NULL && silent->rack.session_id != NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Any heartbeat written, claim, pause or end since the rack was read has changed held_at or status. */
static sv_status_t
sv_interrupt_rack(sv_store_t *store, const sv_silent_rack_t *silent, int64_t *matched, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena);

    BCON_APPEND(filter, "rack_id", BCON_UTF8(silent->rack.rack_id), "session_id", BCON_UTF8(silent->rack.session_id),
                "status", BCON_UTF8(silent->rack.status), "held_at", BCON_DATE_TIME(silent->rack.held_at_ms));
    BCON_APPEND(update, "$set", "{", "status", "available", "hold_ms", BCON_INT64(0), "}", "$currentDate", "{",
                "updated_at", BCON_BOOL(true), "}");
    return sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, matched, error);
}

static sv_status_t
sv_interrupt_session(sv_store_t *store, sv_silent_rack_t *silent, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena);
    const bson_t *document = NULL;
    sv_status_t status;

    BCON_APPEND(filter, "session_id", BCON_UTF8(silent->rack.session_id), "status", "{", "$in", "[", "active", "paused",
                "]", "}", "superseded", BCON_BOOL(false));
    BCON_APPEND(update, "$set", "{", "status", "interrupted", "}", "$currentDate", "{", "interrupted_at",
                BCON_BOOL(true), "}", "$inc", "{", "writes", BCON_INT64(1), "}");
    sv_put_contact(update, sv_rack_contact_ms(&silent->rack));
    status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                      silent->arena, &document, error);
    if (status == SV_OK && document != NULL) {
        sv_floor_session_read(document, silent->arena, &silent->session);
        silent->interrupted = true;
    }
    return status;
}

static sv_status_t
sv_interrupt_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_silent_rack_t *silent = context;
    sv_arena_t *arena = sv_arena_create();
    int64_t matched = 0;
    sv_status_t status = sv_interrupt_rack(store, silent, &matched, arena, error);

    silent->interrupted = false;
    if (status == SV_OK && matched == 1) {
        status = sv_interrupt_session(store, silent, arena, error);
    }
    if (status == SV_OK && silent->interrupted) {
        sv_audit_t entry = { .action = "session.interrupt",
                             .session_id = silent->rack.session_id,
                             .rack_id = silent->rack.rack_id,
                             .count_id = silent->session.count_id,
                             .warehouse = silent->session.warehouse };

        status = sv_audit_write(store, NULL, &entry, error);
    }
    sv_arena_destroy(arena);
    return status;
}

/* Tells Redis and its listeners.  Lost when the worker dies here: a heartbeat then finds no lease and asks MongoDB. */
static sv_status_t
sv_reaper_tell(sv_redis_client_t *redis, const sv_settings_t *settings, const sv_silent_rack_t *silent,
               sv_arena_t *arena, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;
    sv_status_t status;

    sv_session_state_command(&command, arena, settings, &silent->session, 0, "rack.interrupted");
    status = sv_redis_client_run(redis, &command, &reply, error);
    if (status == SV_OK) {
        freeReplyObject(reply);
    }
    return status;
}

static sv_status_t
sv_reaper_settle(sv_store_t *store, sv_redis_client_t *redis, sv_silent_rack_t *silent, sv_reaped_t *done,
                 sv_arena_t *arena, sv_error_t *error)
{
    bool held = true;
    sv_status_t status = sv_reaper_is_held(redis, store->settings, silent->rack.rack_id, &held, arena, error);

    done->silent++;
    if (status != SV_OK || held) {
        return status;
    }
    status = sv_transaction_run(store, sv_interrupt_body, silent, error);
    if (status == SV_OK && silent->interrupted) {
        done->interrupted++;
        status = sv_reaper_tell(redis, store->settings, silent, arena, error);
    }
    return status;
}

sv_status_t
sv_reaper_round(sv_store_t *store, sv_redis_client_t *redis, int64_t running_ms, sv_reaped_t *done, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_silent_rack_t *racks = sv_arena_alloc(arena, SV_REAPER_BATCH * sizeof(racks[0]));
    int64_t ttl_s = store->settings->rack_lock_ttl, uptime_s = 0;
    size_t count = 0;
    sv_status_t status = SV_OK;

    memset(done, 0, sizeof(*done));
    /* A lease can only be missed where one could have been seen: clients need one TTL to come back to a new Redis,
     * and their heartbeats to reach MongoDB through a new worker. */
    done->too_early = running_ms < ttl_s * 1000;
    if (!done->too_early) {
        status = sv_redis_uptime(redis, &uptime_s, arena, error);
        done->too_early = uptime_s < ttl_s;
    }
    if (status == SV_OK && !done->too_early) {
        status = sv_reaper_find(store, racks, &count, arena, error);
    }
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        status = sv_reaper_settle(store, redis, &racks[i], done, arena, error);
        if (status == SV_ERR_INTERNAL) {
            /* One rack that cannot be settled keeps no other claimed for ever. */
            sv_log(SV_LOG_WARNING, "rack %s was not freed: %s", racks[i].rack.rack_id, error->cause);
            sv_error_clear(error);
            status = SV_OK;
        }
    }
    sv_arena_destroy(arena);
    return status;
}
