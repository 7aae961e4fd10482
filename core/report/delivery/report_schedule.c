#include "core/report/delivery/report_schedule.h"

#include "core/audit/audit.h"
#include "core/report/files/format_options.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* ---- keeping it */

typedef struct {
    const sv_principal_t *who;
    const char *schedule_id;
    const sv_report_schedule_t *wanted; /* NULL: it goes */
    sv_arena_t *arena;
    const bson_t *schedule;
} sv_schedule_change_t;

static sv_status_t
sv_schedule_audit(sv_store_t *store, const sv_schedule_change_t *change, const char *action, sv_error_t *error)
{
    bson_t *details = sv_doc_new(change->arena);
    const bson_t *recipients = sv_doc_child(change->schedule, "recipients", change->arena);
    sv_audit_t entry = { .action = action, .details = details };

    sv_doc_put_text(details, "schedule_id", sv_doc_text(change->schedule, "schedule_id", change->arena));
    sv_doc_put_text(details, "name", sv_doc_text(change->schedule, "name", change->arena));
    if (recipients != NULL) {
        BSON_APPEND_ARRAY(details, "recipients", recipients);
    }
    return sv_audit_write(store, change->who, &entry, error);
}

static bson_t *
sv_schedule_recipients(const sv_report_schedule_t *wanted, sv_arena_t *arena)
{
    bson_t *more = sv_doc_new(arena);

    sv_doc_put_texts(more, "recipients", wanted->recipients, wanted->recipient_count);
    return more;
}

static sv_status_t
sv_schedule_save_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_schedule_change_t *change = context;
    const sv_report_schedule_t *wanted = change->wanted;
    sv_schedule_t schedule = {
        .name = wanted->name,
        .cron = wanted->cron,
        .time_zone = wanted->time_zone,
        .type = wanted->type,
        .params = wanted->params,
        .more = sv_schedule_recipients(wanted, change->arena),
        .enabled = wanted->enabled,
    };
    sv_status_t status;

    if (change->schedule_id == NULL) {
        status = sv_schedule_create(store, change->who, &schedule, change->arena, &change->schedule, error);
    } else {
        status =
            sv_report_schedule_load(store, change->who, change->schedule_id, change->arena, &change->schedule, error);
        if (status == SV_OK) {
            status = sv_schedule_change(store, change->who, change->schedule_id, &schedule, change->arena,
                                        &change->schedule, error);
        }
    }
    if (status == SV_OK) {
        status = sv_schedule_audit(store, change, change->schedule_id == NULL ? "schedule.create" : "schedule.change",
                                   error);
    }
    return status;
}

sv_status_t
sv_report_schedule_save(sv_store_t *store, const sv_principal_t *who, const char *schedule_id,
                        const sv_report_schedule_t *wanted, sv_arena_t *arena, const bson_t **schedule,
                        sv_error_t *error)
{
    sv_schedule_change_t change = { .who = who, .schedule_id = schedule_id, .wanted = wanted, .arena = arena };
    sv_status_t status = sv_transaction_run(store, sv_schedule_save_body, &change, error);

    *schedule = status == SV_OK ? change.schedule : NULL;
    return status;
}

static sv_status_t
sv_schedule_delete_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_schedule_change_t *change = context;
    sv_status_t status =
        sv_report_schedule_load(store, change->who, change->schedule_id, change->arena, &change->schedule, error);

    if (status == SV_OK) {
        status = sv_schedule_delete(store, change->schedule_id, error);
    }
    return status == SV_OK ? sv_schedule_audit(store, change, "schedule.delete", error) : status;
}

sv_status_t
sv_report_schedule_delete(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, sv_error_t *error)
{
    sv_schedule_change_t change = { .who = who, .schedule_id = schedule_id, .arena = error->arena };

    return sv_transaction_run(store, sv_schedule_delete_body, &change, error);
}

/* ---- showing it */

static bool
sv_schedule_may_see(const sv_principal_t *who, const char *type)
{
    const sv_job_kind_t *kind = sv_job_kind(type);

    return who->role >= (kind != NULL ? kind->role : SV_ROLE_SUPERVISOR);
}

sv_status_t
sv_report_schedule_load(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, sv_arena_t *arena,
                        const bson_t **schedule, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), arena);
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, arena, schedule, error);

    if (status == SV_OK && *schedule == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no schedule %s", schedule_id);
    }
    if (status == SV_OK && !sv_schedule_may_see(who, sv_doc_text(*schedule, "type", arena))) {
        return sv_fail(error, SV_ERR_FORBIDDEN, NULL);
    }
    return status;
}

static void
sv_schedule_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_report_schedule_write_json(w, NULL, row);
}

sv_status_t
sv_report_schedules_list(sv_store_t *store, const sv_principal_t *who, sv_page_t *page, sv_json_writer_t *w,
                         sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), type, hidden;
    int count = 0;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "type", &type);
    BSON_APPEND_ARRAY_BEGIN(&type, "$nin", &hidden);
    for (size_t i = 0; i < sv_job_kind_count; i++) {
        if (!sv_schedule_may_see(who, sv_job_kinds[i].type)) {
            const char *key = sv_arena_printf(arena, "%d", count++);

            BSON_APPEND_UTF8(&hidden, key, sv_job_kinds[i].type);
        }
    }
    bson_append_array_end(&type, &hidden);
    bson_append_document_end(filter, &type);
    page->list = "schedules";
    page->sort_field = "created_at";
    page->unique_field = "schedule_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, page, sv_schedule_write_row, NULL, w, arena,
                       error);
}

static void
sv_schedule_write_texts(sv_json_writer_t *w, const char *name, const bson_t *texts)
{
    bson_iter_t iter;

    sv_json_array(w, name);
    if (texts != NULL && bson_iter_init(&iter, texts)) {
        while (bson_iter_next(&iter)) {
            sv_doc_write_value(w, NULL, &iter);
        }
    }
    sv_json_end(w);
}

/* What it makes, as it was asked for: a report's params have its type, a snapshot's none. */
static void
sv_schedule_write_params(sv_json_writer_t *w, const bson_t *params, sv_arena_t *arena)
{
    const char *report = sv_doc_text(params, "type", arena);
    const bson_t *filters = sv_doc_child(params, "filters", arena), *query = sv_doc_child(params, "query", arena);
    int64_t keep = sv_doc_int(params, "keep");

    sv_json_text(w, "type", report != NULL ? report : sv_schedule_snapshot);
    if (filters != NULL) {
        sv_doc_write_json(w, "filters", filters);
    }
    if (report == NULL) {
        sv_json_text(w, "query_id", sv_doc_text(params, "query_id", arena));
        if (query != NULL) {
            sv_doc_write_json(w, "query", query);
        }
        sv_json_text(w, "description", sv_doc_text(params, "description", arena));
        sv_schedule_write_texts(w, "tags", sv_doc_child(params, "tags", arena));
        if (keep > 0) {
            sv_json_int(w, "keep", keep);
        } else {
            sv_json_null(w, "keep");
        }
    }
    sv_format_options_write_json(w, params, arena);
}

void
sv_report_schedule_write_json(sv_json_writer_t *w, const char *name, const bson_t *schedule)
{
    static const char *const texts[] = { "schedule_id", "name", "cron", "time_zone" };
    static const char *const times[] = { "next_at", "last_slot", "created_at", "updated_at", "last_run_at" };
    sv_arena_t *arena = sv_arena_create();
    const bson_t *params = sv_doc_child(schedule, "params", arena);
    const bson_t *last_error = sv_doc_child(schedule, "last_error", arena);
    bool enabled = sv_doc_bool(schedule, "enabled");

    sv_json_object(w, name);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sv_json_text(w, texts[i], sv_doc_text(schedule, texts[i], arena));
    }
    if (params != NULL) {
        sv_schedule_write_params(w, params, arena);
    }
    sv_schedule_write_texts(w, "recipients", sv_doc_child(schedule, "recipients", arena));
    sv_json_bool(w, "enabled", enabled);
    sv_json_text(w, "disabled_reason", sv_doc_text(schedule, "disabled_reason", arena));
    sv_json_text(w, "owner", sv_doc_text(schedule, "requested_by", arena));
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        sv_json_time(w, times[i], i == 0 && !enabled ? 0 : sv_doc_time(schedule, times[i]));
    }
    sv_json_text(w, "last_status", sv_doc_text(schedule, "last_status", arena));
    if (last_error != NULL) {
        sv_doc_write_json(w, "last_error", last_error);
    } else {
        sv_json_null(w, "last_error");
    }
    sv_json_text(w, "last_job_id", sv_doc_text(schedule, "last_job_id", arena));
    sv_json_text(w, "waiting_for", sv_doc_text(schedule, "waiting_for", arena));
    sv_json_end(w);
    sv_arena_destroy(arena);
}
