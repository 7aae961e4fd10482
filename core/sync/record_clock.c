#include "core/sync/record_clock.h"

#include <string.h>

#include "core/store/document.h"

#define SV_MINUTE_MS INT64_C(60000)
#define SV_DAY_MS    (24 * 60 * SV_MINUTE_MS)

static const int64_t sv_order_ahead_ms = 5 * SV_MINUTE_MS;
static const int64_t sv_clock_ahead_ms = 10 * SV_MINUTE_MS;
static const int64_t sv_clock_behind_ms = 30 * SV_DAY_MS;

bool
sv_order_is_suspect(const sv_record_t *record, int64_t receipt_ms)
{
    return !sv_record_has(record, SV_RECORD_HAS_revision) && record->updated_at > receipt_ms + sv_order_ahead_ms;
}

bool
sv_stored_order_is_suspect(const bson_t *stored)
{
    if (sv_doc_bool(stored, "order_suspect")) {
        return true;
    }
    /* Stored by the version before, which noted nothing. */
    return sv_doc_int(stored, "order") == sv_doc_time(stored, "updated_at") &&
           sv_doc_time(stored, "updated_at") > sv_doc_time(stored, "changed_at") + sv_order_ahead_ms;
}

bool
sv_edit_is_newer(const sv_record_t *record, int64_t receipt_ms, int64_t order, bool order_is_suspect)
{
    bool suspect = sv_order_is_suspect(record, receipt_ms);

    if (suspect != order_is_suspect) {
        return order_is_suspect;
    }
    return record->order > order;
}

static bool
sv_clock_is_suspect(int64_t time_ms, int64_t receipt_ms)
{
    return time_ms > receipt_ms + sv_clock_ahead_ms || time_ms < receipt_ms - sv_clock_behind_ms;
}

/* Whether the record says other quantities than the version before it, or is of another item. */
static bool
sv_quantities_changed(const sv_record_t *record, const bson_t *stored)
{
    const char *name = record->item_code != NULL ? "item_code" : "unknown_item_id";
    const char *item = record->item_code != NULL ? record->item_code : record->unknown_item_id;
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, stored, name) || !BSON_ITER_HOLDS_UTF8(&iter) ||
        strcmp(bson_iter_utf8(&iter, NULL), item) != 0) {
        return true;
    }
    if (!bson_iter_init_find(&iter, stored, "status") || !BSON_ITER_HOLDS_UTF8(&iter) ||
        (strcmp(bson_iter_utf8(&iter, NULL), "void") == 0) != sv_record_is_void(record)) {
        return true;
    }
    return sv_doc_quantity(stored, "verified_qty") != record->verified_qty ||
           sv_doc_quantity(stored, "damage_qty") != record->damage_qty ||
           sv_doc_quantity(stored, "non_returnable_damaged_qty") != record->non_returnable_damaged_qty;
}

static int64_t
sv_counted_at(const sv_record_t *record, const sv_record_receipt_t *receipt)
{
    int64_t counted_ms = record->updated_at;

    if (receipt->stored != NULL && sv_doc_has(receipt->stored, "counted_at") &&
        !sv_quantities_changed(record, receipt->stored)) {
        return sv_doc_time(receipt->stored, "counted_at");
    }
    if (receipt->has_sent_at) {
        counted_ms += receipt->receipt_ms - receipt->sent_at_ms;
    }
    if (counted_ms < receipt->started_ms) {
        counted_ms = receipt->started_ms;
    }
    return counted_ms > receipt->receipt_ms ? receipt->receipt_ms : counted_ms;
}

void
sv_record_append_clock(bson_t *document, const sv_record_t *record, const sv_record_receipt_t *receipt)
{
    int64_t first_ms = receipt->stored == NULL ? receipt->receipt_ms : sv_doc_time(receipt->stored, "received_at");

    /* An edit may come long after the record was made: what is old then is compared with the first receipt. */
    if (sv_clock_is_suspect(record->updated_at, receipt->receipt_ms) ||
        sv_clock_is_suspect(record->created_at, first_ms)) {
        BSON_APPEND_BOOL(document, "clock_suspect", true);
    }
    if (sv_order_is_suspect(record, receipt->receipt_ms)) {
        BSON_APPEND_BOOL(document, "order_suspect", true);
    }
    BSON_APPEND_DATE_TIME(document, "counted_at", sv_counted_at(record, receipt));
}
