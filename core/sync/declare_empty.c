#include "core/sync/declare_empty.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_hash.h"
#include "core/sync/record_table.h"

/* One run of the transaction. */
typedef struct {
    const sv_principal_t *who;
    const sv_emptying_t *emptying;
    sv_emptied_t *emptied;
    sv_sync_batch_t batch; /* a zero for every item asked for; which are accepted is seen then */
    sv_batch_run_t run;
    const char **codes; /* those expected, in their order */
    size_t count, room;
    sv_text_map_t is_expected;
} sv_empty_work_t;

/* Whose session it is, when the fence knew none of this user's. */
static sv_status_t
sv_empty_explain(sv_empty_work_t *work, sv_error_t *error)
{
    sv_floor_session_t session;

    if (sv_floor_session_find(work->run.store, work->emptying->session_id, error->arena, &session, error) != SV_OK) {
        return error->status;
    }
    return sv_fail(error, SV_ERR_FORBIDDEN, "The session is another user's");
}

static sv_status_t
sv_empty_fence(sv_empty_work_t *work, sv_error_t *error)
{
    sv_fenced_t *session = &work->emptied->session;

    if (sv_fence_write(work->run.store, work->who->user_id, work->emptying->session_id, NULL, session, error) !=
        SV_OK) {
        return error->status;
    }
    if (session->outcome == SV_FENCE_UNKNOWN) {
        return sv_empty_explain(work, error);
    }
    if (strcmp(session->facts.rack_id, work->emptying->rack_id) != 0) {
        return sv_fail_field(error, "session_id", "rack_mismatch", "The session is for rack %s",
                             session->facts.rack_id);
    }
    if (!session->open) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    if (session->outcome == SV_FENCE_LOST) {
        error->holder = (sv_holder_t *) session->holder;
        return sv_fail(error, SV_ERR_LOCK_LOST, NULL);
    }
    return SV_OK;
}

static void
sv_empty_expect(const bson_t *row, void *context)
{
    sv_empty_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->run.arena);

    if (code != NULL) {
        work->codes = sv_arena_grow(work->run.arena, work->codes, work->count, &work->room, sizeof(*work->codes));
        work->codes[work->count++] = code;
        *sv_text_map_put(&work->is_expected, code) = work;
    }
}

/* What the books expect on the rack, of what was asked for. */
static sv_status_t
sv_empty_read_expected(sv_empty_work_t *work, sv_error_t *error)
{
    const sv_emptying_t *emptying = work->emptying;
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);
    sv_query_texts_t asked;

    work->codes = NULL;
    work->count = work->room = 0;
    sv_text_map_init(&work->is_expected, error->arena, emptying->item_count);
    BSON_APPEND_UTF8(filter, "rack_id", emptying->rack_id);
    BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    BSON_APPEND_INT32(projection, "item_code", 1);
    if (!emptying->all) {
        sv_query_texts_init(&asked, error->arena);
        for (size_t i = 0; i < emptying->item_count; i++) {
            sv_query_texts_add(&asked, emptying->item_codes[i]);
        }
        sv_query_in(filter, "item_code", &asked);
    }
    if (sv_query_each(work->run.store, SV_COLLECTION_RACK_ITEMS, filter, projection, sv_empty_expect, work, error) !=
        SV_OK) {
        return error->status;
    }
    if (work->count > SV_EMPTY_MAX_ITEMS) {
        return sv_fail_field(error, "item_codes", "too_long", "At most %d items are declared empty at once",
                             SV_EMPTY_MAX_ITEMS);
    }
    return SV_OK;
}

#define SV_EMPTY_HAS(name) (UINT64_C(1) << SV_RECORD_HAS_##name)

/* A zero like one the session's phone might have sent. */
static void
sv_empty_record(const sv_fenced_t *session, const char *item_code, sv_buffer_t *bytes, sv_arena_t *arena,
                sv_record_t *record)
{
    char id[SV_UUID_SIZE];

    sv_uuid_v4(id);
    *record = (sv_record_t){ .client_record_id = sv_arena_strdup(arena, id),
                             .session_id = session->session_id,
                             .item_code = item_code,
                             .item_key = item_code,
                             .status = SV_RECORD_FINALIZED,
                             .created_at = session->now_ms,
                             .updated_at = session->now_ms,
                             .order = session->now_ms,
                             .declared_empty = true };
    record->present = SV_EMPTY_HAS(client_record_id) | SV_EMPTY_HAS(session_id) | SV_EMPTY_HAS(item_code) |
                      SV_EMPTY_HAS(verified_qty) | SV_EMPTY_HAS(status) | SV_EMPTY_HAS(created_at) |
                      SV_EMPTY_HAS(updated_at);
    record->lot_key = sv_record_lot_key(record, false);
    sv_record_hash(record, bytes, arena);
}

static void
sv_empty_make_records(sv_empty_work_t *work)
{
    sv_batch_run_t *run = &work->run;
    sv_fenced_t *session = &work->emptied->session;
    sv_buffer_t bytes;

    sv_buffer_init(&bytes, run->arena, 1024);
    work->batch = (sv_sync_batch_t){ .count = work->count };
    work->batch.records = sv_arena_alloc(run->arena, (work->count + 1) * sizeof(*work->batch.records));
    for (size_t i = 0; i < work->count; i++) {
        sv_empty_record(session, work->codes[i], &bytes, run->arena, &work->batch.records[i]);
    }
    run->batch = &work->batch;
    run->sessions = session;
    run->session_count = 1;
    sv_batch_run_init(run);
    sv_text_map_init(&run->session_of, run->arena, 1);
    *sv_text_map_put(&run->session_of, session->session_id) = session;
}

enum { SV_EMPTY_DECLARED = 1, SV_EMPTY_COUNTED };

/* What the round has of each item, in whatever lot: item_code -> SV_EMPTY_*. */
static void
sv_empty_look(const sv_batch_run_t *run, int64_t round, sv_text_map_t *has)
{
    static const char marks[] = { 0, SV_EMPTY_DECLARED, SV_EMPTY_COUNTED };

    sv_text_map_init(has, run->arena, run->slot_count);
    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_figure_t *figure = &run->slots[i]->now;
        void **place;

        if (run->slots[i]->exists && figure->stand.round >= round && sv_contender_is_live(&figure->stand)) {
            place = sv_text_map_put(has, figure->item_key);
            if (*place == NULL || !figure->stand.declared_empty) {
                *place = (void *) &marks[figure->stand.declared_empty ? SV_EMPTY_DECLARED : SV_EMPTY_COUNTED];
            }
        }
    }
}

static void
sv_empty_decide(sv_empty_work_t *work)
{
    sv_batch_run_t *run = &work->run;
    sv_emptied_t *emptied = work->emptied;
    sv_text_map_t has;

    emptied->declared = sv_arena_alloc(run->arena, (work->count + 1) * sizeof(*emptied->declared));
    emptied->counted = sv_arena_alloc(run->arena, (work->count + 1) * sizeof(*emptied->counted));
    sv_empty_look(run, emptied->session.facts.round, &has);
    for (size_t i = 0; i < work->count; i++) {
        const sv_record_t *record = &work->batch.records[i];
        const char *mark = sv_text_map_get(&has, record->item_code);

        if (mark != NULL && *mark == SV_EMPTY_COUNTED) {
            emptied->counted[emptied->counted_count++] = record->item_code;
            continue;
        }
        emptied->declared[emptied->declared_count++] = record->item_code;
        if (mark == NULL) {
            sv_batch_accept(run, record, &emptied->session, sv_batch_slot(run, record->client_record_id),
                            sv_key_record(run, record, &emptied->session));
        }
    }
}

static void
sv_empty_tell_unexpected(sv_empty_work_t *work)
{
    const sv_emptying_t *emptying = work->emptying;
    sv_emptied_t *emptied = work->emptied;

    emptied->unexpected = sv_arena_alloc(work->run.arena, (emptying->item_count + 1) * sizeof(*emptied->unexpected));
    for (size_t i = 0; i < emptying->item_count; i++) {
        if (sv_text_map_get(&work->is_expected, emptying->item_codes[i]) == NULL) {
            emptied->unexpected[emptied->unexpected_count++] = emptying->item_codes[i];
        }
    }
}

static sv_status_t
sv_empty_audit(sv_empty_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *facts = &work->emptied->session.facts;
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "rack.empty",
                         .session_id = facts->session_id,
                         .rack_id = facts->rack_id,
                         .count_id = facts->count_id,
                         .warehouse = facts->warehouse,
                         .details = details };

    BSON_APPEND_INT64(details, "declared", (int64_t) work->emptied->declared_count);
    BSON_APPEND_INT64(details, "counted", (int64_t) work->emptied->counted_count);
    BSON_APPEND_BOOL(details, "all", work->emptying->all);
    return sv_audit_write(work->run.store, work->who, &entry, error);
}

static sv_status_t
sv_empty_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_empty_work_t *work = context;

    memset(work->emptied, 0, sizeof(*work->emptied));
    work->run = (sv_batch_run_t){ .store = store, .who = work->who, .arena = error->arena, .by_decision = true };
    if (sv_empty_fence(work, error) != SV_OK || sv_empty_read_expected(work, error) != SV_OK) {
        return error->status;
    }
    sv_empty_make_records(work);
    if (sv_batch_read(&work->run, error) != SV_OK) {
        return error->status;
    }
    sv_empty_decide(work);
    sv_empty_tell_unexpected(work);
    if (!work->emptied->session.wrote) {
        return SV_OK;
    }
    return sv_batch_write(&work->run, error) == SV_OK ? sv_empty_audit(work, error) : error->status;
}

sv_status_t
sv_declare_empty(sv_store_t *store, const sv_principal_t *who, const sv_emptying_t *emptying, sv_emptied_t *emptied,
                 sv_error_t *error)
{
    sv_empty_work_t work = { .who = who, .emptying = emptying, .emptied = emptied };

    return sv_transaction_run_past_duplicates(store, sv_empty_body, &work, error);
}

static void
sv_write_codes(sv_json_writer_t *w, const char *name, const char **codes, size_t count)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < count; i++) {
        sv_json_text(w, NULL, codes[i]);
    }
    sv_json_end(w);
}

void
sv_emptied_write_json(sv_json_writer_t *w, const sv_emptied_t *emptied)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", emptied->session.facts.rack_id);
    sv_json_text(w, "session_id", emptied->session.facts.session_id);
    sv_json_int(w, "round", emptied->session.facts.round);
    sv_write_codes(w, "declared", emptied->declared, emptied->declared_count);
    sv_write_codes(w, "counted", emptied->counted, emptied->counted_count);
    sv_write_codes(w, "unexpected", emptied->unexpected, emptied->unexpected_count);
    sv_json_end(w);
}
