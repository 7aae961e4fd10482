#include "core/store/worker_role.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/version.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* So that taking is one conditional update: an upsert with a condition on the clock would make a second document. */
static sv_status_t
sv_worker_role_make(sv_store_t *store, const char *role, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *document = sv_doc_new(arena);
    sv_status_t status;

    BCON_APPEND(document, "role", BCON_UTF8(role), "holder", "", "ttl_ms", BCON_INT64(0));
    BSON_APPEND_DATE_TIME(document, "taken_at", 0);
    status = sv_store_insert(store, SV_COLLECTION_WORKER_ROLES, document, error);
    if (status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        status = SV_OK;
    }
    return status;
}

/* The one who had the role did not renew it: dead, stopped, or cut off.  What a transaction of it left changed would be
 * kept from everybody until the server's time limit, a minute; one that goes on after all is made again. */
static void
sv_worker_role_clear(sv_store_t *store, const bson_t *before, const char *holder, sv_arena_t *arena, sv_error_t *error)
{
    const char *other = sv_doc_text(before, "holder", arena);
    const bson_t *session = sv_doc_child(before, "session", arena);

    if (other != NULL && *other != '\0' && strcmp(other, holder) != 0 && session != NULL) {
        if (sv_store_kill_session(store, session, error) != SV_OK) {
            sv_log(SV_LOG_INFO, "the session of worker %s was not ended: %s", other, error->cause);
            sv_error_clear(error);
        }
    }
}

static sv_status_t
sv_worker_role_try(sv_store_t *store, const char *role, const char *holder, int64_t ttl_ms, bool *mine,
                   sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *lapsed = sv_doc_new(arena), *update = sv_doc_new(arena);
    const bson_t *session = sv_store_session_id(store, error), *before = NULL;
    sv_status_t status;

    *mine = false;
    if (session == NULL) {
        return error->status;
    }
    sv_filter_past(lapsed, "$taken_at", "$ttl_ms", 0);
    BCON_APPEND(filter, "role", BCON_UTF8(role), "$or", "[", "{", "holder", BCON_UTF8(holder), "}",
                BCON_DOCUMENT(lapsed), "]");
    BCON_APPEND(update, "$set", "{", "holder", BCON_UTF8(holder), "ttl_ms", BCON_INT64(ttl_ms), "session",
                BCON_DOCUMENT(session), "version", BCON_UTF8(SV_VERSION), "}", "$currentDate", "{", "taken_at",
                BCON_BOOL(true), "}");
    status = sv_store_find_and_update(store, SV_COLLECTION_WORKER_ROLES, filter, update, false, false, arena, &before,
                                      error);
    *mine = status == SV_OK && before != NULL;
    if (*mine) {
        sv_worker_role_clear(store, before, holder, arena, error);
    }
    return status;
}

sv_status_t
sv_worker_role_take(sv_store_t *store, const char *role, const char *holder, int64_t ttl_ms, bool *mine,
                    sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_new(arena);
    const bson_t *there = NULL;
    sv_status_t status = sv_worker_role_try(store, role, holder, ttl_ms, mine, arena, error);

    if (status == SV_OK && !*mine) {
        BSON_APPEND_UTF8(filter, "role", role);
        status = sv_store_find_one(store, SV_COLLECTION_WORKER_ROLES, filter, NULL, arena, &there, error);
        if (status == SV_OK && there == NULL) {
            status = sv_worker_role_make(store, role, arena, error);
            if (status == SV_OK) {
                status = sv_worker_role_try(store, role, holder, ttl_ms, mine, arena, error);
            }
        }
    }
    sv_arena_destroy(arena);
    return status;
}

/* The session that may be left behind stays that of the thread which took the role. */
sv_status_t
sv_worker_roles_keep(sv_store_t *store, const char *const *roles, size_t count, const char *holder, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_new(arena);
    bson_t *update = sv_doc_take(BCON_NEW("$currentDate", "{", "taken_at", BCON_BOOL(true), "}"), arena);
    sv_status_t status;

    sv_filter_in(filter, "role", roles, count);
    BSON_APPEND_UTF8(filter, "holder", holder);
    status = sv_store_update_many(store, SV_COLLECTION_WORKER_ROLES, filter, update, NULL, error);
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_worker_role_release(sv_store_t *store, const char *role, const char *holder, sv_error_t *error)
{
    bson_t *filter = BCON_NEW("role", BCON_UTF8(role), "holder", BCON_UTF8(holder));
    bson_t *update = BCON_NEW("$set", "{", "holder", "", "ttl_ms", BCON_INT64(0), "session", BCON_NULL, "}");
    sv_status_t status = sv_store_update_one(store, SV_COLLECTION_WORKER_ROLES, filter, update, NULL, error);

    bson_destroy(filter);
    bson_destroy(update);
    return status;
}

sv_status_t
sv_worker_roles_alive(sv_store_t *store, bool *alive, const char **version, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("holder", "{", "$ne", "", "}"), error->arena);
    const bson_t *role = NULL;

    sv_filter_to_come(filter, "$taken_at", "$ttl_ms", 0);
    if (sv_store_find_one(store, SV_COLLECTION_WORKER_ROLES, filter, NULL, error->arena, &role, error) == SV_OK) {
        *alive = role != NULL;
        *version = role != NULL ? sv_doc_text(role, "version", error->arena) : NULL;
    }
    return error->status;
}
