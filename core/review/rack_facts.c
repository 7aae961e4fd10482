#include "core/review/rack_facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"

/* ---- reading */

static sv_rack_facts_t *
sv_facts_rack(sv_racks_facts_t *racks, const char *rack_id)
{
    void **place = sv_text_map_put(&racks->of_id, rack_id);

    if (*place == NULL) {
        sv_rack_facts_t *rack = sv_arena_zalloc(racks->arena, sizeof(*rack));

        rack->rack_id = rack_id;
        *place = rack;
    }
    return *place;
}

static sv_rack_round_fact_t *
sv_facts_round(sv_racks_facts_t *racks, sv_rack_facts_t *rack, int64_t number)
{
    for (size_t i = 0; i < rack->count; i++) {
        if (rack->rounds[i].number == number) {
            return &rack->rounds[i];
        }
    }
    rack->rounds = sv_arena_grow(racks->arena, rack->rounds, rack->count, &rack->capacity, sizeof(rack->rounds[0]));
    rack->rounds[rack->count] = (sv_rack_round_fact_t){ .number = number };
    return &rack->rounds[rack->count++];
}

static void
sv_facts_take_session(const bson_t *session, void *context)
{
    sv_racks_facts_t *racks = context;
    const char *rack_id = sv_doc_text(session, "rack_id", racks->arena);
    sv_rack_round_fact_t *round;

    if (rack_id == NULL) {
        return;
    }
    round = sv_facts_round(racks, sv_facts_rack(racks, rack_id), sv_doc_int(session, "round"));
    round->begun = true;
    round->completed |= sv_doc_bool(session, "rack_completed");
}

static void
sv_facts_take_recount(const bson_t *row, void *context)
{
    sv_racks_facts_t *racks = context;
    const bson_t *recount = sv_doc_copy(row, racks->arena);
    const char *rack_id = sv_doc_text(recount, "rack_id", racks->arena);
    const char *state = sv_doc_text(recount, "state", racks->arena);
    sv_rack_round_fact_t *round;

    if (rack_id == NULL || state == NULL) {
        return;
    }
    round = sv_facts_round(racks, sv_facts_rack(racks, rack_id), sv_doc_int(recount, "round"));
    round->asked = true;
    round->pending = strcmp(state, "done") != 0;
    round->item_codes = sv_doc_has(recount, "item_codes") ? sv_doc_child(recount, "item_codes", racks->arena) : NULL;
    round->recount = recount;
}

static void
sv_facts_take_exclusion(const bson_t *excluded, void *context)
{
    sv_racks_facts_t *racks = context;
    const char *rack_id = sv_doc_text(excluded, "rack_id", racks->arena);

    if (rack_id != NULL) {
        sv_facts_rack(racks, rack_id)->excluded = true;
    }
}

static int
sv_compare_rounds(const void *a, const void *b)
{
    const sv_rack_round_fact_t *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static void
sv_facts_sort(sv_racks_facts_t *racks)
{
    for (size_t i = 0; i < racks->of_id.capacity; i++) {
        sv_rack_facts_t *rack = racks->of_id.entries[i].key != NULL ? racks->of_id.entries[i].value : NULL;

        if (rack != NULL && rack->count > 1) {
            qsort(rack->rounds, rack->count, sizeof(rack->rounds[0]), sv_compare_rounds);
        }
    }
}

static sv_status_t
sv_facts_read(sv_store_t *store, const bson_t *count, const char *const *rack_ids, size_t rack_count,
              sv_racks_facts_t *racks, sv_error_t *error)
{
    sv_arena_t *arena = racks->arena;
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(sv_doc_text(count, "session_id", arena))), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "rack_id", BCON_INT32(1), "round",
                                           BCON_INT32(1), "rack_completed", BCON_INT32(1), "}"),
                                  arena);
    sv_status_t status;

    if (rack_ids != NULL) {
        sv_filter_in(filter, "rack_id", rack_ids, rack_count);
    }
    status =
        sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_facts_take_session, racks, error);
    if (status == SV_OK) {
        status = sv_store_each(store, SV_COLLECTION_RECOUNTS, filter, NULL, sv_facts_take_recount, racks, error);
    }
    sv_doc_each(count, "excluded", sv_facts_take_exclusion, racks, arena);
    sv_facts_sort(racks);
    return status;
}

sv_status_t
sv_racks_facts_read(sv_store_t *store, const bson_t *count, const char *const *rack_ids, size_t rack_count,
                    sv_racks_facts_t *racks, sv_arena_t *arena, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(arena, (rack_count + 1) * sizeof(ids[0]));
    size_t distinct = 0;

    racks->arena = arena;
    sv_text_map_init(&racks->of_id, arena, rack_count);
    for (size_t i = 0; i < rack_count; i++) {
        if (sv_text_map_get(&racks->of_id, rack_ids[i]) == NULL) {
            sv_facts_rack(racks, rack_ids[i]);
            ids[distinct++] = rack_ids[i];
        }
    }
    return distinct == 0 ? SV_OK : sv_facts_read(store, count, ids, distinct, racks, error);
}

sv_status_t
sv_racks_facts_read_all(sv_store_t *store, const bson_t *count, sv_racks_facts_t *racks, sv_arena_t *arena,
                        sv_error_t *error)
{
    racks->arena = arena;
    sv_text_map_init(&racks->of_id, arena, 256);
    return sv_facts_read(store, count, NULL, 0, racks, error);
}

/* ---- what they say */

sv_rack_facts_t *
sv_rack_facts_of(const sv_racks_facts_t *racks, const char *rack_id)
{
    return rack_id != NULL ? sv_text_map_get(&racks->of_id, rack_id) : NULL;
}

static bool
sv_round_concerns(const sv_rack_round_fact_t *round, const char *item_code)
{
    bson_iter_t iter;

    if (round->item_codes == NULL) {
        return true;
    }
    if (!bson_iter_init(&iter, round->item_codes)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), item_code) == 0) {
            return true;
        }
    }
    return false;
}

static sv_line_recount_t
sv_round_recount(const sv_rack_round_fact_t *round)
{
    if (round->asked) {
        return round->pending ? SV_LINE_RECOUNT_PENDING : SV_LINE_RECOUNT_DONE;
    }
    return round->number > 1 && round->completed ? SV_LINE_RECOUNT_DONE : SV_LINE_RECOUNT_NONE;
}

/* A round that nobody asked for is of everything on the rack, and while it goes on the rack is open, as in the first;
 * one that was asked for leaves what was completed before it so. */
void
sv_rack_facts_of_item(const sv_rack_facts_t *rack, const char *item_code, sv_line_rack_t *line_rack,
                      int64_t *recount_round)
{
    bool completed = false, open = true;

    *recount_round = 0;
    line_rack->recount = SV_LINE_RECOUNT_NONE;
    for (size_t i = 0; i < rack->count; i++) {
        const sv_rack_round_fact_t *round = &rack->rounds[i];

        if (!sv_round_concerns(round, item_code)) {
            continue;
        }
        completed |= round->completed;
        open = round->asked ? !completed : !round->completed;
        if (sv_round_recount(round) != SV_LINE_RECOUNT_NONE) {
            line_rack->recount = sv_round_recount(round);
            *recount_round = round->number;
        }
    }
    line_rack->standing = rack->excluded ? SV_LINE_RACK_EXCLUDED : open ? SV_LINE_RACK_OPEN : SV_LINE_RACK_COMPLETED;
}

int64_t
sv_rack_facts_latest(const sv_rack_facts_t *rack)
{
    int64_t latest = 0;

    for (size_t i = 0; i < rack->count; i++) {
        latest = rack->rounds[i].begun && rack->rounds[i].number > latest ? rack->rounds[i].number : latest;
    }
    return latest;
}

bool
sv_rack_facts_is_completed(const sv_rack_facts_t *rack)
{
    for (size_t i = 0; i < rack->count; i++) {
        if (rack->rounds[i].completed) {
            return true;
        }
    }
    return false;
}

const sv_rack_round_fact_t *
sv_rack_facts_waiting(const sv_rack_facts_t *rack)
{
    for (size_t i = rack->count; i > 0; i--) {
        if (rack->rounds[i - 1].asked && rack->rounds[i - 1].pending && !rack->rounds[i - 1].begun) {
            return &rack->rounds[i - 1];
        }
    }
    return NULL;
}

int64_t
sv_rack_facts_next_round(const sv_rack_facts_t *rack)
{
    const sv_rack_round_fact_t *waiting = sv_rack_facts_waiting(rack);

    return waiting != NULL ? waiting->number : rack->count == 0 ? 1 : rack->rounds[rack->count - 1].number + 1;
}
