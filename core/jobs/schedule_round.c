#include "core/auth/account.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/schedule.h"
#include "core/store/document.h"

/* A schedule of every minute after a week without workers; beyond, the next round goes on. */
enum { SV_SLOTS_MADE_UP = 20000 };

typedef struct {
    const char *schedule_id;
    const char *type;
    const char *owner;
    const bson_t *params;
    sv_cron_t cron;
    sv_time_zone_t *zone;
    int64_t next_ms; /* as stored */
    int64_t slot_ms; /* to run now */
    const char *problem;
    const char *waiting_for; /* the run that goes on: its job; NULL: none */
} sv_due_t;

static void
sv_due_read(const bson_t *schedule, sv_due_t *due, sv_arena_t *arena)
{
    const char *cron = sv_doc_text(schedule, "cron", arena), *zone = sv_doc_text(schedule, "time_zone", arena);
    sv_error_t reason;

    sv_error_init(&reason, arena);
    due->schedule_id = sv_doc_text(schedule, "schedule_id", arena);
    due->type = sv_doc_text(schedule, "type", arena);
    due->owner = sv_doc_text(schedule, "requested_by", arena);
    due->params = sv_schedule_job_params(schedule, arena);
    due->next_ms = sv_doc_time(schedule, "next_at");
    due->zone = zone != NULL ? sv_time_zone_open(zone) : NULL;
    due->problem = NULL;
    if (due->zone == NULL) {
        due->problem = "The time zone is not known here";
    } else if (cron == NULL || sv_cron_parse(cron, &due->cron, &reason) != SV_OK) {
        due->problem = "The cron expression cannot be read";
    } else if (sv_job_kind(due->type) == NULL) {
        due->problem = "There is no such kind of job";
    }
}

/* The latest slot that has passed. */
static void
sv_due_find_slot(sv_due_t *due, int64_t now_ms)
{
    int64_t next_ms = due->next_ms;

    for (int i = 0; next_ms != 0 && next_ms <= now_ms && i < SV_SLOTS_MADE_UP; i++) {
        due->slot_ms = next_ms;
        next_ms = sv_cron_next(&due->cron, due->zone, next_ms);
    }
}

/* Who the run is made for; a sentence in due->problem when nobody. */
static sv_status_t
sv_due_owner(sv_store_t *store, sv_due_t *due, sv_arena_t *arena, sv_principal_t *who, sv_error_t *error)
{
    sv_account_t account;
    sv_status_t status = sv_account_load(store, due->owner != NULL ? due->owner : "", arena, &account, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        due->problem = "The owner's account is gone";
        return SV_OK;
    }
    if (status == SV_OK) {
        *who = (sv_principal_t){ 0 };
        sv_account_principal(&account, who);
        if (!account.enabled) {
            due->problem = "The owner's account is disabled";
        } else if (account.role < sv_job_kind(due->type)->role) {
            due->problem = "The owner may no longer request this";
        }
    }
    return status;
}

static sv_status_t
sv_due_disable(sv_store_t *store, const sv_due_t *due, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("schedule_id", BCON_UTF8(due->schedule_id), "next_at", BCON_DATE_TIME(due->next_ms)), arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "enabled", BCON_BOOL(false), "disabled_reason",
                                          BCON_UTF8(due->problem), "untold", BCON_BOOL(true), "}"),
                                 arena);

    return sv_store_update_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, NULL, error);
}

/* On to the next slot, unless somebody else did so. */
static sv_status_t
sv_due_advance(sv_store_t *store, const sv_due_t *due, const char *job_id, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("schedule_id", BCON_UTF8(due->schedule_id), "next_at", BCON_DATE_TIME(due->next_ms)), arena);
    bson_t *update = sv_doc_new(arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_doc_put_time(&set, "next_at", sv_cron_next(&due->cron, due->zone, due->slot_ms));
    BSON_APPEND_NULL(&set, "waiting_for");
    BSON_APPEND_DATE_TIME(&set, "last_slot", due->slot_ms);
    if (job_id != NULL) {
        BSON_APPEND_UTF8(&set, "last_job_id", job_id);
    }
    bson_append_document_end(update, &set);
    return sv_store_update_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, NULL, error);
}

/* The slot stays due; what is missed meanwhile is made up for by one run, as soon as the one before has ended. */
static sv_status_t
sv_due_wait(sv_store_t *store, const sv_due_t *due, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(due->schedule_id), "next_at", BCON_DATE_TIME(due->next_ms),
                             "waiting_for", "{", "$ne", BCON_UTF8(due->waiting_for), "}"),
                    arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "waiting_for", BCON_UTF8(due->waiting_for), "}"), arena);

    return sv_store_update_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, update, NULL, error);
}

/* The job's id when this scheduler is the one that requested it, else NULL.  Of a schedule's slots one at a time has a
 * job that has not ended. */
static sv_status_t
sv_due_request(sv_store_t *store, sv_due_t *due, const sv_principal_t *who, sv_arena_t *arena, const char **job_id,
               sv_error_t *error)
{
    sv_job_request_t request = {
        .type = due->type,
        .params = due->params,
        .schedule_id = due->schedule_id,
        .slot_ms = due->slot_ms,
        .unique_key = sv_arena_printf(arena, "%s/slot", due->schedule_id),
    };
    const bson_t *job = NULL;
    bool created = false;
    sv_status_t status = sv_job_request(store, who, &request, arena, &job, &created, error);

    if (status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        status = SV_OK;
    }
    *job_id = created ? sv_doc_text(job, "job_id", arena) : NULL;
    if (status == SV_OK && job != NULL && !created && sv_doc_time(job, "slot") != due->slot_ms) {
        due->waiting_for = sv_doc_text(job, "job_id", arena);
    }
    return status;
}

/* A dispatch that is lost is repaired from MongoDB. */
static void
sv_due_dispatch(sv_redis_client_t *redis, const sv_due_t *due, const char *job_id, sv_arena_t *arena)
{
    sv_error_t ignored;

    sv_error_init(&ignored, arena);
    if (redis != NULL) {
        sv_dispatch(redis, sv_job_kind(due->type)->queue, &job_id, 1, SV_DISPATCH_KEEP, NULL, &ignored);
    }
}

static sv_status_t
sv_due_run(sv_store_t *store, sv_redis_client_t *redis, sv_due_t *due, int64_t now_ms, int64_t *requested,
           sv_arena_t *arena, sv_error_t *error)
{
    const char *job_id = NULL;
    sv_principal_t who;
    sv_status_t status = due->problem == NULL ? sv_due_owner(store, due, arena, &who, error) : SV_OK;

    if (status != SV_OK) {
        return status;
    }
    if (due->problem != NULL) {
        return sv_due_disable(store, due, arena, error);
    }
    sv_due_find_slot(due, now_ms);
    status = sv_due_request(store, due, &who, arena, &job_id, error);
    if (status == SV_OK && due->waiting_for != NULL) {
        return sv_due_wait(store, due, arena, error);
    }
    if (status == SV_OK) {
        status = sv_due_advance(store, due, job_id, arena, error);
    }
    if (status == SV_OK && job_id != NULL) {
        sv_due_dispatch(redis, due, job_id, arena);
        (*requested)++;
    }
    return status;
}

static bson_t *
sv_schedules_filter(const char *operator_, int64_t now_ms, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("enabled", BCON_BOOL(true), "next_at", "{", operator_, BCON_DATE_TIME(now_ms), "}"),
                       arena);
}

sv_status_t
sv_schedules_round(sv_store_t *store, sv_redis_client_t *redis, int64_t now_ms, int64_t *requested, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    mongoc_cursor_t *cursor;
    const bson_t *schedule;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_SCHEDULES,
                                       sv_schedules_filter("$lte", now_ms, arena), NULL, &cursor, error);

    *requested = 0;
    if (status == SV_OK) {
        while (status == SV_OK && mongoc_cursor_next(cursor, &schedule)) {
            sv_due_t due = { 0 };

            sv_due_read(schedule, &due, arena);
            status = sv_due_run(store, redis, &due, now_ms, requested, arena, error);
            sv_time_zone_free(due.zone);
        }
        if (status == SV_OK) {
            status = sv_store_cursor_end(store, cursor, error);
        }
        mongoc_cursor_destroy(cursor);
    }
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_schedules_due(sv_store_t *store, sv_redis_client_t *redis, int64_t *requested, sv_error_t *error)
{
    int64_t now_ms = 0;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    *requested = 0;
    return status == SV_OK ? sv_schedules_round(store, redis, now_ms, requested, error) : status;
}

static sv_status_t
sv_due_mend(sv_store_t *store, const sv_due_t *due, int64_t now_ms, int64_t *mended, sv_arena_t *arena,
            sv_error_t *error)
{
    int64_t next_ms = due->problem == NULL ? sv_cron_next(&due->cron, due->zone, now_ms) : 0;
    int64_t matched = 0;
    sv_status_t status;

    if (next_ms == 0 || next_ms >= due->next_ms) {
        return SV_OK;
    }
    status = sv_store_update_one(
        store, SV_COLLECTION_REPORT_SCHEDULES,
        sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(due->schedule_id), "next_at", BCON_DATE_TIME(due->next_ms)),
                    arena),
        sv_doc_take(BCON_NEW("$set", "{", "next_at", BCON_DATE_TIME(next_ms), "}"), arena), &matched, error);
    *mended += matched;
    return status;
}

sv_status_t
sv_schedules_mend(sv_store_t *store, int64_t now_ms, int64_t *mended, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    mongoc_cursor_t *cursor;
    const bson_t *schedule;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_SCHEDULES, sv_schedules_filter("$gt", now_ms, arena),
                                       NULL, &cursor, error);

    *mended = 0;
    if (status == SV_OK) {
        while (status == SV_OK && mongoc_cursor_next(cursor, &schedule)) {
            sv_due_t due = { 0 };

            sv_due_read(schedule, &due, arena);
            status = sv_due_mend(store, &due, now_ms, mended, arena, error);
            sv_time_zone_free(due.zone);
        }
        if (status == SV_OK) {
            status = sv_store_cursor_end(store, cursor, error);
        }
        mongoc_cursor_destroy(cursor);
    }
    sv_arena_destroy(arena);
    return status;
}
