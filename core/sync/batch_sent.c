#include "core/sync/batch_sent.h"

#include "core/base/codec.h"
#include "core/base/json_reader.h"
#include "core/base/mistaken_names.h"
#include "core/sync/record_read.h"
#include "core/sync/rules.h"

enum { SV_BATCH_ID_MAX = 128 };

/* Each serial number is a write of its own: a mebibyte of them would outlast the transaction, and the failure would
 * count against the circuit that all share. */
static sv_status_t
sv_batch_bound_serials(const sv_sync_batch_t *batch, sv_error_t *error)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->records[i].malformed) {
            count += batch->records[i].serial_numbers.count;
        }
    }
    if (count > SV_BATCH_MAX_SERIALS) {
        return sv_fail(error, SV_ERR_BATCH_TOO_LARGE,
                       "The batch has %zu serial numbers; at most %d are taken. Send it in parts", count,
                       SV_BATCH_MAX_SERIALS);
    }
    return SV_OK;
}

/* What a phone says about itself is of use where it can be read, and else no reason to refuse its records: its clock or
 * its counter would be wrong in every batch that it sends. */
static void
sv_batch_read_hints(const json_t *body, sv_sync_batch_t *batch, sv_arena_t *arena)
{
    sv_error_t unusable;
    sv_json_fields_t fields = { body, "", &unusable };

    sv_error_init(&unusable, arena);
    batch->has_sent_at = sv_json_get_time(&fields, "sent_at", SV_OPTIONAL, &batch->sent_at_ms);
    batch->has_left = sv_json_get_int(&fields, "left", SV_OPTIONAL, 0, INT32_MAX, &batch->left);
}

sv_status_t
sv_sync_parse(const json_t *body, const sv_settings_t *settings, sv_sync_batch_t *batch, sv_error_t *error)
{
    sv_json_fields_t fields = { body, "", error };
    const json_t *records = NULL;
    sv_record_reader_t reader;

    *batch = (sv_sync_batch_t){ 0 };
    if (!sv_json_get_identifier(&fields, "batch_id", SV_OPTIONAL, SV_BATCH_ID_MAX, &batch->batch_id)) {
        char made[SV_UUID_SIZE];

        sv_uuid_v4(made);
        batch->batch_id = sv_arena_strdup(error->arena, made);
    }
    sv_batch_read_hints(body, batch, error->arena);
    sv_mistaken_names_refuse(SV_NAMES_OF_BATCH, &fields);
    if (!sv_json_get_array(&fields, SV_BATCH_RECORDS, SV_REQUIRED, SIZE_MAX, &records)) {
        return error->status;
    }
    batch->count = json_array_size(records);
    if (batch->count > (size_t) settings->sync_batch_size) {
        return sv_fail(error, SV_ERR_BATCH_TOO_LARGE, "The batch has %zu records; at most %lld are taken", batch->count,
                       (long long) settings->sync_batch_size);
    }
    batch->records = sv_arena_alloc(error->arena, (batch->count + 1) * sizeof(*batch->records));
    sv_record_reader_init(&reader, error->arena);
    for (size_t i = 0; i < batch->count; i++) {
        sv_record_read(&reader, json_array_get(records, i), i, &batch->records[i]);
        if (!batch->records[i].malformed) {
            sv_rules_check_quantities(&batch->records[i], settings, error->arena);
        }
    }
    return error->status == SV_OK ? sv_batch_bound_serials(batch, error) : error->status;
}
