#include "core/jobs/schedule.h"

#include "core/base/codec.h"
#include "core/store/document.h"

/* The first slot from now on, for a schedule that is asked for. */
static sv_status_t
sv_schedule_check(sv_store_t *store, const sv_principal_t *who, const sv_schedule_t *wanted, int64_t *next_ms,
                  sv_error_t *error)
{
    const sv_job_kind_t *kind = sv_job_kind(wanted->type);
    sv_time_zone_t *zone = sv_time_zone_open(wanted->time_zone);
    int64_t now_ms = 0;
    sv_cron_t cron;

    if (kind == NULL) {
        sv_fail_field(error, "type", "unknown", "There is no such kind of job");
    } else if (who->role < kind->role) {
        sv_fail(error, SV_ERR_FORBIDDEN, NULL);
    }
    if (zone == NULL) {
        sv_fail_field(error, "time_zone", "unknown", "%s is no time zone known here", wanted->time_zone);
    }
    if (sv_cron_parse(wanted->cron, &cron, error) == SV_OK && error->status == SV_OK &&
        sv_store_now(store, &now_ms, error) == SV_OK) {
        *next_ms = sv_cron_next(&cron, zone, now_ms);
        if (*next_ms == 0) {
            sv_fail_field(error, "cron", "never", "There is no such time in the next eight years");
        }
    }
    sv_time_zone_free(zone);
    return error->status;
}

static void
sv_schedule_put(bson_t *set, const sv_principal_t *who, const sv_schedule_t *wanted, int64_t next_ms)
{
    bson_t none = BSON_INITIALIZER;

    BSON_APPEND_UTF8(set, "name", wanted->name);
    BSON_APPEND_UTF8(set, "cron", wanted->cron);
    BSON_APPEND_UTF8(set, "time_zone", wanted->time_zone);
    BSON_APPEND_UTF8(set, "type", wanted->type);
    BSON_APPEND_DOCUMENT(set, "params", wanted->params != NULL ? wanted->params : &none);
    BSON_APPEND_BOOL(set, "enabled", wanted->enabled);
    BSON_APPEND_UTF8(set, "requested_by", who->user_id);
    BSON_APPEND_DATE_TIME(set, "next_at", next_ms);
    BSON_APPEND_NULL(set, "disabled_reason");
    BSON_APPEND_BOOL(set, "untold", false);
    BSON_APPEND_NULL(set, "waiting_for");
    if (wanted->more != NULL) {
        bson_concat(set, wanted->more);
    }
    bson_destroy(&none);
}

/* Writes the schedule; `dates` are the members that take the server's time. */
static sv_status_t
sv_schedule_write(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, const sv_schedule_t *wanted,
                  bool insert, sv_arena_t *arena, const bson_t **schedule, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), arena);
    bson_t *update = sv_doc_new(arena);
    bson_t part;
    int64_t next_ms = 0;
    sv_status_t status = sv_schedule_check(store, who, wanted, &next_ms, error);

    *schedule = NULL;
    if (status != SV_OK) {
        return status;
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &part);
    sv_schedule_put(&part, who, wanted, next_ms);
    bson_append_document_end(update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &part);
    BSON_APPEND_BOOL(&part, "updated_at", true);
    if (insert) {
        BSON_APPEND_BOOL(&part, "created_at", true);
    }
    bson_append_document_end(update, &part);
    status = sv_store_find_and_update(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, true, insert, arena,
                                      schedule, error);
    if (status == SV_OK && *schedule == NULL) {
        status = sv_fail(error, SV_ERR_NOT_FOUND, "There is no schedule %s", schedule_id);
    }
    return status;
}

sv_status_t
sv_schedule_create(sv_store_t *store, const sv_principal_t *who, const sv_schedule_t *wanted, sv_arena_t *arena,
                   const bson_t **schedule, sv_error_t *error)
{
    char schedule_id[SV_UUID_SIZE];

    sv_uuid_v4(schedule_id);
    return sv_schedule_write(store, who, schedule_id, wanted, true, arena, schedule, error);
}

sv_status_t
sv_schedule_change(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, const sv_schedule_t *wanted,
                   sv_arena_t *arena, const bson_t **schedule, sv_error_t *error)
{
    return sv_schedule_write(store, who, schedule_id, wanted, false, arena, schedule, error);
}

sv_status_t
sv_schedule_delete(sv_store_t *store, const char *schedule_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), error->arena);
    int64_t deleted = 0;
    sv_status_t status = sv_store_delete_many(store, SV_COLLECTION_REPORT_SCHEDULES, filter, &deleted, error);

    return status == SV_OK && deleted == 0 ? sv_fail(error, SV_ERR_NOT_FOUND, "There is no schedule %s", schedule_id)
                                           : status;
}

const bson_t *
sv_schedule_job_params(const bson_t *schedule, sv_arena_t *arena)
{
    const bson_t *kept = sv_doc_child(schedule, "params", arena);
    const char *zone = sv_doc_text(schedule, "time_zone", arena);
    bson_t *params;

    if (kept == NULL || zone == NULL || sv_doc_has(kept, "tz")) {
        return kept;
    }
    params = sv_doc_copy(kept, arena);
    BSON_APPEND_UTF8(params, "tz", zone);
    return params;
}

sv_status_t
sv_schedule_run(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, sv_arena_t *arena,
                const bson_t **job, bool *created, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), arena);
    const bson_t *schedule = NULL;
    sv_job_request_t request = { .schedule_id = schedule_id, .unique_key = schedule_id };
    const sv_job_kind_t *kind;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, arena, &schedule, error);

    *job = NULL;
    *created = false;
    if (status != SV_OK) {
        return status;
    }
    request.type = sv_doc_text(schedule, "type", arena);
    kind = sv_job_kind(request.type);
    if (schedule == NULL || kind == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no schedule %s", schedule_id);
    }
    if (who->role < kind->role) {
        return sv_fail(error, SV_ERR_FORBIDDEN, NULL);
    }
    request.params = sv_schedule_job_params(schedule, arena);
    return sv_job_request(store, who, &request, arena, job, created, error);
}
