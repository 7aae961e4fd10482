#include <string.h>

#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"
#include "core/sync/links.h"

static bool
sv_is_new(const sv_slot_t *slot)
{
    return slot->record != NULL && slot->stored == NULL;
}

/* Whether it gave way to another figure. */
static bool
sv_gave_way(const sv_slot_t *slot)
{
    return sv_slot_is_marked(slot) && slot->before.stand.standing == SV_STANDING_COUNTS &&
           slot->now.stand.standing != SV_STANDING_COUNTS;
}

/* What a floor session's share of the batch was. */
static sv_status_t
sv_write_audit(sv_batch_run_t *run, const sv_fenced_t *session, sv_error_t *error)
{
    bson_t *details = sv_doc_new(run->arena);
    sv_audit_t entry = { .action = "sync.batch",
                         .session_id = session->session_id,
                         .rack_id = session->facts.rack_id,
                         .count_id = session->facts.count_id,
                         .warehouse = session->facts.warehouse,
                         .details = details };
    int64_t inserted = 0, edited = 0, gave_way = 0;

    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        inserted += sv_is_new(slot) && slot->session == session;
        edited += sv_slot_is_edit(slot) && slot->session == session;
        gave_way += sv_gave_way(slot) && strcmp(slot->now.rack_id, session->facts.rack_id) == 0;
    }
    sv_doc_put_text(details, "batch_id", run->batch->batch_id);
    BSON_APPEND_INT64(details, "inserted", inserted);
    BSON_APPEND_INT64(details, "edited", edited);
    BSON_APPEND_INT64(details, "gave_way", gave_way);
    return sv_audit_write(run->store, run->who, &entry, error);
}

static sv_status_t
sv_write_audits(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; !run->by_decision && i < run->session_count; i++) {
        if (run->sessions[i].wrote && sv_write_audit(run, &run->sessions[i], error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

typedef struct {
    sv_query_texts_t items;
    sv_text_map_t seen;
} sv_touched_t;

/* Unknown items have no totals until they are linked to a known one. */
static void
sv_touch(sv_touched_t *touched, const char *item_key)
{
    void **place = sv_text_map_put(&touched->seen, item_key);

    if (*place == NULL && item_key[0] != '\x01') {
        *place = touched;
        sv_query_texts_add(&touched->items, item_key);
    }
}

/* The items of one count whose totals are to be derived again. */
static sv_status_t
sv_write_touched_of(sv_batch_run_t *run, const sv_fenced_t *session, sv_error_t *error)
{
    bson_t *document = sv_doc_new(run->arena);
    sv_touched_t touched;

    sv_query_texts_init(&touched.items, run->arena);
    sv_text_map_init(&touched.seen, run->arena, run->slot_count);
    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        if ((slot->record == NULL && !sv_slot_is_marked(slot)) ||
            strcmp(slot->now.count_id, session->facts.count_id) != 0) {
            continue;
        }
        sv_touch(&touched, slot->now.item_key);
        if (slot->stored != NULL) {
            sv_touch(&touched, slot->before.item_key);
        }
    }
    if (touched.items.count == 0) {
        return SV_OK;
    }
    sv_doc_put_text(document, "count_id", session->facts.count_id);
    sv_doc_put_text(document, "warehouse", session->facts.warehouse);
    BSON_APPEND_ARRAY(document, "item_codes", touched.items.array);
    sv_doc_put_time(document, "at", session->now_ms);
    return sv_store_insert(run->store, SV_COLLECTION_TOUCHED_ITEMS, document, error);
}

static bool
sv_is_first_of_count(const sv_batch_run_t *run, size_t i)
{
    for (size_t j = 0; run->sessions[i].wrote && j < i; j++) {
        if (run->sessions[j].wrote && strcmp(run->sessions[j].facts.count_id, run->sessions[i].facts.count_id) == 0) {
            return false;
        }
    }
    return run->sessions[i].wrote;
}

static sv_status_t
sv_write_touched(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (sv_is_first_of_count(run, i) && sv_write_touched_of(run, &run->sessions[i], error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static sv_status_t
sv_finish_sessions(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (sv_fence_finish(run->store, &run->sessions[i], error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_batch_write_trail(sv_batch_run_t *run, sv_error_t *error)
{
    static sv_status_t (*const steps[])(sv_batch_run_t *, sv_error_t *) = {
        sv_links_note, sv_batch_settle_conflicts, sv_write_audits, sv_write_touched, sv_finish_sessions,
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i](run, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
