#include "core/review/recount_take.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/row_texts.h"

static void
sv_put_pending(bson_t *filter)
{
    BCON_APPEND(filter, "state", "{", "$in", "[", BCON_UTF8("asked"), BCON_UTF8("taken"), "]", "}");
}

sv_status_t
sv_recount_count(sv_store_t *store, const char *rack_id, const char *count_id, sv_arena_t *arena, sv_count_t *count,
                 bool *found, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "asked_at", BCON_INT32(1), "}"), arena);
    sv_row_texts_t counts = { .field = "count_id", .arena = arena };
    sv_status_t status;

    *found = false;
    sv_put_pending(filter);
    status = sv_store_each(store, SV_COLLECTION_RECOUNTS, filter, options, sv_row_texts_take, &counts, error);
    for (size_t i = 0; status == SV_OK && !*found && i < counts.count; i++) {
        if (count_id == NULL || strcmp(count_id, counts.texts[i]) == 0) {
            status = sv_count_find(store, counts.texts[i], arena, count, error);
            *found = status == SV_OK && sv_count_takes_records(count->status);
        }
    }
    return status;
}

sv_status_t
sv_recount_pending(sv_store_t *store, const char *count_id, const char *rack_id, sv_arena_t *arena,
                   const bson_t **recount, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "round", BCON_INT32(-1), "}"), arena);

    sv_put_pending(filter);
    return sv_store_find_first(store, SV_COLLECTION_RECOUNTS, filter, options, arena, recount, error);
}

sv_status_t
sv_recount_may_take(const bson_t *recount, const char *user_id, sv_error_t *error)
{
    const bson_t *users = sv_doc_child(recount, "not_users", error->arena);
    bson_iter_t iter;

    if (!sv_doc_bool(recount, "different_user") || users == NULL || !bson_iter_init(&iter, users)) {
        return SV_OK;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), user_id) == 0) {
            return sv_fail(error, SV_ERR_RECOUNT_OTHER_USER, NULL);
        }
    }
    return SV_OK;
}

sv_status_t
sv_recount_taken(sv_store_t *store, const bson_t *recount, const char *session_id, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "state", BCON_UTF8("taken"), "session_id", BCON_UTF8(session_id),
                                          "}", "$currentDate", "{", "taken_at", BCON_BOOL(true), "}"),
                                 arena);
    bson_iter_t id;

    if (!bson_iter_init_find(&id, recount, "_id")) {
        return SV_OK;
    }
    bson_append_iter(filter, "_id", -1, &id);
    return sv_store_update_one(store, SV_COLLECTION_RECOUNTS, filter, update, NULL, error);
}

sv_status_t
sv_recount_done(sv_store_t *store, const char *count_id, const char *rack_id, int64_t round, sv_arena_t *arena,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id), "round", BCON_INT64(round)), arena);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "state", BCON_UTF8("done"), "}", "$currentDate", "{", "done_at", BCON_BOOL(true), "}"),
        arena);

    return round > 1 ? sv_store_update_one(store, SV_COLLECTION_RECOUNTS, filter, update, NULL, error) : SV_OK;
}

sv_status_t
sv_recount_waits(sv_store_t *store, const char *count_id, const char *rack_id, sv_arena_t *arena, bool *waits,
                 sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id), "state", BCON_UTF8("asked")), arena);
    const bson_t *recount;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_RECOUNTS, filter, NULL, arena, &recount, error);

    *waits = recount != NULL;
    return status;
}
