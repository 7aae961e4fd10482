#include "core/sync/conflict_actions.h"

#include <string.h>

#include "core/counts/count.h"
#include "core/floor/floor.h"
#include "core/store/document.h"
#include "core/sync/resolve_action.h"
#include "core/sync/verdict.h"
#include "core/sync/query.h"

/* ---- reading */

/* Texts of conflicts, each once. */
typedef struct {
    sv_query_texts_t texts;
    sv_text_map_t asked;
    sv_arena_t *arena;
} sv_facts_texts_t;

static void
sv_facts_ask_of(sv_facts_texts_t *texts, const bson_t *doc, const char *name)
{
    const char *text = sv_doc_text(doc, name, texts->arena);
    void **place = text == NULL ? NULL : sv_text_map_put(&texts->asked, text);

    if (place != NULL && *place == NULL) {
        *place = texts;
        sv_query_texts_add(&texts->texts, text);
    }
}

static void
sv_facts_ask(const sv_conflict_facts_t *facts, const bson_t *const *conflicts, size_t count, const char *name,
             sv_facts_texts_t *texts)
{
    texts->arena = facts->arena;
    sv_query_texts_init(&texts->texts, facts->arena);
    sv_text_map_init(&texts->asked, facts->arena, count);
    for (size_t i = 0; i < count; i++) {
        sv_facts_ask_of(texts, conflicts[i], name);
    }
}

/* The sessions of what the conflicts are with, beside their own. */
static void
sv_facts_ask_servers(const bson_t *const *conflicts, size_t count, sv_facts_texts_t *sessions)
{
    for (size_t i = 0; i < count; i++) {
        const bson_t *server = sv_doc_child(conflicts[i], "server", sessions->arena);

        if (server != NULL) {
            sv_facts_ask_of(sessions, server, "session_id");
        }
    }
}

static void
sv_facts_session_row(const bson_t *row, void *context)
{
    sv_conflict_facts_t *facts = context;
    sv_floor_session_t *session = sv_arena_zalloc(facts->arena, sizeof(*session));

    sv_floor_session_read(row, facts->arena, session);
    *sv_text_map_put(&facts->sessions, session->session_id) = session;
}

static void
sv_facts_carried_row(const bson_t *row, void *context)
{
    sv_conflict_facts_t *facts = context;
    sv_floor_session_t *session = sv_arena_zalloc(facts->arena, sizeof(*session));

    sv_floor_session_read(row, facts->arena, session);
    *sv_text_map_put(&facts->carried, session->rack_id) = session;
}

static void
sv_facts_item_row(const bson_t *row, void *context)
{
    sv_conflict_facts_t *facts = context;
    sv_conflict_item_t *item = sv_arena_zalloc(facts->arena, sizeof(*item));

    item->name = sv_doc_text(row, "item_name", facts->arena);
    item->uom = sv_doc_text(row, "uom", facts->arena);
    *sv_text_map_put(&facts->items, sv_doc_text(row, "item_code", facts->arena)) = item;
}

/* The racks that staff have again, by a later claim than that of the conflict. */
static sv_status_t
sv_facts_read_carried(sv_store_t *store, sv_conflict_facts_t *facts, const sv_query_texts_t *racks, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(facts->arena);

    if (facts->who->role >= SV_ROLE_SUPERVISOR || racks->count == 0) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "user_id", facts->who->user_id);
    BSON_APPEND_BOOL(filter, "superseded", false);
    sv_query_in(filter, "rack_id", racks);
    return sv_query_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, sv_facts_carried_row, facts, error);
}

sv_status_t
sv_conflict_facts_read(sv_store_t *store, const sv_principal_t *who, const bson_t *const *conflicts, size_t count,
                       sv_conflict_facts_t *facts, sv_error_t *error)
{
    bson_t *of_sessions = sv_doc_new(error->arena), *of_items = sv_doc_new(error->arena);
    bson_t *shown = sv_doc_take(
        BCON_NEW("item_code", BCON_INT32(1), "item_name", BCON_INT32(1), "uom", BCON_INT32(1)), error->arena);
    sv_facts_texts_t sessions, racks, items;

    *facts = (sv_conflict_facts_t){ .who = who, .arena = error->arena };
    sv_text_map_init(&facts->sessions, facts->arena, count);
    sv_text_map_init(&facts->carried, facts->arena, 0);
    sv_text_map_init(&facts->items, facts->arena, count);
    sv_facts_ask(facts, conflicts, count, "session_id", &sessions);
    sv_facts_ask_servers(conflicts, count, &sessions);
    sv_facts_ask(facts, conflicts, count, "rack_id", &racks);
    sv_facts_ask(facts, conflicts, count, "item_code", &items);
    if (sessions.texts.count > 0) {
        sv_query_in(of_sessions, "session_id", &sessions.texts);
        sv_query_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, of_sessions, NULL, sv_facts_session_row, facts,
                      error);
    }
    if (error->status == SV_OK && items.texts.count > 0) {
        sv_query_in(of_items, "item_code", &items.texts);
        sv_query_each(store, SV_COLLECTION_ERP_ITEMS, of_items, shown, sv_facts_item_row, facts, error);
    }
    return error->status == SV_OK ? sv_facts_read_carried(store, facts, &racks.texts, error) : error->status;
}

/* ---- what may be done */

/* Whether the rack carries the session, or a later one of the same user and nobody's in between (core/sync/fence.c). */
static bool
sv_facts_session_holds(const sv_conflict_facts_t *facts, const sv_floor_session_t *session)
{
    const sv_floor_session_t *carried;

    if (!session->superseded) {
        return true;
    }
    carried = session->rack_id != NULL ? sv_text_map_get(&facts->carried, session->rack_id) : NULL;
    return carried != NULL && carried->own_since <= session->fence;
}

/* Whether the reader may have the record stored. */
static bool
sv_facts_may_store(const sv_conflict_facts_t *facts, const bson_t *conflict)
{
    const char *session_id = sv_doc_text(conflict, "session_id", facts->arena);
    const char *type = sv_doc_text(conflict, "type", facts->arena);
    const sv_floor_session_t *session = session_id != NULL ? sv_text_map_get(&facts->sessions, session_id) : NULL;

    if (session == NULL || type == NULL || strcmp(type, sv_conflict_type_name(SV_CONFLICT_FOREIGN_RECORD)) == 0 ||
        !sv_count_takes_records(session->count_state)) {
        return false;
    }
    return facts->who->role >= SV_ROLE_SUPERVISOR || sv_facts_session_holds(facts, session);
}

static void
sv_facts_write_actions(sv_json_writer_t *w, const bson_t *conflict, const sv_conflict_facts_t *facts)
{
    sv_json_array(w, "actions");
    if (!sv_doc_has(conflict, "resolution")) {
        sv_json_text(w, NULL, sv_resolve_actions[SV_RESOLVE_KEEP_SERVER]);
        if (sv_facts_may_store(facts, conflict)) {
            sv_json_text(w, NULL, sv_resolve_actions[SV_RESOLVE_KEEP_MINE]);
            sv_json_text(w, NULL, sv_resolve_actions[SV_RESOLVE_MERGE]);
        }
    }
    sv_json_end(w);
}

/* Who counted in the session of a record. */
static const char *
sv_facts_name_of(const sv_conflict_facts_t *facts, const bson_t *record)
{
    const char *session_id = record != NULL ? sv_doc_text(record, "session_id", facts->arena) : NULL;
    const sv_floor_session_t *session = session_id != NULL ? sv_text_map_get(&facts->sessions, session_id) : NULL;

    return session != NULL ? session->full_name : NULL;
}

void
sv_conflict_facts_write(sv_json_writer_t *w, const bson_t *conflict, const bson_t *server,
                        const sv_conflict_facts_t *facts)
{
    const char *item_code = sv_doc_text(conflict, "item_code", facts->arena);
    const sv_conflict_item_t *item = item_code != NULL ? sv_text_map_get(&facts->items, item_code) : NULL;

    sv_json_text(w, "item_name", item != NULL ? item->name : NULL);
    sv_json_text(w, "uom", item != NULL ? item->uom : NULL);
    sv_json_text(w, "full_name", sv_facts_name_of(facts, conflict));
    sv_json_text(w, "server_full_name", sv_facts_name_of(facts, server));
    sv_facts_write_actions(w, conflict, facts);
}
