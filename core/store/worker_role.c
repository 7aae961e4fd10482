#include "core/store/worker_role.h"

#include "core/store/document.h"

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

static sv_status_t
sv_worker_role_try(sv_store_t *store, const char *role, const char *holder, int64_t ttl_ms, bool *mine,
                   sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena);
    int64_t matched = 0;
    sv_status_t status;

    BCON_APPEND(filter, "role", BCON_UTF8(role), "$or", "[", "{", "holder", BCON_UTF8(holder), "}", "{", "$expr", "{",
                "$lte", "[", "{", "$dateAdd", "{", "startDate", "$taken_at", "unit", "millisecond", "amount", "$ttl_ms",
                "}", "}", "$$NOW", "]", "}", "}", "]");
    BCON_APPEND(update, "$set", "{", "holder", BCON_UTF8(holder), "ttl_ms", BCON_INT64(ttl_ms), "}", "$currentDate",
                "{", "taken_at", BCON_BOOL(true), "}");
    status = sv_store_update_one(store, SV_COLLECTION_WORKER_ROLES, filter, update, &matched, error);
    *mine = status == SV_OK && matched == 1;
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

sv_status_t
sv_worker_role_release(sv_store_t *store, const char *role, const char *holder, sv_error_t *error)
{
    bson_t *filter = BCON_NEW("role", BCON_UTF8(role), "holder", BCON_UTF8(holder));
    bson_t *update = BCON_NEW("$set", "{", "holder", "", "ttl_ms", BCON_INT64(0), "}");
    sv_status_t status = sv_store_update_one(store, SV_COLLECTION_WORKER_ROLES, filter, update, NULL, error);

    bson_destroy(filter);
    bson_destroy(update);
    return status;
}
