#include "core/sync/batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"
#include "core/sync/blind.h"
#include "core/sync/serial_key.h"
#include "core/sync/conflict.h"
#include "core/sync/items.h"
#include "core/sync/old_ids.h"
#include "core/sync/record_form.h"
#include "core/sync/rules.h"

/* What one run of the transaction starts from. */
typedef struct {
    sv_batch_run_t *run;
    const char **session_ids;
    size_t session_count;
    bool look; /* at what is stored, before judging */
} sv_batch_task_t;

static sv_status_t
sv_batch_fence_all(sv_batch_task_t *task, sv_error_t *error)
{
    sv_batch_run_t *run = task->run;
    const int64_t *left = run->batch->has_left ? &run->batch->left : NULL;

    sv_text_map_init(&run->session_of, run->arena, task->session_count);
    for (size_t i = 0; i < task->session_count; i++) {
        if (sv_fence_write(run->store, run->who->user_id, task->session_ids[i], left, &run->sessions[i], error) !=
            SV_OK) {
            return error->status;
        }
        *sv_text_map_put(&run->session_of, task->session_ids[i]) = &run->sessions[i];
    }
    return SV_OK;
}

/* Whether the unique keys alone find what stands in the way of new records of these floor sessions. */
static bool
sv_batch_sessions_are_plain(const sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->session_count; i++) {
        const sv_fenced_t *session = &run->sessions[i];

        if (session->outcome != SV_FENCE_HOLDS || !session->open || session->facts.strict || !session->plain) {
            return false;
        }
    }
    return true;
}

static bool
sv_batch_all_good(const sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        if (run->verdicts[i].kind != SV_VERDICT_OK && !run->batch->records[i].malformed) {
            return false;
        }
    }
    return true;
}

/* Judges with the eyes shut, as if nothing of the batch were stored: right for new records, and anything
 * else than all good is judged again. */
static bool
sv_batch_judge_blind(sv_batch_task_t *task)
{
    if (task->look || !sv_batch_sessions_are_plain(task->run)) {
        return false;
    }
    sv_batch_classify(task->run);
    return sv_batch_all_good(task->run);
}

static bool
sv_batch_wrote(const sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (run->sessions[i].wrote) {
            return true;
        }
    }
    return false;
}

static void
sv_batch_forget(sv_batch_run_t *run)
{
    sv_batch_run_init(run);
    for (size_t i = 0; i < run->session_count; i++) {
        run->sessions[i].wrote = false;
        run->sessions[i].leaves_plain = false;
    }
}

static void
sv_batch_settle_lots(sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        sv_record_t *record = &run->batch->records[i];
        const sv_fenced_t *session = record->malformed ? NULL : sv_text_map_get(&run->session_of, record->session_id);

        if (session != NULL && session->outcome != SV_FENCE_UNKNOWN) {
            sv_items_settle_lot(record, &session->facts);
        }
    }
}

static sv_status_t
sv_batch_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_batch_task_t *task = context;
    sv_batch_run_t *run = task->run;

    run->store = store;
    if (sv_batch_fence_all(task, error) != SV_OK) {
        return error->status;
    }
    sv_batch_settle_lots(run);
    sv_batch_run_init(run);
    if (!sv_batch_judge_blind(task)) {
        sv_batch_forget(run);
        if (sv_batch_read(run, error) != SV_OK) {
            return error->status;
        }
        sv_batch_classify(run);
        if (sv_batch_hide(run, error) != SV_OK) {
            return error->status;
        }
    }
    if (sv_batch_wrote(run) && sv_batch_write(run, error) == SV_ERR_ALREADY_EXISTS) {
        task->look = true;
    }
    return error->status;
}

static int
sv_compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The floor sessions the batch names, each once. */
static void
sv_batch_list_sessions(sv_batch_task_t *task)
{
    sv_batch_run_t *run = task->run;
    sv_text_map_t seen;

    sv_text_map_init(&seen, run->arena, 0);
    task->session_ids = sv_arena_alloc(run->arena, (run->batch->count + 1) * sizeof(*task->session_ids));
    for (size_t i = 0; i < run->batch->count; i++) {
        void **place;

        if (run->batch->records[i].malformed) {
            continue;
        }
        place = sv_text_map_put(&seen, run->batch->records[i].session_id);
        if (*place == NULL) {
            *place = task;
            task->session_ids[task->session_count++] = run->batch->records[i].session_id;
        }
    }
    /* In the order of their ids, as all who raise the `writes` of several. */
    if (task->session_count > 1) {
        qsort(task->session_ids, task->session_count, sizeof(*task->session_ids), sv_compare_ids);
    }
    run->session_count = task->session_count;
    run->sessions = sv_arena_zalloc(run->arena, (task->session_count + 1) * sizeof(*run->sessions));
}

/* Records that only a look at what is stored can judge.  Where a serial number may be stored under another key than it
 * would get now, the unique index does not find it. */
static bool
sv_batch_needs_look(const sv_batch_run_t *run)
{
    bool other_keys = run->of_before || sv_serial_scope_is_item(run->store->settings);
    const sv_sync_batch_t *batch = run->batch;

    for (size_t i = 0; i < batch->count; i++) {
        const sv_record_t *record = &batch->records[i];

        if (!record->malformed &&
            (record->fault.code != NULL || record->partial || record->declared_empty || record->item_code == NULL ||
             record->unknown || record->replaces.count > 0 || sv_old_id_is_possible(run, record) ||
             (other_keys && record->serial_numbers.count > 0))) {
            return true;
        }
    }
    return false;
}

static void
sv_batch_tell(const sv_batch_run_t *run, sv_sync_result_t *result)
{
    memset(result, 0, sizeof(*result));
    result->batch_id = run->batch->batch_id;
    result->verdicts = run->verdicts;
    result->count = run->batch->count;
    result->sessions = run->sessions;
    result->session_count = run->session_count;
    for (size_t i = 0; i < result->count; i++) {
        switch (result->verdicts[i].kind) {
        case SV_VERDICT_OK:
            result->ok++;
            break;
        case SV_VERDICT_CONFLICT:
            result->conflicts++;
            break;
        case SV_VERDICT_ERROR:
            result->errors++;
            break;
        }
    }
}

sv_status_t
sv_sync_batch(sv_store_t *store, const sv_principal_t *who, const sv_sync_batch_t *batch, sv_sync_result_t *result,
              sv_error_t *error)
{
    int64_t started_ms = sv_clock_monotonic_ms();
    sv_batch_run_t run = { .store = store, .who = who, .batch = batch, .arena = error->arena };
    sv_batch_task_t task = { .run = &run };
    bool faults = false;

    if (sv_items_check(
            store,
            sv_store_pool_keep(store->pool, SV_POOL_KEEPS_ITEM_CACHE, sv_item_cache_create, sv_item_cache_destroy),
            batch->records, batch->count, &faults, error) != SV_OK ||
        sv_serials_begin(&run, error) != SV_OK) {
        return error->status;
    }
    run.verdicts = sv_arena_zalloc(error->arena, (batch->count + 1) * sizeof(*run.verdicts));
    sv_batch_list_sessions(&task);
    task.look = sv_batch_needs_look(&run);
    if (task.session_count == 0) {
        sv_batch_run_init(&run);
        sv_batch_classify(&run); /* nothing but malformed records */
    } else if (sv_transaction_run_past_duplicates(store, sv_batch_body, &task, error) != SV_OK) {
        return error->status;
    }
    sv_batch_tell(&run, result);
    if (result->conflicts > 0 && !batch->keeps_nothing) {
        sv_conflicts_keep(store, who, result->verdicts, result->count, error->arena);
        sv_batch_tell(&run, result);
    }
    result->processing_time_ms = sv_clock_monotonic_ms() - started_ms;
    return SV_OK;
}

static void
sv_write_conflict(sv_json_writer_t *w, const sv_verdict_t *verdict)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "client_record_id", verdict->record->told_id);
    sv_json_text(w, "conflict_id", verdict->conflict_id);
    sv_json_text(w, "type", sv_conflict_type_name(verdict->type));
    if (verdict->resolution != NULL) {
        sv_json_bool(w, "resolved", true);
        sv_json_text(w, "resolution", verdict->resolution);
    }
    sv_json_text(w, "message", verdict->hides_place ? SV_MESSAGE_SERIAL_ELSEWHERE : verdict->message);
    if (verdict->shown_record != NULL) {
        sv_record_write_member(w, "server_record", verdict->shown_record);
    }
    if (verdict->holder != NULL && !verdict->hides_place) {
        sv_holder_write_json(w, "holder", verdict->holder);
    }
    sv_json_end(w);
}

static void
sv_write_error(sv_json_writer_t *w, const sv_verdict_t *verdict)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "client_record_id", verdict->record->told_id);
    sv_json_int(w, "index", (int64_t) verdict->record->index);
    sv_json_text(w, "field", verdict->fault.field);
    sv_json_text(w, "code", verdict->fault.code);
    sv_json_text(w, "message", verdict->fault.message);
    if (verdict->retry) {
        sv_json_bool(w, "retry", true);
    }
    sv_json_end(w);
}

static bool
sv_verdict_is_of_unknown(const sv_verdict_t *verdict)
{
    return verdict->kind == SV_VERDICT_OK && verdict->record->unknown;
}

/* Told only where there are any: records that are stored, of codes that nobody knows. */
static void
sv_write_unknown(sv_json_writer_t *w, const sv_sync_result_t *result)
{
    size_t count = 0;

    for (size_t i = 0; i < result->count; i++) {
        count += sv_verdict_is_of_unknown(&result->verdicts[i]);
    }
    if (count == 0) {
        return;
    }
    sv_json_array(w, "unknown");
    for (size_t i = 0; i < result->count; i++) {
        if (sv_verdict_is_of_unknown(&result->verdicts[i])) {
            sv_json_text(w, NULL, result->verdicts[i].record->told_id);
        }
    }
    sv_json_end(w);
}

void
sv_sync_result_write_json(sv_json_writer_t *w, const sv_sync_result_t *result)
{
    sv_json_object(w, NULL);
    sv_json_array(w, "ok");
    for (size_t i = 0; i < result->count; i++) {
        if (result->verdicts[i].kind == SV_VERDICT_OK) {
            sv_json_text(w, NULL, result->verdicts[i].record->told_id);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "conflicts");
    for (size_t i = 0; i < result->count; i++) {
        if (result->verdicts[i].kind == SV_VERDICT_CONFLICT) {
            sv_write_conflict(w, &result->verdicts[i]);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "errors");
    for (size_t i = 0; i < result->count; i++) {
        if (result->verdicts[i].kind == SV_VERDICT_ERROR) {
            sv_write_error(w, &result->verdicts[i]);
        }
    }
    sv_json_end(w);
    sv_write_unknown(w, result);
    sv_json_text(w, "batch_id", result->batch_id);
    sv_json_int(w, "processing_time_ms", result->processing_time_ms);
    sv_json_int(w, "total_records", (int64_t) result->count);
    sv_json_end(w);
}
