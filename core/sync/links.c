#include "core/sync/links.h"

#include <string.h>

#include "core/store/document.h"
#include "core/sync/items.h"

void
sv_link_note_id(const char *code, char id[SV_LINK_NOTE_ID_SIZE])
{
    char digest[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(code, strlen(code), digest);
    memcpy(id, SV_LINK_NOTE_PREFIX, sizeof(SV_LINK_NOTE_PREFIX) - 1);
    memcpy(id + sizeof(SV_LINK_NOTE_PREFIX) - 1, digest, 32);
    id[SV_LINK_NOTE_ID_SIZE - 1] = '\0';
}

static bool
sv_links_concern(const sv_record_t *record)
{
    return !record->malformed && (record->unknown || record->item_code == NULL);
}

/* What was found: the item a code or a find is linked to, "" where it is not. */
typedef struct {
    sv_batch_run_t *run;
    sv_text_map_t item_of_find; /* unknown_item_id -> item_code */
} sv_links_found_t;

static void
sv_links_row(const bson_t *row, void *context)
{
    sv_links_found_t *found = context;
    sv_arena_t *arena = found->run->arena;
    const char *id = sv_doc_text(row, "unknown_item_id", arena), *code = sv_doc_text(row, "code", arena);
    const char *status = sv_doc_text(row, "status", arena), *item_code = NULL;
    void **place;

    if (status != NULL && (strcmp(status, "linked") == 0 || strcmp(status, "created") == 0)) {
        item_code = sv_doc_text(row, "item_code", arena);
    }
    if (item_code == NULL) {
        item_code = "";
    }
    *sv_text_map_put(&found->item_of_find, id) = (void *) item_code;
    if (code != NULL) {
        place = sv_text_map_put(&found->run->links, code);
        /* of several finds of one code the one that was decided about speaks for it */
        if (*place == NULL || *(const char *) *place == '\0') {
            *place = (void *) item_code;
        }
    }
}

static sv_status_t
sv_links_ask(sv_batch_run_t *run, const char *field, const sv_query_texts_t *asked, sv_links_found_t *found,
             sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena);

    if (asked->count == 0) {
        return SV_OK;
    }
    sv_query_in(filter, field, asked);
    return sv_query_each(run->store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, sv_links_row, found, error);
}

static sv_status_t
sv_links_read(sv_batch_run_t *run, sv_links_found_t *found, sv_error_t *error)
{
    sv_query_texts_t codes, finds;

    sv_query_texts_init(&codes, run->arena);
    sv_query_texts_init(&finds, run->arena);
    for (size_t i = 0; i < run->batch->count; i++) {
        const sv_record_t *record = &run->batch->records[i];

        if (sv_links_concern(record)) {
            sv_query_texts_add(record->item_code != NULL ? &codes : &finds,
                               record->item_code != NULL ? record->item_code : record->unknown_item_id);
        }
    }
    return sv_links_ask(run, "code", &codes, found, error) == SV_OK
               ? sv_links_ask(run, "unknown_item_id", &finds, found, error)
               : error->status;
}

/* The record is the item's from here on; what it says was sent under keeps its content hash. */
static sv_status_t
sv_links_apply(sv_batch_run_t *run, sv_record_t *record, const char *item_code, sv_error_t *error)
{
    const sv_fenced_t *session = sv_text_map_get(&run->session_of, record->session_id);
    bool faults = false;
    sv_status_t status;

    record->counted_as = record->item_code;
    record->item_code = item_code;
    record->item_key = item_code;
    record->present |= UINT64_C(1) << SV_RECORD_HAS_item_code;
    record->linked = true;
    record->unknown = false;
    status = sv_items_check(
        run->store,
        sv_store_pool_keep(run->store->pool, SV_POOL_KEEPS_ITEM_CACHE, sv_item_cache_create, sv_item_cache_destroy),
        record, 1, &faults, error);
    if (status == SV_OK && session != NULL && session->outcome != SV_FENCE_UNKNOWN) {
        sv_items_settle_lot(record, &session->facts);
    }
    return status;
}

sv_status_t
sv_links_follow(sv_batch_run_t *run, sv_error_t *error)
{
    sv_links_found_t found = { .run = run };

    sv_text_map_init(&run->links, run->arena, 0);
    sv_text_map_init(&found.item_of_find, run->arena, 0);
    if (sv_links_read(run, &found, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < run->batch->count; i++) {
        sv_record_t *record = &run->batch->records[i];
        const char *item_code;

        if (!sv_links_concern(record)) {
            continue;
        }
        item_code = record->item_code != NULL ? sv_text_map_get(&run->links, record->item_code)
                                              : sv_text_map_get(&found.item_of_find, record->unknown_item_id);
        if (item_code != NULL && item_code[0] != '\0' && sv_links_apply(run, record, item_code, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static sv_status_t
sv_links_insert(sv_batch_run_t *run, const sv_slot_t *slot, sv_error_t *error)
{
    const sv_floor_session_t *session = &slot->session->facts;
    const char *code = slot->record->item_code;
    char id[SV_LINK_NOTE_ID_SIZE];
    bson_t *note = sv_doc_new(run->arena), photos;

    sv_link_note_id(code, id);
    BSON_APPEND_UTF8(note, "unknown_item_id", id);
    BSON_APPEND_UTF8(note, "kind", "code");
    BSON_APPEND_UTF8(note, "code", code);
    sv_doc_put_text(note, "name", NULL);
    sv_doc_put_text(note, "remark", NULL);
    BSON_APPEND_ARRAY_BEGIN(note, "photos", &photos);
    bson_append_array_end(note, &photos);
    sv_doc_put_text(note, "user_id", session->user_id);
    sv_doc_put_text(note, "full_name", session->full_name);
    sv_doc_put_text(note, "warehouse", session->warehouse);
    sv_doc_put_text(note, "floor", session->floor);
    sv_doc_put_text(note, "rack_id", session->rack_id);
    sv_doc_put_text(note, "count_id", session->count_id);
    BSON_APPEND_UTF8(note, "session_id", session->session_id);
    BSON_APPEND_UTF8(note, "status", "open");
    sv_doc_put_text(note, "item_code", NULL);
    sv_doc_put_time(note, "created_at", slot->session->now_ms);
    sv_doc_put_time(note, "updated_at", slot->session->now_ms);
    return sv_store_insert(run->store, SV_COLLECTION_UNKNOWN_ITEMS, note, error);
}

sv_status_t
sv_links_note(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];
        void **place;

        if (slot->record == NULL || !slot->record->unknown || slot->record->item_code == NULL) {
            continue;
        }
        place = sv_text_map_put(&run->links, slot->record->item_code);
        if (*place != NULL) {
            continue;
        }
        *place = "";
        if (sv_links_insert(run, slot, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
