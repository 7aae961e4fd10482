#include "core/adjust/adjustment_export.h"

#include "core/adjust/adjustment.h"
#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

typedef struct {
    const sv_principal_t *who;
    const sv_adjustment_t *adjustment;
    const char *format;
} sv_export_note_t;

/* Remembered, since a file may be loaded by anybody who has it. */
static sv_status_t
sv_export_note_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_export_note_t *note = context;
    const sv_adjustment_t *adjustment = note->adjustment;
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$currentDate", "{", "exported_at", BCON_BOOL(true), "}"), error->arena);
    const sv_audit_t entry = { .action = "adjustment.export",
                               .count_id = adjustment->count_id,
                               .warehouse = adjustment->warehouse,
                               .details = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id),
                                                               "format", BCON_UTF8(note->format)),
                                                      error->arena) };

    return sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error) == SV_OK
               ? sv_audit_write(store, note->who, &entry, error)
               : error->status;
}

sv_status_t
sv_adjustment_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                             sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    sv_export_source_t source = { .job_type = "adjustment.export", .id_name = "adjustment_id" };
    sv_adjustment_t adjustment;
    sv_export_note_t note = { who, &adjustment, wanted->format->name };

    if (sv_adjustment_find(store, wanted->source_id, arena, &adjustment, error) != SV_OK) {
        return error->status;
    }
    if (adjustment.reversed_by != NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It was reversed by %s", adjustment.reversed_by);
    }
    source.rows = adjustment.line_count;
    return sv_transaction_run(store, sv_export_note_body, &note, error) == SV_OK
               ? sv_export_request_job(store, who, wanted, &source, arena, job, created, error)
               : error->status;
}
