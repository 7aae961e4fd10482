#include "core/sync/conflict_view.h"

#include <string.h>

#include "core/store/document.h"
#include "core/sync/blind.h"
#include "core/sync/query.h"
#include "core/sync/record_form.h"

/* A conflict's count, and the one in which a serial number was counted, which may be another. */
static const char *
sv_view_count_of_server(const bson_t *conflict, sv_arena_t *arena)
{
    const bson_t *server = sv_doc_child(conflict, "server", arena);

    return server != NULL ? sv_doc_text(server, "count_id", arena) : NULL;
}

static void
sv_view_ask_for(sv_text_map_t *asked, sv_query_texts_t *ids, const char *count_id)
{
    void **place;

    if (count_id == NULL) {
        return;
    }
    place = sv_text_map_put(asked, count_id);
    if (*place == NULL) {
        *place = asked;
        sv_query_texts_add(ids, count_id);
    }
}

sv_status_t
sv_conflict_view(sv_store_t *store, const sv_principal_t *who, const bson_t *const *conflicts, size_t count,
                 sv_conflict_view_t *view, sv_error_t *error)
{
    sv_query_texts_t ids;
    sv_text_map_t asked;

    *view = (sv_conflict_view_t){ .who = who, .arena = error->arena };
    sv_text_map_init(&view->blind, view->arena, 0);
    sv_text_map_init(&asked, view->arena, 0);
    sv_query_texts_init(&ids, view->arena);
    for (size_t i = 0; who->role < SV_ROLE_SUPERVISOR && i < count; i++) {
        sv_view_ask_for(&asked, &ids, sv_doc_text(conflicts[i], "count_id", view->arena));
        sv_view_ask_for(&asked, &ids, sv_view_count_of_server(conflicts[i], view->arena));
    }
    if (sv_conflict_facts_read(store, who, conflicts, count, &view->facts, error) != SV_OK) {
        return error->status;
    }
    return sv_blind_counts(store, who, &ids, &view->blind, error);
}

static bool
sv_view_is_blind(const sv_conflict_view_t *view, const char *count_id)
{
    return count_id != NULL && sv_text_map_get(&view->blind, count_id) != NULL;
}

/* Whether this reader sees no more of it than that something is there. */
static bool
sv_view_outlines(const sv_conflict_view_t *view, const bson_t *conflict, const bson_t *server)
{
    return server != NULL && sv_blind_hides(view->who, server) &&
           (sv_view_is_blind(view, sv_doc_text(conflict, "count_id", view->arena)) ||
            sv_view_is_blind(view, sv_doc_text(server, "count_id", view->arena)));
}

static void
sv_view_write_record(sv_json_writer_t *w, const char *name, const bson_t *record)
{
    if (record != NULL) {
        sv_record_write_member(w, name, record);
    } else {
        sv_json_null(w, name);
    }
}

static bool
sv_view_is_named(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

void
sv_conflict_write_json(sv_json_writer_t *w, const char *name, const bson_t *conflict, const sv_conflict_view_t *view)
{
    static const char *const inner[] = { "_id", "mine", "server", "revision", "content_hash", NULL };
    /* They name the person and the rack. */
    static const char *const place[] = { "holder", "message", NULL };
    const bson_t *server = sv_doc_child(conflict, "server", view->arena);
    bool outlined = sv_view_outlines(view, conflict, server), no_place;
    bson_iter_t iter;

    no_place = outlined && sv_doc_has(server, "serial_number");
    sv_json_object(w, name);
    if (bson_iter_init(&iter, conflict)) {
        while (bson_iter_next(&iter)) {
            const char *key = bson_iter_key(&iter);

            if (!sv_view_is_named(inner, key) && !(no_place && sv_view_is_named(place, key))) {
                sv_doc_write_value(w, key, &iter);
            }
        }
    }
    if (no_place) {
        sv_json_null(w, "holder");
        sv_json_text(w, "message", SV_MESSAGE_SERIAL_ELSEWHERE);
    }
    sv_view_write_record(w, "mine", sv_doc_child(conflict, "mine", view->arena));
    sv_view_write_record(w, "server", outlined ? sv_blind_outline(server, view->arena) : server);
    sv_conflict_facts_write(w, conflict, outlined ? NULL : server, &view->facts);
    sv_json_end(w);
}
