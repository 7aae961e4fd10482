#include "core/floor/session_list.h"

#include <string.h>

#include "core/counts/count_list.h"
#include "core/floor/stats.h"
#include "core/store/document.h"
#include "core/sync/record.h"
#include "core/base/text_map.h"
#include "core/sync/record_form.h"

static sv_status_t
sv_view_may(const sv_principal_t *who, const sv_session_view_t *view, sv_view_depth_t depth, sv_error_t *error)
{
    const sv_count_t *count = &view->count;

    if (who->role >= SV_ROLE_SUPERVISOR) {
        return SV_OK;
    }
    if (!view->is_count) {
        return strcmp(view->floor_session.user_id, who->user_id) == 0
                   ? SV_OK
                   : sv_fail(error, SV_ERR_FORBIDDEN, "The session is another user's");
    }
    if (depth == SV_VIEW_HEAD && sv_count_is_open(count) && who->warehouse != NULL && count->warehouse != NULL &&
        strcmp(count->warehouse, who->warehouse) == 0) {
        return SV_OK;
    }
    return sv_fail(error, SV_ERR_FORBIDDEN, NULL);
}

static void
sv_session_heard(sv_floor_session_t *session, const sv_rack_t *rack)
{
    int64_t contact_ms = sv_rack_contact_ms(rack);

    if (contact_ms > session->last_heartbeat_ms) {
        session->last_heartbeat_ms = contact_ms;
    }
}

/* The session's last heartbeat, out of its rack's hold while the rack carries it. */
static sv_status_t
sv_session_hear(sv_store_t *store, sv_floor_session_t *session, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session->session_id)), arena);
    const bson_t *document;
    sv_rack_t rack;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, arena, &document, error);

    if (status == SV_OK && document != NULL) {
        sv_rack_read(document, arena, &rack);
        sv_session_heard(session, &rack);
    }
    return status;
}

sv_status_t
sv_session_view(sv_store_t *store, const sv_principal_t *who, const char *id, sv_view_depth_t depth, sv_arena_t *arena,
                sv_session_view_t *view, sv_error_t *error)
{
    sv_status_t status;

    memset(view, 0, sizeof(*view));
    status = sv_floor_session_find(store, id, arena, &view->floor_session, error);
    if (status == SV_ERR_WRONG_KIND) {
        sv_error_clear(error);
        view->is_count = true;
        status = sv_count_find(store, id, arena, &view->count, error);
    }
    if (status == SV_OK) {
        status = sv_view_may(who, view, depth, error);
    }
    return status == SV_OK && !view->is_count && depth == SV_VIEW_HEAD
               ? sv_session_hear(store, &view->floor_session, arena, error)
               : status;
}

/* The racks that carry live sessions, of one user or (NULL) of all, by session. */
static sv_status_t
sv_carrying_racks_read(sv_store_t *store, const char *user_id, sv_text_map_t *racks, sv_arena_t *arena,
                       sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("status", "{", "$in", "[", BCON_UTF8("claimed"), BCON_UTF8("paused"), "]", "}"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    if (user_id != NULL) {
        BSON_APPEND_UTF8(filter, "user_id", user_id);
    }
    status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    sv_text_map_init(racks, arena, 64);
    while (mongoc_cursor_next(cursor, &row)) {
        sv_rack_t *rack = sv_arena_alloc(arena, sizeof(*rack));

        sv_rack_read(row, arena, rack);
        if (rack->session_id != NULL) {
            *sv_text_map_put(racks, rack->session_id) = rack;
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

typedef struct {
    const sv_text_map_t *carried;
    sv_arena_t *arena;
    sv_floor_session_t *sessions;
    size_t count, capacity;
} sv_live_sessions_t;

static void
sv_live_session_take(const bson_t *row, void *context)
{
    sv_live_sessions_t *live = context;
    sv_floor_session_t *session;
    const sv_rack_t *rack;

    live->sessions = sv_arena_grow(live->arena, live->sessions, live->count, &live->capacity, sizeof(*live->sessions));
    session = &live->sessions[live->count++];
    sv_floor_session_read(sv_doc_copy(row, live->arena), live->arena, session);
    rack = sv_text_map_get(live->carried, session->session_id);
    if (rack != NULL) {
        sv_session_heard(session, rack);
    }
}

sv_status_t
sv_session_live_read(sv_store_t *store, const char *user_id, const char *warehouse, sv_arena_t *arena,
                     sv_floor_session_t **sessions, size_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "{", "$in", "[", BCON_UTF8("active"), BCON_UTF8("paused"), "]", "}",
                                          "superseded", BCON_BOOL(false)),
                                 arena);
    sv_text_map_t carried;
    sv_live_sessions_t live = { .carried = &carried, .arena = arena };

    if (user_id != NULL) {
        BSON_APPEND_UTF8(filter, "user_id", user_id);
    }
    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    if (sv_carrying_racks_read(store, user_id, &carried, arena, error) == SV_OK) {
        sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, sv_live_session_take, &live, error);
    }
    *sessions = live.sessions;
    *count = live.count;
    return error->status;
}

sv_status_t
sv_session_list_active(sv_store_t *store, const sv_principal_t *who, sv_json_writer_t *w, sv_arena_t *arena,
                       sv_error_t *error)
{
    const char *user_id = who->role < SV_ROLE_SUPERVISOR ? who->user_id : NULL;
    sv_floor_session_t *sessions;
    int64_t now = 0;
    size_t count;

    if (sv_store_now(store, &now, error) != SV_OK ||
        sv_session_live_read(store, user_id, NULL, arena, &sessions, &count, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, NULL);
    for (size_t i = 0; i < count; i++) {
        sv_floor_session_write_json(w, NULL, &sessions[i], now);
    }
    sv_json_end(w);
    return SV_OK;
}

static void
sv_write_session_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    sv_floor_session_t session;

    sv_floor_session_read(row, context, &session);
    sv_floor_session_write_json(w, NULL, &session, 0);
}

sv_status_t
sv_session_list_history(sv_store_t *store, const char *user_id, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena,
                        sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("user_id", BCON_UTF8(user_id)), arena);

    page->list = "history";
    page->sort_field = "started_at";
    page->unique_field = "session_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, page, sv_write_session_row, arena, w,
                       arena, error);
}

static void
sv_write_record_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_record_write_json(w, row);
}

sv_status_t
sv_session_list_records(sv_store_t *store, const sv_session_view_t *view, int64_t since_ms, sv_page_t *page,
                        sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t since;

    BSON_APPEND_UTF8(filter, view->is_count ? "count_id" : "session_id",
                     view->is_count ? view->count.session_id : view->floor_session.session_id);
    if (since_ms != 0) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "changed_at", &since);
        BSON_APPEND_DATE_TIME(&since, "$gte", since_ms);
        bson_append_document_end(filter, &since);
    }
    page->list = "records";
    page->sort_field = "changed_at";
    page->unique_field = "client_record_id";
    page->direction = 1;
    page->tells_since = true;
    return sv_page_run(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, page, sv_write_record_row, NULL, w,
                       arena, error);
}

/* Records of the session behind a seq, as far as its `writes` had come before they are read: what is committed later
 * has a higher seq, even if the find comes upon it on its way.  Records of before there was a seq stand first, as 0. */
static bson_t *
sv_records_after_filter(const sv_floor_session_t *session, int64_t after, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session->session_id)), arena);
    bson_t choices, choice, range;

    if (after >= 0) {
        BCON_APPEND(filter, "seq", "{", "$gt", BCON_INT64(after), "$lte", BCON_INT64(session->writes), "}");
        return filter;
    }
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &choices);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "0", &choice);
    BSON_APPEND_NULL(&choice, "seq");
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "1", &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choice, "seq", &range);
    BSON_APPEND_INT64(&range, "$lte", session->writes);
    bson_append_document_end(&choice, &range);
    bson_append_document_end(&choices, &choice);
    bson_append_array_end(filter, &choices);
    return filter;
}

sv_status_t
sv_session_list_records_after(sv_store_t *store, const sv_floor_session_t *session, int64_t after, int64_t limit,
                              sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "seq", BCON_INT32(1), "client_record_id", BCON_INT32(1), "}"), arena);
    int64_t given = 0, last = after;
    bool more = false;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_RECORDS,
                                       sv_records_after_filter(session, after, arena), options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    sv_json_array(w, "items");
    while (!more && mongoc_cursor_next(cursor, &row)) {
        int64_t seq = sv_doc_int(row, "seq");

        /* What one transaction wrote is given whole. */
        more = given >= limit && seq != last;
        if (!more) {
            sv_record_write_json(w, row);
            last = seq;
            given++;
        }
    }
    sv_json_end(w);
    sv_json_null(w, "next_cursor");
    sv_json_int(w, "next_after", more || last > session->writes ? last : session->writes);
    sv_json_bool(w, "more", more);
    status = more ? SV_OK : sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_floor_stats_now(sv_store_t *store, const sv_floor_session_t *session, sv_arena_t *arena, sv_session_stats_t *stats,
                   sv_error_t *error)
{
    int64_t until = session->completed_at_ms;
    sv_status_t status = SV_OK;

    if (session->final_stats != NULL) {
        sv_stats_read(session->final_stats, stats);
        return SV_OK;
    }
    if (session->status != SV_SESSION_COMPLETED || until == 0) {
        status = sv_store_now(store, &until, error);
    }
    return status == SV_OK ? sv_floor_session_stats(store, session, until, arena, stats, error) : status;
}

sv_status_t
sv_session_write_stats(sv_store_t *store, const sv_session_view_t *view, sv_json_writer_t *w, sv_arena_t *arena,
                       sv_error_t *error)
{
    sv_session_stats_t stats;
    sv_status_t status;

    if (view->is_count) {
        return sv_count_write_stats(store, &view->count, w, error);
    }
    status = sv_floor_stats_now(store, &view->floor_session, arena, &stats, error);
    if (status == SV_OK) {
        sv_floor_stats_write_json(w, &view->floor_session, &stats);
    }
    return status;
}
