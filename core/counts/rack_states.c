#include "core/counts/rack_states.h"

#include <string.h>

#include "core/review/recount_take.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/row_texts.h"
#include "core/base/text_map.h"

enum { SV_RACK_STATES_CHUNK = 500 };

sv_status_t
sv_rack_state_completed(sv_store_t *store, const sv_rack_t *rack, const char *count_id, sv_arena_t *arena,
                        const char **state, sv_error_t *error)
{
    sv_active_counts_t active;
    const sv_count_t *count;
    sv_count_choice_t choice;
    bool waits = false;
    sv_status_t status = sv_counts_read_active(store, rack->warehouse, arena, &active, error);

    if (status != SV_OK) {
        return status;
    }
    choice = sv_counts_choose(&active, rack, &count);
    *state = choice == SV_CHOICE_AMBIGUOUS || (count != NULL && strcmp(count->session_id, count_id) == 0) ? "completed"
                                                                                                          : "available";
    status = sv_recount_waits(store, count_id, rack->rack_id, arena, &waits, error);
    if (waits) {
        *state = "available";
    }
    return status;
}

/* How far a rack has come in a count. */
typedef struct {
    int64_t round;
    bool completed; /* in this round, the last */
    bool waits;     /* to be counted again, as somebody asked */
} sv_rack_progress_t;

static sv_status_t
sv_progress_read_recounts(sv_store_t *store, const bson_t *of_count, sv_text_map_t *progress, sv_arena_t *arena,
                          sv_error_t *error)
{
    bson_t *filter = sv_doc_copy(of_count, arena);
    sv_row_texts_t racks = { .field = "rack_id", .arena = arena };
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "state", "asked");
    status = sv_store_each(store, SV_COLLECTION_RECOUNTS, filter, NULL, sv_row_texts_take, &racks, error);
    for (size_t i = 0; i < racks.count; i++) {
        sv_rack_progress_t *rack = sv_text_map_get(progress, racks.texts[i]);

        if (rack != NULL) {
            rack->waits = true;
        }
    }
    return status;
}

/* The racks taken in a count, by id. */
static sv_status_t
sv_progress_read(sv_store_t *store, const char *count_id, sv_text_map_t *progress, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "_id", BCON_INT32(0), "rack_id", BCON_INT32(1), "round",
                                           BCON_INT32(1), "rack_completed", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *rack_id = sv_doc_text(row, "rack_id", arena);
        int64_t round = sv_doc_int(row, "round");
        sv_rack_progress_t *rack;
        void **place;

        if (rack_id == NULL) {
            continue;
        }
        place = sv_text_map_put(progress, rack_id);
        if (*place == NULL) {
            *place = sv_arena_zalloc(arena, sizeof(*rack));
        }
        rack = *place;
        if (round > rack->round) {
            *rack = (sv_rack_progress_t){ .round = round };
        }
        rack->completed |= round == rack->round && sv_doc_bool(row, "rack_completed");
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status == SV_OK ? sv_progress_read_recounts(store, filter, progress, arena, error) : status;
}

/* What one walk over a warehouse's racks goes by. */
typedef struct {
    sv_store_t *store;
    sv_arena_t *arena;
    sv_active_counts_t active;
    sv_text_map_t *progress; /* of each active count */
    bool *read;
    sv_bulk_t bulk;
    int64_t changed;
} sv_states_walk_t;

static sv_status_t
sv_states_wanted(sv_states_walk_t *walk, const sv_rack_t *rack, const char **wanted, sv_error_t *error)
{
    const sv_count_t *count;
    const sv_rack_progress_t *progress;
    size_t i;

    *wanted = "available";
    if (sv_counts_choose(&walk->active, rack, &count) == SV_CHOICE_AMBIGUOUS) {
        *wanted = rack->status; /* each of these counts would say something else */
        return SV_OK;
    }
    if (count == NULL) {
        return SV_OK;
    }
    i = (size_t) (count - walk->active.counts);
    if (!walk->read[i]) {
        sv_text_map_init(&walk->progress[i], walk->arena, 256);
        if (sv_progress_read(walk->store, count->session_id, &walk->progress[i], walk->arena, error) != SV_OK) {
            return error->status;
        }
        walk->read[i] = true;
    }
    progress = sv_text_map_get(&walk->progress[i], rack->rack_id);
    if (progress != NULL && progress->completed && !progress->waits) {
        *wanted = "completed";
    }
    return SV_OK;
}

/* Only while nothing happened to the rack since it was read. */
static sv_status_t
sv_states_put(sv_states_walk_t *walk, const sv_rack_t *rack, const char *wanted, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack->rack_id), "status", BCON_UTF8(rack->status),
                                          "fence", BCON_INT64(rack->fence)),
                                 walk->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8(wanted), "}", "$currentDate", "{",
                                          "updated_at", BCON_BOOL(true), "}"),
                                 walk->arena);

    return sv_bulk_update(&walk->bulk, filter, update, false, error);
}

static sv_status_t
sv_states_flush(sv_states_walk_t *walk, sv_error_t *error)
{
    sv_bulk_result_t result;
    sv_status_t status = sv_bulk_run(&walk->bulk, walk->arena, &result, error);

    walk->changed += result.matched;
    sv_bulk_begin(&walk->bulk, walk->store, SV_COLLECTION_RACK_REGISTRY, walk->arena);
    return status;
}

static sv_status_t
sv_states_walk_racks(sv_states_walk_t *walk, const char *warehouse, sv_error_t *error)
{
    /* A rack that never carried a session was never completed. */
    bson_t *filter =
        sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse), "status", "{", "$in", "[", BCON_UTF8("available"),
                             BCON_UTF8("completed"), "]", "}", "session_id", "{", "$ne", BCON_NULL, "}"),
                    walk->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(walk->store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &row)) {
        const char *wanted;
        sv_rack_t rack;

        sv_rack_read(row, walk->arena, &rack);
        status = sv_states_wanted(walk, &rack, &wanted, error);
        if (status == SV_OK && strcmp(wanted, rack.status) != 0) {
            status = sv_states_put(walk, &rack, wanted, error);
        }
        if (status == SV_OK && walk->bulk.count == SV_RACK_STATES_CHUNK) {
            status = sv_states_flush(walk, error);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(walk->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status == SV_OK ? sv_states_flush(walk, error) : status;
}

sv_status_t
sv_rack_states_follow(sv_store_t *store, const char *warehouse, int64_t *changed, sv_error_t *error)
{
    sv_states_walk_t walk = { .store = store, .arena = sv_arena_create() };
    sv_status_t status = sv_counts_read_active(store, warehouse, walk.arena, &walk.active, error);

    if (status == SV_OK) {
        walk.progress = sv_arena_zalloc(walk.arena, (walk.active.count + 1) * sizeof(*walk.progress));
        walk.read = sv_arena_zalloc(walk.arena, (walk.active.count + 1) * sizeof(*walk.read));
        sv_bulk_begin(&walk.bulk, store, SV_COLLECTION_RACK_REGISTRY, walk.arena);
        status = sv_states_walk_racks(&walk, warehouse, error);
        sv_bulk_discard(&walk.bulk);
    }
    *changed = walk.changed;
    sv_arena_destroy(walk.arena);
    return status;
}
