#include "core/jobs/job_duties.h"

#include <string.h>

#include "core/base/log.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/job_guard.h"
#include "core/jobs/job_tell.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* Job ids of one queue on their way to one dispatch. */
enum { SV_JOBS_CHUNK = 100 };

typedef struct {
    sv_redis_client_t *redis;
    sv_arena_t *arena;
    const char *job_ids[SV_QUEUE_COUNT][SV_JOBS_CHUNK];
    size_t counts[SV_QUEUE_COUNT];
    sv_dispatch_mode_t mode;
    int64_t added;
} sv_jobs_batch_t;

static sv_status_t
sv_jobs_batch_flush(sv_jobs_batch_t *batch, sv_queue_t queue, sv_error_t *error)
{
    int64_t added = 0;
    sv_status_t status =
        sv_dispatch(batch->redis, queue, batch->job_ids[queue], batch->counts[queue], batch->mode, &added, error);

    batch->added += added;
    batch->counts[queue] = 0;
    return status;
}

static sv_status_t
sv_jobs_batch_add(sv_jobs_batch_t *batch, const bson_t *job, sv_error_t *error)
{
    const char *job_id = sv_doc_text(job, "job_id", batch->arena);
    sv_queue_t queue = sv_queue_parse(sv_doc_text(job, "queue", batch->arena));

    if (job_id == NULL) {
        return SV_OK;
    }
    batch->job_ids[queue][batch->counts[queue]++] = job_id;
    return batch->counts[queue] == SV_JOBS_CHUNK ? sv_jobs_batch_flush(batch, queue, error) : SV_OK;
}

static sv_status_t
sv_jobs_batch_end(sv_jobs_batch_t *batch, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    for (int queue = 0; status == SV_OK && queue < SV_QUEUE_COUNT; queue++) {
        status = sv_jobs_batch_flush(batch, (sv_queue_t) queue, error);
    }
    return status;
}

/* Running, and its claim is past; with job_id and attempt, that one. */
static bson_t *
sv_jobs_lapsed(const char *job_id, int64_t attempt, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    if (job_id != NULL) {
        BCON_APPEND(filter, "job_id", BCON_UTF8(job_id), "attempt", BCON_INT64(attempt));
    }
    BSON_APPEND_UTF8(filter, "status", "running");
    sv_filter_past(filter, "$claimed_at", "$claim_ms", 0);
    return filter;
}

/* What becomes of a job whose claim lapsed: its status, and the update. */
static const char *
sv_jobs_lapse(const bson_t *job, const bson_t **update, sv_arena_t *arena)
{
    int64_t crashed = sv_doc_int(job, "crashed") + 1;
    bson_t *crash = sv_doc_take(BCON_NEW("crashed", BCON_INT64(crashed)), arena);
    const char *status = "queued";

    if (sv_doc_bool(job, "cancel_requested")) {
        status = "cancelled";
        *update = sv_job_end_update(status, NULL, arena);
    } else if (crashed >= SV_JOB_MAX_CRASHES) {
        status = "failed";
        BCON_APPEND(crash, "error", "{", "code", "attempts_exhausted", "message",
                    "The workers that ran the job died or hung each time", "}");
        *update = sv_job_end_update(status, crash, arena);
    } else {
        BCON_APPEND(crash, "status", BCON_UTF8(status), "delay_ms", BCON_INT64(0));
        *update = sv_doc_take(
            BCON_NEW("$set", BCON_DOCUMENT(crash), "$currentDate", "{", "queued_at", BCON_BOOL(true), "}"), arena);
    }
    return status;
}

/* A worker that died or was stopped while it published keeps the job from everybody until the server's time limit, a
 * minute.  One that goes on after all finds its claim gone. */
static void
sv_jobs_end_session(sv_store_t *store, const bson_t *job, sv_arena_t *arena)
{
    const bson_t *session = sv_doc_child(job, "session", arena);
    sv_error_t error;

    sv_error_init(&error, arena);
    if (session != NULL && sv_store_kill_session(store, session, &error) != SV_OK) {
        sv_log(SV_LOG_INFO, "the session of worker %s was not ended: %s", sv_doc_text(job, "worker", arena),
               error.cause != NULL ? error.cause : sv_status_code(error.status));
    }
}

static sv_status_t
sv_jobs_sweep_one(sv_store_t *store, const bson_t *job, sv_jobs_batch_t *batch, int64_t *swept, sv_error_t *error)
{
    const char *job_id = sv_doc_text(job, "job_id", batch->arena), *now;
    const bson_t *update;
    bson_t *filter = sv_jobs_lapsed(job_id, sv_doc_int(job, "attempt"), batch->arena);
    int64_t matched = 0;
    sv_status_t status;

    now = sv_jobs_lapse(job, &update, batch->arena);
    sv_jobs_end_session(store, job, batch->arena);
    status = sv_store_update_one(store, SV_COLLECTION_JOBS, filter, update, &matched, error);
    if (status != SV_OK || matched == 0) {
        return status;
    }
    (*swept)++;
    if (batch->redis != NULL) {
        sv_job_news_t news = sv_job_news(job, batch->arena);

        news.status = now;
        sv_job_tell(batch->redis, &news, batch->arena);
    }
    return strcmp(now, "queued") == 0 ? sv_jobs_batch_add(batch, job, error) : SV_OK;
}

sv_status_t
sv_jobs_sweep(sv_store_t *store, sv_redis_client_t *redis, int64_t *swept, sv_error_t *error)
{
    sv_jobs_batch_t batch = { .redis = redis, .arena = sv_arena_create(), .mode = SV_DISPATCH_REPLACE };
    mongoc_cursor_t *cursor;
    const bson_t *job;
    sv_status_t status =
        sv_store_find(store, SV_COLLECTION_JOBS, sv_jobs_lapsed(NULL, 0, batch.arena), NULL, &cursor, error);

    *swept = 0;
    if (status == SV_OK) {
        while (status == SV_OK && mongoc_cursor_next(cursor, &job)) {
            status = sv_jobs_sweep_one(store, job, &batch, swept, error);
        }
        if (status == SV_OK) {
            status = sv_store_cursor_end(store, cursor, error);
        }
        mongoc_cursor_destroy(cursor);
    }
    if (status == SV_OK) {
        status = sv_jobs_batch_end(&batch, error);
    }
    sv_arena_destroy(batch.arena);
    return status;
}

static bson_t *
sv_jobs_dispatch_fields(sv_arena_t *arena)
{
    return sv_doc_take(
        BCON_NEW("projection", "{", "_id", BCON_INT32(0), "job_id", BCON_INT32(1), "queue", BCON_INT32(1), "}"), arena);
}

/* The jobs of a chunk of entries that are running under a live claim. */
static sv_status_t
sv_jobs_find_live(sv_store_t *store, const sv_dispatch_entry_t *entries, size_t count, bool *live, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    const char **job_ids = sv_arena_alloc(arena, (count + 1) * sizeof(job_ids[0]));
    mongoc_cursor_t *cursor;
    const bson_t *job;
    sv_status_t status;

    for (size_t i = 0; i < count; i++) {
        job_ids[i] = entries[i].job_id;
    }
    sv_filter_in(filter, "job_id", job_ids, count);
    BSON_APPEND_UTF8(filter, "status", "running");
    sv_filter_to_come(filter, "$claimed_at", "$claim_ms", 0);
    memset(live, 0, count * sizeof(*live));
    status = sv_store_find(store, SV_COLLECTION_JOBS, filter, sv_jobs_dispatch_fields(arena), &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &job)) {
        const char *job_id = sv_doc_text(job, "job_id", arena);

        for (size_t i = 0; i < count; i++) {
            live[i] = live[i] || strcmp(entries[i].job_id, job_id) == 0;
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* One chunk: entries of jobs that nobody runs go; the repair puts those that are still queued back. */
static sv_status_t
sv_jobs_recover_chunk(sv_store_t *store, sv_redis_client_t *redis, sv_queue_t queue, const char *worker,
                      const char **cursor, int64_t *recovered, sv_arena_t *arena, sv_error_t *error)
{
    sv_dispatch_entry_t entries[SV_JOBS_CHUNK];
    bool live[SV_JOBS_CHUNK];
    size_t count = 0, dead = 0;
    sv_status_t status = sv_dispatch_recover(redis, queue, worker, 2 * store->settings->job_claim, SV_JOBS_CHUNK,
                                             cursor, arena, entries, &count, error);

    if (status != SV_OK || count == 0) {
        return status;
    }
    status = sv_jobs_find_live(store, entries, count, live, arena, error);
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        if (!live[i]) {
            entries[dead++] = entries[i];
        }
    }
    if (status == SV_OK) {
        status = sv_dispatch_drop(redis, queue, entries, dead, error);
    }
    *recovered += status == SV_OK ? (int64_t) dead : 0;
    return status;
}

sv_status_t
sv_jobs_recover(sv_store_t *store, sv_redis_client_t *redis, const char *worker, int64_t *recovered, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    *recovered = 0;
    for (int queue = 0; status == SV_OK && queue < SV_QUEUE_COUNT; queue++) {
        sv_arena_t *arena = sv_arena_create();
        const char *cursor = "0-0";

        do {
            status = sv_jobs_recover_chunk(store, redis, (sv_queue_t) queue, worker, &cursor, recovered, arena, error);
        } while (status == SV_OK && strcmp(cursor, "0-0") != 0);
        sv_arena_destroy(arena);
    }
    /* The walk may be far past them. */
    return status == SV_OK && *recovered > 0 ? sv_jobs_repair_anew(store, redis, error) : status;
}
