/* A batch as anyone may send it: parsed and checked without a database, and whatever is good goes through its stored
 * and kept forms unharmed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/sync/batch.h"
#include "core/sync/record_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A good record reads the same when it comes back from a conflict, and can be shown. */
static void
check_forms(const sv_record_t *record, sv_arena_t *arena)
{
    bson_t *sent = sv_doc_new(arena), *stored = sv_doc_new(arena);
    sv_json_writer_t writer;
    sv_record_t again;
    sv_buffer_t text;

    sv_record_append_sent(sent, record);
    if (!sv_record_from_sent(sent, arena, &again) || strcmp(again.content_hash, record->content_hash) != 0 ||
        again.order != record->order) {
        abort();
    }
    sv_record_append(stored, record);
    if (!bson_validate(stored, BSON_VALIDATE_UTF8, NULL)) {
        abort();
    }
    sv_buffer_init(&text, arena, 256);
    sv_json_writer_init(&writer, &text);
    sv_record_write_json(&writer, stored);
    if (text.length < 2 || text.data[text.length - 1] != '}') {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_sync_batch_t batch;
    sv_settings_t settings;
    sv_error_t error;
    const json_t *body;

    sv_settings_defaults(&settings);
    sv_error_init(&error, arena);
    body = sv_json_parse_object_loosely((const char *) data, size, SV_BATCH_RECORDS, arena, &error);
    if (body != NULL && sv_sync_parse(body, &settings, &batch, &error) == SV_OK) {
        if (batch.count > (size_t) settings.sync_batch_size || batch.batch_id == NULL) {
            abort();
        }
        for (size_t i = 0; i < batch.count; i++) {
            const sv_record_t *record = &batch.records[i];

            if (record->malformed) {
                if (record->fault.code == NULL || record->fault.field == NULL || record->fault.message == NULL) {
                    abort();
                }
            } else {
                check_forms(record, arena);
            }
        }
    }
    sv_arena_destroy(arena);
    return 0;
}
