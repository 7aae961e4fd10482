#include "core/floor/watchtower.h"

#include <stdlib.h>

#include "core/base/text_map.h"
#include "core/floor/rack_list.h"
#include "core/floor/stats.h"
#include "core/store/document.h"
#include "core/sync/counting.h"

/* What is known of one live session, beside its own document. */
typedef struct {
    sv_floor_session_t session;
    sv_text_map_t items; /* counted by it */
} sv_watched_t;

typedef struct {
    sv_arena_t *arena;
    sv_watched_t **people;
    size_t count, capacity;
    sv_text_map_t by_session;
} sv_watch_t;

static void
sv_watch_take_session(const bson_t *row, void *context)
{
    sv_watch_t *watch = context;
    sv_watched_t *watched = sv_arena_zalloc(watch->arena, sizeof(*watched));

    sv_floor_session_read(row, watch->arena, &watched->session);
    sv_text_map_init(&watched->items, watch->arena, 16);
    watch->people = sv_arena_grow(watch->arena, watch->people, watch->count, &watch->capacity, sizeof(*watch->people));
    watch->people[watch->count++] = watched;
    *sv_text_map_put(&watch->by_session, watched->session.session_id) = watched;
}

static sv_status_t
sv_watch_read_sessions(sv_store_t *store, const char *warehouse, sv_watch_t *watch, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "{", "$in", "[", BCON_UTF8("active"), BCON_UTF8("paused"), "]", "}",
                                          "superseded", BCON_BOOL(false)),
                                 watch->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "started_at", BCON_INT32(1), "session_id", BCON_INT32(1), "}"), watch->arena);

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    sv_text_map_init(&watch->by_session, watch->arena, 64);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_watch_take_session, watch,
                         error);
}

static void
sv_watch_take_record(const bson_t *row, void *context)
{
    sv_watch_t *watch = context;
    sv_watched_t *watched = sv_text_map_get(&watch->by_session, sv_doc_text(row, "session_id", watch->arena));
    const char *item = sv_doc_text(row, "item_code", watch->arena);

    if (watched != NULL) {
        /* Unknown items share no name with item codes: a control character keeps them apart. */
        item = item != NULL
                   ? item
                   : sv_arena_printf(watch->arena, "\x01%s", sv_doc_text(row, "unknown_item_id", watch->arena));
        *sv_text_map_put(&watched->items, item) = watched;
    }
}

static sv_status_t
sv_watch_read_records(sv_store_t *store, sv_watch_t *watch, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(watch->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "session_id", BCON_INT32(1),
                                           "item_code", BCON_INT32(1), "unknown_item_id", BCON_INT32(1), "}"),
                                  watch->arena);
    bson_t condition, ids;

    if (watch->count == 0) {
        return SV_OK;
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, "session_id", &condition);
    BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &ids);
    for (size_t i = 0; i < watch->count; i++) {
        BSON_APPEND_UTF8(&ids, sv_arena_printf(watch->arena, "%zu", i), watch->people[i]->session.session_id);
    }
    bson_append_array_end(&condition, &ids);
    bson_append_document_end(filter, &condition);
    sv_counting_filter(filter);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_watch_take_record, watch,
                         error);
}

typedef struct {
    sv_watch_t *watch;
    sv_json_writer_t *w;
} sv_watch_racks_t;

static void
sv_watch_write_rack(const bson_t *row, void *context)
{
    sv_watch_racks_t *racks = context;
    sv_json_writer_t *w = racks->w;
    sv_watched_t *watched;
    sv_rack_t rack;

    sv_rack_read(row, racks->watch->arena, &rack);
    watched = rack.session_id != NULL ? sv_text_map_get(&racks->watch->by_session, rack.session_id) : NULL;
    if (watched != NULL && sv_rack_contact_ms(&rack) > watched->session.last_heartbeat_ms) {
        watched->session.last_heartbeat_ms = sv_rack_contact_ms(&rack);
    }
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack.rack_id);
    sv_json_text(w, "floor", rack.floor);
    sv_json_text(w, "zone", rack.zone);
    sv_json_text(w, "status", rack.status);
    sv_json_text(w, "session_id", watched != NULL ? rack.session_id : NULL);
    sv_json_text(w, "user_id", watched != NULL ? watched->session.user_id : NULL);
    sv_json_end(w);
}

static sv_status_t
sv_watch_write_racks(sv_store_t *store, const char *warehouse, sv_watch_racks_t *racks, sv_error_t *error)
{
    sv_arena_t *arena = racks->watch->arena;
    bson_t *filter = sv_doc_take(BCON_NEW("deleted", "{", "$ne", BCON_BOOL(true), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "rack_id", BCON_INT32(1), "}"), arena);
    sv_status_t status;

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    sv_json_array(racks->w, "racks");
    status = sv_store_each(store, SV_COLLECTION_RACK_REGISTRY, filter, options, sv_watch_write_rack, racks, error);
    sv_json_end(racks->w);
    return status;
}

static void
sv_watch_write_person(const sv_watched_t *watched, int64_t now_ms, sv_json_writer_t *w)
{
    const sv_floor_session_t *session = &watched->session;
    const sv_session_stats_t stats = {
        .verified_items = (int64_t) watched->items.count,
        .duration_seconds = now_ms > session->started_at_ms ? (now_ms - session->started_at_ms) / 1000 : 0,
    };
    int64_t age_s = (now_ms - session->last_heartbeat_ms) / 1000;

    sv_json_object(w, NULL);
    sv_json_text(w, "user_id", session->user_id);
    sv_json_text(w, "username", session->username);
    sv_json_text(w, "full_name", session->full_name);
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "rack_id", session->rack_id);
    sv_json_text(w, "floor", session->floor);
    sv_json_text(w, "count_id", session->count_id);
    sv_json_text(w, "status", sv_session_status_name(session->status));
    sv_json_time(w, "started_at", session->started_at_ms);
    sv_json_time(w, "last_heartbeat", session->last_heartbeat_ms);
    if (session->last_heartbeat_ms != 0) {
        sv_json_int(w, "heartbeat_age_seconds", age_s > 0 ? age_s : 0);
    } else {
        sv_json_null(w, "heartbeat_age_seconds");
    }
    sv_json_int(w, "items", stats.verified_items);
    sv_json_double(w, "items_per_minute", sv_stats_items_per_minute(&stats));
    sv_json_int(w, "left", session->left);
    sv_json_end(w);
}

sv_status_t
sv_watchtower_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    sv_watch_t watch = { .arena = arena };
    sv_watch_racks_t racks = { .watch = &watch, .w = w };
    int64_t now_ms = 0;

    if (sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_watch_read_sessions(store, warehouse, &watch, error) != SV_OK ||
        sv_watch_read_records(store, &watch, error) != SV_OK) {
        return error->status;
    }
    sv_json_time(w, "server_time", now_ms);
    if (sv_rack_list_floors(store, warehouse, w, "floors", arena, error) != SV_OK ||
        sv_watch_write_racks(store, warehouse, &racks, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "people");
    for (size_t i = 0; i < watch.count; i++) {
        sv_watch_write_person(watch.people[i], now_ms, w);
    }
    sv_json_end(w);
    return SV_OK;
}
