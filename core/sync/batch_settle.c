#include <string.h>

#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/row_texts.h"
#include "core/sync/batch_state.h"

/* A first sending has nothing to settle: most batches ask nothing here. */
static bool
sv_slot_may_settle(const sv_slot_t *slot)
{
    const sv_record_t *record = slot->record;

    return record != NULL &&
           (slot->stored != NULL || record->replaces.count > 0 ||
            (sv_record_has(record, SV_RECORD_HAS_revision) ? record->revision > 1
                                                           : record->updated_at > record->created_at));
}

/* The ids of the records that may settle something; *open: an owner of one has an open conflict, about whatever. */
static sv_status_t
sv_settle_list(sv_batch_run_t *run, sv_query_texts_t *ids, bool *open, sv_error_t *error)
{
    bson_t *only_id = sv_doc_take(BCON_NEW("_id", BCON_INT32(1)), run->arena);
    const char *asked = NULL;

    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];
        const bson_t *any = NULL;

        if (!sv_slot_may_settle(slot)) {
            continue;
        }
        sv_query_texts_add(ids, slot->client_record_id);
        if (!*open && (asked == NULL || strcmp(asked, slot->now.user_id) != 0)) {
            bson_t *filter =
                sv_doc_take(BCON_NEW("user_id", BCON_UTF8(slot->now.user_id), "status", "open"), run->arena);

            asked = slot->now.user_id;
            if (sv_store_find_one(run->store, SV_COLLECTION_SYNC_CONFLICTS, filter, only_id, run->arena, &any, error) !=
                SV_OK) {
                return error->status;
            }
            *open = any != NULL;
        }
    }
    return SV_OK;
}

/* Which of the records anything was ever in conflict about.  Whoever has no open conflict has nothing to settle: hardly
 * anybody has one, and an update for each of a hundred records costs more than all else of a batch. */
static sv_status_t
sv_settle_read(sv_batch_run_t *run, sv_row_texts_t *disputed, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena), *options = sv_doc_new(run->arena);
    bool open = false;
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, run->arena);
    if (sv_settle_list(run, &ids, &open, error) != SV_OK || !open) {
        return error->status;
    }
    sv_query_in(filter, "client_record_id", &ids);
    BCON_APPEND(options, "projection", "{", "client_record_id", BCON_INT32(1), "}");
    return sv_store_each(run->store, SV_COLLECTION_SYNC_CONFLICTS, filter, options, sv_row_texts_take, disputed, error);
}

static sv_status_t
sv_settle_slot(const sv_batch_run_t *run, sv_bulk_t *bulk, const sv_slot_t *slot, sv_error_t *error)
{
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;
    sv_status_t status;

    BSON_APPEND_UTF8(&filter, "client_record_id", slot->client_record_id);
    BSON_APPEND_UTF8(&filter, "user_id", slot->now.user_id);
    BSON_APPEND_UTF8(&filter, "status", "open");
    sv_query_compare(&filter, "revision", "$lte", slot->record->order);
    if (run->by_decision) {
        /* the one that is being resolved has an end of its own */
        BCON_APPEND(&filter, "conflict_id", "{", "$ne", BCON_UTF8(run->batch->batch_id), "}");
    }
    BCON_APPEND(&update, "$set", "{", "status", "resolved", "resolution", "newer_revision", "resolved_by",
                BCON_UTF8(run->who->user_id), "}", "$currentDate", "{", "resolved_at", BCON_BOOL(true), "updated_at",
                BCON_BOOL(true), "}");
    status = sv_bulk_update_many(bulk, &filter, &update, error);
    bson_destroy(&filter);
    bson_destroy(&update);
    return status;
}

sv_status_t
sv_batch_settle_conflicts(sv_batch_run_t *run, sv_error_t *error)
{
    sv_row_texts_t disputed = { .field = "client_record_id", .arena = run->arena };
    sv_text_map_t seen;
    sv_bulk_result_t result;
    sv_bulk_t bulk;
    sv_status_t status = sv_settle_read(run, &disputed, error);

    if (status != SV_OK || disputed.count == 0) {
        return status;
    }
    sv_text_map_init(&seen, run->arena, disputed.count);
    for (size_t i = 0; i < disputed.count; i++) {
        *sv_text_map_put(&seen, disputed.texts[i]) = run;
    }
    sv_bulk_begin(&bulk, run->store, SV_COLLECTION_SYNC_CONFLICTS, run->arena);
    for (size_t i = 0; status == SV_OK && i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        if (sv_slot_may_settle(slot) && sv_text_map_get(&seen, slot->client_record_id) != NULL) {
            status = sv_settle_slot(run, &bulk, slot, error);
        }
    }
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, run->arena, &result, error);
}
