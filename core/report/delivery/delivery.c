#include "core/report/delivery/delivery.h"

#include <string.h>

#include "core/store/document.h"

sv_status_t
sv_deliveries_pending(sv_store_t *store, const char *mail_job_id, sv_arena_t *arena, const sv_delivery_t **deliveries,
                      size_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("mail_job_id", BCON_UTF8(mail_job_id), "status", "pending"), arena);
    sv_delivery_t *list = NULL;
    size_t room = 0;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_DELIVERIES, filter, NULL, &cursor, error);

    *count = 0;
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        if (*count == room) {
            sv_delivery_t *grown = sv_arena_alloc(arena, (room * 2 + 8) * sizeof(*grown));

            if (room > 0) {
                memcpy(grown, list, room * sizeof(*grown));
            }
            list = grown;
            room = room * 2 + 8;
        }
        list[*count].delivery_id = sv_doc_text(row, "delivery_id", arena);
        list[*count].recipient = sv_doc_text(row, "recipient", arena);
        list[*count].resent = sv_doc_int(row, "resent");
        (*count)++;
    }
    *deliveries = list;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_deliveries_reopen(sv_store_t *store, const char *mail_job_id, int64_t requeued_ms, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("mail_job_id", BCON_UTF8(mail_job_id), "status", "failed", "ended_at", "{",
                                          "$lt", BCON_DATE_TIME(requeued_ms), "}"),
                                 error->arena);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "status", "pending", "error", BCON_NULL, "ended_at", BCON_NULL, "}"), error->arena);

    return sv_store_update_many(store, SV_COLLECTION_REPORT_DELIVERIES, filter, update, NULL, error);
}

sv_status_t
sv_delivery_note(sv_store_t *store, const char *delivery_id, sv_delivery_outcome_t outcome, const char *how,
                 const char *code, const char *message, sv_error_t *error)
{
    static const char *const statuses[] = { "sent", "failed", "pending" };
    bson_t *filter = sv_doc_take(BCON_NEW("delivery_id", BCON_UTF8(delivery_id), "status", "pending"), error->arena);
    bson_t *update = sv_doc_new(error->arena);
    bson_t set, reason, dates;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", statuses[outcome]);
    sv_doc_put_text(&set, "how", how);
    if (code != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(&set, "error", &reason);
        BSON_APPEND_UTF8(&reason, "code", code);
        BSON_APPEND_UTF8(&reason, "message", message);
        bson_append_document_end(&set, &reason);
    } else {
        BSON_APPEND_NULL(&set, "error");
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "attempts", BCON_INT64(1), "}");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &dates);
    BSON_APPEND_BOOL(&dates, "tried_at", true);
    if (outcome != SV_DELIVERY_LATER) {
        BSON_APPEND_BOOL(&dates, "ended_at", true);
    }
    bson_append_document_end(update, &dates);
    return sv_store_update_one(store, SV_COLLECTION_REPORT_DELIVERIES, filter, update, NULL, error);
}

static void
sv_delivery_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    static const char *const texts[] = { "delivery_id", "job_id", "recipient", "status", "how" };
    static const char *const times[] = { "created_at", "tried_at", "ended_at" };
    sv_arena_t *arena = context;
    const bson_t *reason = sv_doc_child(row, "error", arena);

    sv_json_object(w, NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(row, texts[i], arena));
    }
    sv_json_int(w, "attempts", sv_doc_int(row, "attempts"));
    sv_json_int(w, "resent", sv_doc_int(row, "resent"));
    if (reason != NULL) {
        sv_doc_write_json(w, "error", reason);
    } else {
        sv_json_null(w, "error");
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        sv_json_time(w, times[i], sv_doc_time(row, times[i]));
    }
    sv_json_end(w);
}

sv_status_t
sv_deliveries_list(sv_store_t *store, const char *schedule_id, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena,
                   sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), arena);

    page->list = "deliveries";
    page->sort_field = "created_at";
    page->unique_field = "delivery_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_REPORT_DELIVERIES, filter, NULL, page, sv_delivery_write_row, arena, w,
                       arena, error);
}
