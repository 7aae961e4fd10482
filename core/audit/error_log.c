#include "core/audit/error_log.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_REPORT_WINDOW_MS = 60000 };

const char *const sv_error_sources[] = { "server", "worker", "console", NULL };

static const bson_t *
sv_error_document(const sv_principal_t *who, const sv_error_entry_t *entry, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);

    BSON_APPEND_DATE_TIME(document, "at", sv_clock_now_ms());
    BSON_APPEND_UTF8(document, "source", sv_error_sources[entry->source]);
    sv_doc_put_text(document, "code", entry->code);
    sv_doc_put_text(document, "message", entry->message);
    sv_doc_put_text(document, "route", entry->route);
    sv_doc_put_text(document, "request_id", who != NULL ? who->request_id : NULL);
    sv_doc_put_text(document, "user_id", who != NULL ? who->user_id : NULL);
    sv_doc_put_text(document, "job_id", entry->job_id);
    sv_doc_put_text(document, "stack", entry->stack);
    sv_doc_put_text(document, "version", entry->version);
    sv_doc_put_text(document, "device", entry->device);
    return document;
}

void
sv_error_log_note(sv_store_t *store, const sv_principal_t *who, const sv_error_entry_t *entry, sv_arena_t *arena)
{
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_store_insert(store, SV_COLLECTION_ERROR_LOGS, sv_error_document(who, entry, arena), &error) != SV_OK) {
        sv_log(SV_LOG_WARNING, "an error could not be noted: %s", error.cause != NULL ? error.cause : "");
    }
}

sv_status_t
sv_error_log_report(sv_store_t *store, const sv_principal_t *who, const sv_error_entry_t *entry, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    int64_t reported;

    BSON_APPEND_UTF8(filter, "source", sv_error_sources[entry->source]);
    BSON_APPEND_UTF8(filter, "user_id", who->user_id);
    sv_filter_span(filter, "at", sv_clock_now_ms() - SV_REPORT_WINDOW_MS, 0);
    if (sv_store_count(store, SV_COLLECTION_ERROR_LOGS, filter, &reported, error) != SV_OK) {
        return error->status;
    }
    if (reported >= SV_CONSOLE_ERRORS_MAX) {
        error->retry_after_s = SV_REPORT_WINDOW_MS / 1000;
        return sv_fail(error, SV_ERR_RATE_LIMITED, NULL);
    }
    return sv_store_insert(store, SV_COLLECTION_ERROR_LOGS, sv_error_document(who, entry, error->arena), error);
}

static void
sv_error_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    static const char *const texts[] = { "source",  "code",   "message", "route",   "request_id",
                                         "user_id", "job_id", "stack",   "version", "device" };

    sv_json_object(w, NULL);
    sv_json_time(w, "at", sv_doc_time(row, "at"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(row, texts[i], context));
    }
    sv_json_end(w);
}

sv_status_t
sv_error_log_write(sv_store_t *store, sv_error_query_t *query, sv_json_writer_t *w, sv_error_t *error)
{
    const struct {
        const char *field, *value;
    } texts[] = { { "source", query->source },
                  { "code", query->code },
                  { "user_id", query->user_id },
                  { "request_id", query->request_id } };
    bson_t *filter = sv_doc_new(error->arena);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].value != NULL) {
            BSON_APPEND_UTF8(filter, texts[i].field, texts[i].value);
        }
    }
    sv_filter_span(filter, "at", query->from_ms, query->to_ms);
    query->page.list = "errors";
    query->page.sort_field = "at";
    query->page.unique_field = "_id";
    query->page.direction = -1;
    return sv_page_run(store, SV_COLLECTION_ERROR_LOGS, filter, NULL, &query->page, sv_error_write_row, error->arena, w,
                       error->arena, error);
}
