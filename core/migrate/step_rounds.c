#include "core/migrate/step_rounds.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/index_retire.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"

enum { SV_RACKS_A_CHUNK = 20 };

static sv_status_t
sv_step_finds(sv_store_t *store, sv_collection_t collection, bson_t *filter, bool *found, sv_error_t *error)
{
    const bson_t *document;
    sv_status_t status = sv_store_find_one(store, collection, filter, NULL, error->arena, &document, error);

    *found = document != NULL;
    return status;
}

sv_status_t
sv_step_rounds_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    bson_t *records = sv_doc_take(BCON_NEW("standing", "{", "$exists", BCON_BOOL(false), "}"), error->arena);
    bson_t *sessions = sv_doc_take(
        BCON_NEW("round", "{", "$gt", BCON_INT64(1), "}", "own_since", "{", "$exists", BCON_BOOL(false), "}"),
        error->arena);

    if (sv_step_finds(store, SV_COLLECTION_VERIFICATION_RECORDS, records, due, error) != SV_OK || *due) {
        return error->status;
    }
    return sv_step_finds(store, SV_COLLECTION_VERIFICATION_SESSIONS, sessions, due, error);
}

/* ---- one rack in one count */

typedef struct {
    const char *session_id;
    int64_t stored; /* its round as it was */
    int64_t round;
    bool completed;
} sv_step_session_t;

typedef struct {
    const char *count_id;
    const char *rack_id;
    bool dry_run;
    int64_t changed;
    /* of a run of the transaction */
    sv_arena_t *arena;
    sv_step_session_t *sessions; /* by fence */
    size_t count, room;
} sv_step_rack_t;

static void
sv_step_session_row(const bson_t *row, void *context)
{
    sv_step_rack_t *rack = context;

    rack->sessions = sv_arena_grow(rack->arena, rack->sessions, rack->count, &rack->room, sizeof(*rack->sessions));
    rack->sessions[rack->count++] = (sv_step_session_t){ .session_id = sv_doc_text(row, "session_id", rack->arena),
                                                         .stored = sv_doc_int(row, "round"),
                                                         .completed = sv_doc_bool(row, "rack_completed") };
}

/* A round goes on until it is completed: the next session opened the next. */
static void
sv_step_count_rounds(sv_step_rack_t *rack)
{
    int64_t round = 1;

    for (size_t i = 0; i < rack->count; i++) {
        round += i > 0 && rack->sessions[i - 1].completed;
        rack->sessions[i].round = round;
    }
}

static sv_status_t
sv_step_read_sessions(sv_store_t *store, sv_step_rack_t *rack, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(rack->count_id), "rack_id", BCON_UTF8(rack->rack_id)), rack->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "fence", BCON_INT32(1), "}"), rack->arena);
    sv_status_t status =
        sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_step_session_row, rack, error);

    sv_step_count_rounds(rack);
    return status;
}

/* The round that what was stored as `stored` belongs to: of the record's session, or of the one a supervisor's
 * decision was made in. */
static int64_t
sv_step_round_of(const sv_step_rack_t *rack, const sv_figure_t *figure)
{
    int64_t round = figure->stand.round;

    for (size_t i = 0; i < rack->count; i++) {
        if (rack->sessions[i].stored == figure->stand.round) {
            round = rack->sessions[i].round;
            if (strcmp(rack->sessions[i].session_id, figure->session_id) == 0) {
                break;
            }
        }
    }
    return round;
}

static bool
sv_step_counted(const sv_figure_t *figure)
{
    return figure->stand.standing == SV_STANDING_COUNTS || figure->stand.standing == SV_STANDING_EARLIER_ROUND;
}

/* The figures that came after this one in the same round took its place, unless all of them are parts. */
static void
sv_step_find_replacing(const sv_figures_t *figures, sv_slot_t *slot)
{
    const sv_slot_t *next = NULL;
    bool parts = slot->now.stand.partial;

    for (size_t i = 0; i < figures->count; i++) {
        const sv_slot_t *other = figures->slots[i];

        if (sv_step_counted(&other->before) && other->now.stand.round == slot->now.stand.round &&
            other->before.stand.round > slot->before.stand.round &&
            (next == NULL || other->before.stand.round <= next->before.stand.round)) {
            parts = (next == NULL || other->before.stand.round == next->before.stand.round ? parts
                                                                                           : slot->now.stand.partial) &&
                    other->now.stand.partial;
            next = other;
        }
    }
    if (next != NULL && !parts) {
        slot->now.stand.replaced_by = next->client_record_id;
    }
}

static void
sv_step_convert(sv_batch_run_t *run, const sv_step_rack_t *rack)
{
    sv_text_map_t seen;

    sv_text_map_init(&seen, run->arena, run->slot_count);
    for (size_t i = 0; i < run->slot_count; i++) {
        run->slots[i]->now.stand.round = sv_step_round_of(rack, &run->slots[i]->before);
        run->slots[i]->renew = run->slots[i]->old_form;
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        void **place = sv_text_map_put(&seen, run->slots[i]->now.key);
        sv_figures_t figures;

        if (*place != NULL) {
            continue;
        }
        *place = run;
        figures = sv_figures_of(run, run->slots[i]->now.key);
        for (size_t j = 0; j < figures.count; j++) {
            if (figures.slots[j]->before.stand.standing == SV_STANDING_EARLIER_ROUND) {
                sv_step_find_replacing(&figures, figures.slots[j]);
            }
        }
        sv_figures_settle(run, run->slots[i]->now.key);
    }
}

static sv_status_t
sv_step_write_sessions(sv_store_t *store, sv_step_rack_t *rack, sv_error_t *error)
{
    for (size_t i = 0; i < rack->count; i++) {
        bson_t *filter, *update;

        if (rack->sessions[i].round == rack->sessions[i].stored) {
            continue;
        }
        rack->changed++;
        filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(rack->sessions[i].session_id)), rack->arena);
        update = sv_doc_take(BCON_NEW("$set", "{", "round", BCON_INT64(rack->sessions[i].round), "}"), rack->arena);
        if (!rack->dry_run &&
            sv_store_update_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, NULL, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static sv_status_t
sv_step_rack_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_step_rack_t *rack = context;
    static const sv_principal_t nobody = { .user_id = "stockverifyctl", .username = "stockverifyctl" };
    const sv_sync_batch_t none = { .batch_id = "migrate" };
    sv_fenced_t session = { 0 };
    sv_batch_run_t run = { .store = store,
                           .who = &nobody,
                           .batch = &none,
                           .arena = error->arena,
                           .sessions = &session,
                           .session_count = 1,
                           .by_decision = true };

    rack->arena = error->arena;
    rack->sessions = NULL;
    rack->count = rack->room = 0;
    rack->changed = 0;
    sv_batch_run_init(&run);
    if (sv_step_read_sessions(store, rack, error) != SV_OK || rack->count == 0) {
        return error->status;
    }
    if (rack->dry_run) {
        session.session_id = rack->sessions[rack->count - 1].session_id;
    } else if (sv_fence_bypass(store, rack->sessions[rack->count - 1].session_id, &session, error) != SV_OK) {
        return error->status;
    }
    sv_text_map_init(&run.session_of, run.arena, 1);
    *sv_text_map_put(&run.session_of, session.session_id) = &session;
    if (sv_batch_read_rack(&run, rack->count_id, rack->rack_id, error) != SV_OK) {
        return error->status;
    }
    sv_step_convert(&run, rack);
    for (size_t i = 0; i < run.slot_count; i++) {
        rack->changed += sv_slot_is_marked(run.slots[i]);
    }
    session.wrote = rack->changed > 0;
    if (!rack->dry_run && rack->changed > 0 && sv_batch_write(&run, error) != SV_OK) {
        return error->status;
    }
    return sv_step_write_sessions(store, rack, error);
}

static sv_status_t
sv_step_rack(sv_migration_chunk_t *chunk, sv_step_rack_t *rack, sv_error_t *error)
{
    sv_error_t own;
    sv_status_t status;

    /* what a rack's run needs goes with it */
    sv_error_init(&own, sv_arena_create());
    status = chunk->dry_run ? sv_step_rack_body(chunk->store, rack, &own)
                            : sv_transaction_run_past_duplicates(chunk->store, sv_step_rack_body, rack, &own);
    if (status != SV_OK) {
        sv_fail_cause(error, status, "rack %s in count %s: %s", rack->rack_id, rack->count_id,
                      own.cause != NULL ? own.cause : sv_status_message(status));
    }
    sv_arena_destroy(own.arena);
    return status;
}

/* ---- rack after rack */

static sv_status_t
sv_step_find_next(sv_store_t *store, bson_t *filter, sv_step_rack_t *rack, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "count_id", BCON_INT32(1), "rack_id", BCON_INT32(1), "}", "projection", "{",
                             "count_id", BCON_INT32(1), "rack_id", BCON_INT32(1), "}", "limit", BCON_INT64(1)),
                    arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error);

    rack->count_id = rack->rack_id = NULL;
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &row)) {
        rack->count_id = sv_doc_text(row, "count_id", arena);
        rack->rack_id = sv_doc_text(row, "rack_id", arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* The next rack of the same count, else the first of the next; rack_id NULL: there is none. */
static sv_status_t
sv_step_next_rack(sv_store_t *store, const char *count_id, const char *rack_id, sv_step_rack_t *rack, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);

    if (count_id != NULL) {
        BCON_APPEND(filter, "count_id", BCON_UTF8(count_id), "rack_id", "{", "$gt", BCON_UTF8(rack_id), "}");
        if (sv_step_find_next(store, filter, rack, arena, error) != SV_OK || rack->rack_id != NULL) {
            return error->status;
        }
    }
    filter = sv_doc_take(BCON_NEW("count_id", "{", "$gt", BCON_UTF8(count_id != NULL ? count_id : ""), "}"), arena);
    return sv_step_find_next(store, filter, rack, arena, error);
}

sv_status_t
sv_step_rounds_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    const char *count_id = chunk->cursor != NULL ? sv_doc_text(chunk->cursor, "count_id", chunk->arena) : NULL;
    const char *rack_id = chunk->cursor != NULL ? sv_doc_text(chunk->cursor, "rack_id", chunk->arena) : NULL;

    for (int i = 0; i < SV_RACKS_A_CHUNK; i++) {
        sv_step_rack_t rack = { .dry_run = chunk->dry_run };

        if (sv_step_next_rack(chunk->store, count_id, rack_id, &rack, chunk->arena, error) != SV_OK) {
            return error->status;
        }
        if (rack.rack_id == NULL || rack.count_id == NULL) {
            /* The index of the version before knew no lots. */
            return chunk->dry_run
                       ? SV_OK
                       : sv_index_retire(chunk->store, SV_COLLECTION_VERIFICATION_RECORDS, "session_item_whole", error);
        }
        count_id = rack.count_id;
        rack_id = rack.rack_id;
        if (sv_step_rack(chunk, &rack, error) != SV_OK) {
            return error->status;
        }
        chunk->seen++;
        chunk->changed += rack.changed;
    }
    BSON_APPEND_UTF8(chunk->next, "count_id", count_id);
    BSON_APPEND_UTF8(chunk->next, "rack_id", rack_id);
    return SV_OK;
}
