#include "core/sync/serial_key.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text_gate.h"
#include "core/store/document.h"
#include "core/store/index_retire.h"
#include "core/sync/serial_fold.h"

static void *
sv_serials_flag_create(void)
{
    return calloc(1, sizeof(atomic_bool));
}

bool
sv_serial_scope_is_item(const sv_settings_t *settings)
{
    return strcmp(settings->serial_scope, "item") == 0;
}

/* Once they are migrated they stay so: then nobody asks again. */
sv_status_t
sv_serials_begin(sv_batch_run_t *run, sv_error_t *error)
{
    atomic_bool *migrated = sv_store_pool_keep(run->store->pool, SV_POOL_KEEPS_SERIALS, sv_serials_flag_create, free);

    run->of_before = false;
    if (migrated == NULL || !atomic_load(migrated)) {
        if (sv_index_is_there(run->store, SV_COLLECTION_ITEM_SERIALS, "serial", &run->of_before, error) != SV_OK ||
            (!run->of_before && sv_index_is_there(run->store, SV_COLLECTION_SERIAL_HISTORY, "serial_n", &run->of_before,
                                                  error) != SV_OK)) {
            return error->status;
        }
        if (migrated != NULL && !run->of_before) {
            atomic_store(migrated, true);
        }
    }
    return SV_OK;
}

const char *
sv_serials_scope(const sv_batch_run_t *run, const char *item_key)
{
    return sv_serial_scope_is_item(run->store->settings) && !run->of_before ? item_key : "";
}

sv_serial_t *
sv_batch_serial(sv_batch_run_t *run, const char *item_key, const char *serial_number)
{
    const char *item_scope = sv_serials_scope(run, item_key), *serial_key = sv_serial_fold(serial_number, run->arena);
    void **place = sv_text_map_put(&run->serial_of, sv_key_serial(run, item_scope, serial_key));
    sv_serial_t *serial = *place;

    if (serial == NULL) {
        serial = sv_arena_zalloc(run->arena, sizeof(*serial));
        serial->serial_number = serial_number;
        serial->serial_key = serial_key;
        serial->item_scope = item_scope;
        *place = serial;
        run->serials =
            sv_arena_grow(run->arena, run->serials, run->serial_count, &run->serial_room, sizeof(*run->serials));
        run->serials[run->serial_count++] = serial;
    }
    return serial;
}

static void
sv_serials_filter_keys(const sv_batch_run_t *run, bson_t *filter)
{
    sv_query_texts_t keys;

    sv_query_texts_init(&keys, run->arena);
    for (size_t i = 0; i < run->serial_count; i++) {
        sv_query_texts_add(&keys, run->serials[i]->serial_key);
    }
    sv_query_in(filter, "serial_key", &keys);
}

static void
sv_serials_filter_numbers(const sv_batch_run_t *run, bson_t *filter)
{
    sv_query_texts_t numbers;

    sv_query_texts_init(&numbers, run->arena);
    for (size_t i = 0; i < run->serial_count; i++) {
        sv_query_texts_add(&numbers, run->serials[i]->serial_number);
    }
    sv_query_in(filter, "serial_number", &numbers);
}

void
sv_serials_filter(const sv_batch_run_t *run, bson_t *filter)
{
    bson_t either, one;

    if (!run->of_before) {
        sv_serials_filter_keys(run, filter);
        return;
    }
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &either);
    BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &one);
    sv_serials_filter_keys(run, &one);
    bson_append_document_end(&either, &one);
    BSON_APPEND_DOCUMENT_BEGIN(&either, "1", &one);
    sv_serials_filter_numbers(run, &one);
    bson_append_document_end(&either, &one);
    bson_append_array_end(filter, &either);
}

/* The scope a stored one has under the setting as it is now.  One that was stored under another setting belongs to the
 * item of the record that holds it. */
static const char *
sv_serials_scope_stored(const sv_batch_run_t *run, const bson_t *document)
{
    const char *scope = sv_doc_text(document, "item_scope", run->arena);
    const char *record = sv_doc_text(document, "current.client_record_id", run->arena);
    const sv_slot_t *slot =
        record != NULL ? sv_text_map_get(&run->slot_of, sv_text_fold_uuid(record, run->arena)) : NULL;

    if (scope == NULL || scope[0] == '\0') {
        scope = slot != NULL && slot->stored != NULL ? slot->before.item_key
                                                     : sv_doc_text(document, "item_code", run->arena);
    }
    return sv_serials_scope(run, scope != NULL ? scope : "");
}

/* Of two that are the same: the one with a key, then the one that is somewhere. */
static int
sv_serials_rank(const bson_t *document)
{
    return document == NULL ? -1 : 2 * sv_doc_has(document, "serial_key") + sv_doc_has(document, "current");
}

void
sv_serials_read(const bson_t *document, void *context)
{
    sv_batch_run_t *run = context;
    const char *number = sv_doc_text(document, "serial_number", run->arena);
    sv_serial_t *serial = sv_text_map_get(&run->serial_of, sv_key_serial(run, sv_serials_scope_stored(run, document),
                                                                         sv_serial_fold(number, run->arena)));

    /* Of another item, or of before and spelt otherwise: not asked for. */
    if (serial == NULL || sv_serials_rank(document) <= sv_serials_rank(serial->stored)) {
        return;
    }
    serial->stored = document;
    serial->before_id = sv_doc_text(document, "current.client_record_id", run->arena);
    if (serial->before_id != NULL) {
        serial->before_id = sv_text_fold_uuid(serial->before_id, run->arena);
    }
    serial->before_count = sv_doc_text(document, "current.count_id", run->arena);
    serial->holder_id = serial->before_id;
}
