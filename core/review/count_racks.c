#include "core/review/count_racks.h"

#include <string.h>

#include "core/review/rack_facts.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* The racks of one page. */
typedef struct {
    const sv_count_t *count;
    sv_arena_t *arena;
    sv_json_writer_t *w;
    sv_racks_facts_t facts;
    sv_text_map_t sessions; /* rack_id -> sv_sessions_t */
    const char *rack_id;    /* the one being written */
} sv_racks_page_t;

typedef struct {
    sv_floor_session_t *sessions;
    size_t count, capacity;
} sv_sessions_t;

static bson_t *
sv_racks_filter(const sv_count_t *count, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(count->warehouse != NULL ? count->warehouse : ""),
                                          "deleted", "{", "$ne", BCON_BOOL(true), "}"),
                                 arena);
    bson_t in;

    if (count->floor != NULL) {
        BSON_APPEND_UTF8(filter, "floor", count->floor);
    }
    if (count->racks != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "rack_id", &in);
        BSON_APPEND_ARRAY(&in, "$in", count->racks);
        bson_append_document_end(filter, &in);
    }
    return filter;
}

static void
sv_racks_take_session(const bson_t *row, void *context)
{
    sv_racks_page_t *page = context;
    const char *rack_id = sv_doc_text(row, "rack_id", page->arena);
    sv_sessions_t *sessions;
    void **place;

    if (rack_id == NULL) {
        return;
    }
    place = sv_text_map_put(&page->sessions, rack_id);
    if (*place == NULL) {
        *place = sv_arena_zalloc(page->arena, sizeof(*sessions));
    }
    sessions = *place;
    sessions->sessions = sv_arena_grow(page->arena, sessions->sessions, sessions->count, &sessions->capacity,
                                       sizeof(sessions->sessions[0]));
    sv_floor_session_read(sv_doc_copy(row, page->arena), page->arena, &sessions->sessions[sessions->count++]);
}

static sv_status_t
sv_racks_read(sv_store_t *store, sv_racks_page_t *page, const sv_page_rows_t *rows, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(page->arena, (rows->count + 1) * sizeof(ids[0]));
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(page->count->session_id)), page->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "fence", BCON_INT32(1), "}"), page->arena);

    sv_text_map_init(&page->sessions, page->arena, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        ids[i] = sv_doc_text(rows->rows[i], "rack_id", page->arena);
    }
    if (sv_racks_facts_read(store, page->count->document, ids, rows->count, &page->facts, page->arena, error) !=
            SV_OK ||
        rows->count == 0) {
        return error->status;
    }
    sv_filter_in(filter, "rack_id", ids, rows->count);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_racks_take_session, page,
                         error);
}

/* ---- writing */

static void
sv_racks_write_session(const sv_racks_page_t *page, const sv_floor_session_t *session)
{
    sv_json_writer_t *w = page->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "user_id", session->user_id);
    sv_json_text(w, "full_name", session->full_name);
    sv_json_text(w, "status", sv_session_status_name(session->status));
    sv_json_bool(w, "superseded", session->superseded);
    sv_json_int(w, "round", session->round);
    sv_json_bool(w, "completed", session->rack_completed);
    sv_json_time(w, "started_at", session->started_at_ms);
    sv_json_time(w, "completed_at", session->completed_at_ms);
    sv_json_time(w, "last_heartbeat", session->last_heartbeat_ms);
    if (session->left_at_ms != 0) {
        sv_json_int(w, "left", session->left);
    } else {
        sv_json_null(w, "left");
    }
    sv_json_time(w, "left_at", session->left_at_ms);
    sv_json_end(w);
}

static const char *
sv_rack_progress(const sv_rack_facts_t *facts, const sv_sessions_t *sessions)
{
    const sv_floor_session_t *last =
        sessions != NULL && sessions->count > 0 ? &sessions->sessions[sessions->count - 1] : NULL;

    if (facts->excluded) {
        return "excluded";
    }
    if (last == NULL) {
        return "not_begun";
    }
    if (!last->superseded && (last->status == SV_SESSION_ACTIVE || last->status == SV_SESSION_PAUSED)) {
        return "counting";
    }
    if (sv_rack_facts_waiting(facts) != NULL) {
        return "recount_asked";
    }
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->rounds[i].number == sv_rack_facts_latest(facts) && facts->rounds[i].completed) {
            return "completed";
        }
    }
    return "left";
}

static void
sv_racks_write_assigned(const bson_t *row, void *context)
{
    const sv_racks_page_t *page = context;
    const char *rack_id = sv_doc_text(row, "rack_id", page->arena);

    if (rack_id == NULL || strcmp(rack_id, page->rack_id) != 0) {
        return;
    }
    sv_json_object(page->w, NULL);
    sv_json_text(page->w, "user_id", sv_doc_text(row, "user_id", page->arena));
    sv_json_text(page->w, "full_name", sv_doc_text(row, "full_name", page->arena));
    sv_json_end(page->w);
}

static void
sv_racks_write_excluded(const bson_t *row, void *context)
{
    const sv_racks_page_t *page = context;
    const char *rack_id = sv_doc_text(row, "rack_id", page->arena);

    if (rack_id != NULL && strcmp(rack_id, page->rack_id) == 0) {
        sv_json_text(page->w, "excluded_reason", sv_doc_text(row, "reason", page->arena));
    }
}

static void
sv_racks_write_one(sv_racks_page_t *page, const bson_t *row)
{
    sv_json_writer_t *w = page->w;
    const sv_sessions_t *sessions;
    const sv_rack_facts_t *facts;
    const sv_rack_round_fact_t *waiting;
    sv_rack_t rack;

    sv_rack_read(row, page->arena, &rack);
    page->rack_id = rack.rack_id;
    facts = sv_rack_facts_of(&page->facts, rack.rack_id);
    sessions = sv_text_map_get(&page->sessions, rack.rack_id);
    waiting = sv_rack_facts_waiting(facts);
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack.rack_id);
    sv_json_text(w, "floor", rack.floor);
    sv_json_text(w, "zone", rack.zone);
    sv_json_text(w, "state", sv_rack_progress(facts, sessions));
    sv_json_int(w, "round", sv_rack_facts_latest(facts));
    if (waiting != NULL) {
        sv_json_int(w, "recount_round", waiting->number);
    } else {
        sv_json_null(w, "recount_round");
    }
    sv_json_array(w, "assigned_to");
    sv_doc_each(page->count->document, "assignments", sv_racks_write_assigned, page, page->arena);
    sv_json_end(w);
    sv_json_array(w, "sessions");
    for (size_t i = 0; sessions != NULL && i < sessions->count; i++) {
        sv_racks_write_session(page, &sessions->sessions[i]);
    }
    sv_json_end(w);
    sv_doc_each(page->count->document, "excluded", sv_racks_write_excluded, page, page->arena);
    sv_json_end(w);
}

sv_status_t
sv_count_racks_write(sv_store_t *store, const sv_count_t *count, sv_page_t *page, sv_json_writer_t *w,
                     sv_arena_t *arena, sv_error_t *error)
{
    sv_racks_page_t racks = { .count = count, .arena = arena, .w = w };
    sv_page_rows_t rows;

    page->list = "count_racks";
    page->sort_field = NULL;
    page->unique_field = "rack_id";
    page->direction = 1;
    if (sv_page_read(store, SV_COLLECTION_RACK_REGISTRY, sv_racks_filter(count, arena), NULL, page, &rows, arena,
                     error) != SV_OK ||
        sv_racks_read(store, &racks, &rows, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < rows.count; i++) {
        sv_racks_write_one(&racks, rows.rows[i]);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    return SV_OK;
}
