#include "core/floor/round_figures.h"

#include <stdlib.h>
#include <string.h>

#include "core/counts/count.h"
#include "core/store/document.h"
#include "core/sync/counting.h"
#include "core/sync/query.h"
#include "core/base/text_map.h"

/* The rack's floor sessions in the count: whose they were. */
typedef struct {
    sv_query_texts_t ids;
    sv_text_map_t names; /* session_id -> full name */
    sv_arena_t *arena;
} sv_round_sessions_t;

static void
sv_round_session_row(const bson_t *session, void *context)
{
    sv_round_sessions_t *sessions = context;
    const char *session_id = sv_doc_text(session, "session_id", sessions->arena);

    sv_query_texts_add(&sessions->ids, session_id);
    *sv_text_map_put(&sessions->names, session_id) = (void *) sv_doc_text(session, "full_name", sessions->arena);
}

static sv_status_t
sv_round_sessions_read(sv_store_t *store, const char *count_id, const char *rack_id, sv_round_sessions_t *sessions,
                       sv_error_t *error)
{
    bson_t *filter = sv_doc_new(sessions->arena), *projection = sv_doc_new(sessions->arena);

    sv_query_texts_init(&sessions->ids, sessions->arena);
    sv_text_map_init(&sessions->names, sessions->arena, 0);
    BSON_APPEND_UTF8(filter, "count_id", count_id);
    BSON_APPEND_UTF8(filter, "rack_id", rack_id);
    BCON_APPEND(projection, "session_id", BCON_INT32(1), "full_name", BCON_INT32(1));
    return sv_query_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, projection, sv_round_session_row, sessions,
                         error);
}

typedef struct {
    sv_round_figures_t *figures;
    const sv_round_sessions_t *sessions;
    size_t room;
} sv_round_reading_t;

static void
sv_round_figure_row(const bson_t *record, void *context)
{
    sv_round_reading_t *reading = context;
    sv_round_figures_t *figures = reading->figures;
    sv_arena_t *arena = reading->sessions->arena;
    const char *item_code = sv_doc_text(record, "item_code", arena);

    if (item_code == NULL) {
        return; /* found unknown: nobody else can meet it under its id */
    }
    figures->figures =
        sv_arena_grow(arena, figures->figures, figures->count, &reading->room, sizeof(*figures->figures));
    figures->figures[figures->count++] = (sv_round_figure_t){
        .item_code = item_code,
        .full_name = sv_text_map_get(&reading->sessions->names, sv_doc_text(record, "session_id", arena)),
        .counts = sv_counting_does(record),
        .changed_ms = sv_doc_time(record, "changed_at"),
        .record = record,
    };
}

static int
sv_round_compare(const void *a, const void *b)
{
    const sv_round_figure_t *left = a, *right = b;
    int order = strcmp(left->item_code, right->item_code);

    if (order != 0) {
        return order;
    }
    return left->changed_ms < right->changed_ms ? -1 : left->changed_ms > right->changed_ms;
}

/* All of the round, by the floor sessions: an index finds them. */
static sv_status_t
sv_round_read_figures(sv_store_t *store, const sv_round_sessions_t *sessions, sv_round_figures_t *figures,
                      sv_error_t *error)
{
    sv_round_reading_t reading = { figures, sessions, 0 };
    bson_t *filter = sv_doc_new(sessions->arena), *projection = sv_doc_new(sessions->arena);

    sv_query_in(filter, "session_id", &sessions->ids);
    BSON_APPEND_INT64(filter, "round", figures->round);
    BCON_APPEND(projection, "_id", BCON_INT32(0), "client_record_id", BCON_INT32(1), "session_id", BCON_INT32(1),
                "user_id", BCON_INT32(1), "item_code", BCON_INT32(1), "lot", BCON_INT32(1), "partial", BCON_INT32(1),
                "declared_empty", BCON_INT32(1), "verified_qty", BCON_INT32(1), "damage_qty", BCON_INT32(1),
                "non_returnable_damaged_qty", BCON_INT32(1), "changed_at", BCON_INT32(1), "counts", BCON_INT32(1),
                "status", BCON_INT32(1), "superseded", BCON_INT32(1));
    if (sv_query_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, projection, sv_round_figure_row, &reading,
                      error) != SV_OK) {
        return error->status;
    }
    if (figures->count > 0) {
        qsort(figures->figures, figures->count, sizeof(*figures->figures), sv_round_compare);
    }
    return SV_OK;
}

sv_status_t
sv_round_figures_read(sv_store_t *store, const sv_rack_t *rack, sv_arena_t *arena, sv_round_figures_t *figures,
                      sv_error_t *error)
{
    sv_round_sessions_t sessions = { .arena = arena };
    sv_floor_session_t carried;
    sv_status_t status;

    *figures = (sv_round_figures_t){ 0 };
    if (rack->session_id == NULL) {
        return SV_OK;
    }
    status = sv_floor_session_find(store, rack->session_id, arena, &carried, error);
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    if (status != SV_OK || !sv_count_takes_records(carried.count_state)) {
        return status;
    }
    figures->count_id = carried.count_id;
    figures->round = carried.round;
    if (sv_round_sessions_read(store, carried.count_id, rack->rack_id, &sessions, error) != SV_OK) {
        return error->status;
    }
    return sv_round_read_figures(store, &sessions, figures, error);
}

size_t
sv_round_figures_of_item(const sv_round_figures_t *figures, size_t at, const char *item_code)
{
    size_t end = at;

    while (end < figures->count && strcmp(figures->figures[end].item_code, item_code) == 0) {
        end++;
    }
    return end - at;
}

static void
sv_round_write_quantity(sv_json_writer_t *w, const bson_t *record, const char *name)
{
    sv_json_quantity(w, name, sv_doc_quantity(record, name));
}

static void
sv_round_write_text(sv_json_writer_t *w, const bson_t *record, const char *name)
{
    bson_iter_t iter;

    sv_json_text(w, name,
                 bson_iter_init_find(&iter, record, name) && BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL)
                                                                                         : NULL);
}

static bool
sv_round_is_of(const bson_t *record, const char *user_id)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, record, "user_id") && BSON_ITER_HOLDS_UTF8(&iter) &&
           strcmp(bson_iter_utf8(&iter, NULL), user_id) == 0;
}

/* Of another's figure a blind counter learns that it is there, and of a declared zero that would be all that it says. */
static bool
sv_round_is_told(const sv_round_figure_t *figure, bool own, bool blind)
{
    return figure->counts && (own || !blind || !sv_doc_bool(figure->record, "declared_empty"));
}

void
sv_round_figures_write(sv_json_writer_t *w, const sv_round_figure_t *figures, size_t count, const sv_principal_t *who,
                       bool blind)
{
    static const char *const texts[] = { "client_record_id", "session_id", "user_id", "lot" };
    static const char *const quantities[] = { "verified_qty", "damage_qty", "non_returnable_damaged_qty" };

    sv_json_array(w, "counted_by");
    for (size_t i = 0; i < count; i++) {
        const bson_t *record = figures[i].record;
        bool own = sv_round_is_of(record, who->user_id);

        if (!sv_round_is_told(&figures[i], own, blind)) {
            continue;
        }
        sv_json_object(w, NULL);
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            sv_round_write_text(w, record, texts[j]);
        }
        sv_json_text(w, "full_name", figures[i].full_name);
        sv_json_bool(w, "partial", sv_doc_bool(record, "partial"));
        sv_json_bool(w, "declared_empty", sv_doc_bool(record, "declared_empty"));
        for (size_t j = 0; (own || !blind) && j < sizeof(quantities) / sizeof(quantities[0]); j++) {
            sv_round_write_quantity(w, record, quantities[j]);
        }
        sv_json_time(w, "changed_at", figures[i].changed_ms);
        sv_json_end(w);
    }
    sv_json_end(w);
}
