#include "core/floor/rack_round.h"

#include "core/review/recount_take.h"
#include "core/store/document.h"

/* Whether a round of the rack was ended by a completion. */
static sv_status_t
sv_round_is_completed(sv_store_t *store, const char *rack_id, const char *count_id, int64_t round, sv_arena_t *arena,
                      bool *completed, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id), "round",
                                          BCON_INT64(round), "rack_completed", BCON_BOOL(true)),
                                 arena);
    const bson_t *session;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, arena, &session, error);

    *completed = session != NULL;
    return status;
}

/* The latest floor session of the rack in the count, NULL: none. */
static sv_status_t
sv_round_find_latest(sv_store_t *store, const char *rack_id, const char *count_id, sv_arena_t *arena,
                     const bson_t **latest, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id)), arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("projection", "{", "round", BCON_INT32(1), "}", "sort", "{", "fence", BCON_INT32(-1), "}"), arena);

    return sv_store_find_first(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, arena, latest, error);
}

/* The round after the latest, or that goes on with it. */
static sv_status_t
sv_round_follow(sv_store_t *store, const sv_rack_t *rack, const char *count_id, bool recount, sv_arena_t *arena,
                sv_rack_round_t *round, sv_error_t *error)
{
    bool completed;

    if (sv_round_is_completed(store, rack->rack_id, count_id, round->number, arena, &completed, error) != SV_OK ||
        !completed) {
        return error->status;
    }
    if (!recount) {
        return sv_fail(error, SV_ERR_RACK_COMPLETED, NULL);
    }
    round->number++;
    round->is_recount = true;
    return SV_OK;
}

sv_status_t
sv_rack_round_next(sv_store_t *store, const sv_rack_t *rack, const char *count_id, const char *user_id, bool recount,
                   sv_arena_t *arena, sv_rack_round_t *round, sv_error_t *error)
{
    const bson_t *latest, *pending;
    int64_t asked;

    *round = (sv_rack_round_t){ .number = 1, .is_first = true };
    if (rack->session_id == NULL) {
        return SV_OK;
    }
    if (sv_round_find_latest(store, rack->rack_id, count_id, arena, &latest, error) != SV_OK || latest == NULL) {
        return error->status;
    }
    round->is_first = false;
    round->number = sv_doc_int(latest, "round");
    if (sv_recount_pending(store, count_id, rack->rack_id, arena, &pending, error) != SV_OK) {
        return error->status;
    }
    asked = pending != NULL ? sv_doc_int(pending, "round") : 0;
    if (asked > round->number && recount) {
        round->number = asked;
        round->is_recount = true;
        round->recount = pending;
    } else if (asked == round->number) {
        round->recount = pending; /* it was begun, and goes on */
    } else if (sv_round_follow(store, rack, count_id, recount, arena, round, error) != SV_OK) {
        return error->status;
    }
    return round->recount != NULL ? sv_recount_may_take(round->recount, user_id, error) : SV_OK;
}
