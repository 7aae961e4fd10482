#include "core/sync/old_ids.h"

#include <ctype.h>
#include <string.h>

#include "core/base/text_gate.h"
#include "core/store/bulk.h"
#include "core/store/document.h"

/* What names a record in a record. */
static const char *const sv_own_ids[] = { "client_record_id", "replaced_by", "decided_for", NULL };

static const char *
sv_old_id_in_capitals(const char *id, sv_arena_t *arena)
{
    char *capitals = sv_arena_strdup(arena, id);

    for (char *at = capitals; *at != '\0'; at++) {
        *at = (char) toupper((unsigned char) *at);
    }
    return capitals;
}

bool
sv_old_id_is_possible(const sv_batch_run_t *run, const sv_record_t *record)
{
    const char *capitals;

    if (!run->of_before) {
        return false;
    }
    capitals = sv_old_id_in_capitals(record->client_record_id, run->arena);
    return strcmp(capitals, record->client_record_id) != 0 &&
           strcmp(sv_text_fold_uuid(capitals, run->arena), record->client_record_id) == 0;
}

void
sv_old_ids_ask(const sv_batch_run_t *run, const sv_record_t *record, sv_query_texts_t *ids)
{
    sv_query_texts_add(ids, record->client_record_id);
    if (!sv_old_id_is_possible(run, record)) {
        return;
    }
    sv_query_texts_add(ids, sv_old_id_in_capitals(record->client_record_id, run->arena));
    if (record->told_id != NULL) {
        sv_query_texts_add(ids, record->told_id);
    }
}

static bool
sv_is_own_id(const char *name)
{
    for (size_t i = 0; sv_own_ids[i] != NULL; i++) {
        if (strcmp(sv_own_ids[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const bson_t *
sv_old_ids_read(const sv_batch_run_t *run, const bson_t *record)
{
    bson_t *now;
    bson_iter_t iter;
    bool differs = false;

    if (!run->of_before) {
        return record;
    }
    now = sv_doc_new(run->arena);
    for (bson_iter_init(&iter, record); bson_iter_next(&iter);) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && sv_is_own_id(bson_iter_key(&iter))) {
            const char *id = bson_iter_utf8(&iter, NULL), *folded = sv_text_fold_uuid(id, run->arena);

            BSON_APPEND_UTF8(now, bson_iter_key(&iter), folded);
            differs |= strcmp(id, folded) != 0;
        } else {
            bson_append_iter(now, bson_iter_key(&iter), -1, &iter);
        }
    }
    return differs ? now : record;
}

static sv_status_t
sv_old_id_rename(sv_batch_run_t *run, sv_bulk_t *bulk, const bson_t *record, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena), *update = sv_doc_new(run->arena), set;
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, record, "_id")) {
        bson_append_iter(filter, "_id", -1, &iter);
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    for (size_t i = 0; sv_own_ids[i] != NULL; i++) {
        if (bson_iter_init_find(&iter, record, sv_own_ids[i])) {
            bson_append_iter(&set, sv_own_ids[i], -1, &iter);
        }
    }
    bson_append_document_end(update, &set);
    return sv_bulk_update(bulk, filter, update, false, error);
}

sv_status_t
sv_old_ids_rename(sv_batch_run_t *run, sv_error_t *error)
{
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    if (!run->of_before) {
        return SV_OK;
    }
    sv_bulk_begin(&bulk, run->store, SV_COLLECTION_VERIFICATION_RECORDS, run->arena);
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->misspelt && sv_old_id_rename(run, &bulk, run->slots[i]->stored, error) != SV_OK) {
            sv_bulk_discard(&bulk);
            return error->status;
        }
    }
    return sv_bulk_run(&bulk, run->arena, &result, error);
}
