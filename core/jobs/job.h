#ifndef SV_JOB_H
#define SV_JOB_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/store.h"

/* Jobs in MongoDB: docs/jobs.md is the protocol, this is its durable half.  Every function runs on any thread that owns
 * `store`; what they return lives in the arena they are given. */

/* In the order they are taken from.  `mail` and `short` are for kinds that others must not keep waiting for hours: each
 * has a slot of its own beside those for all (core/jobs/dispatch.h, sv_lane_t). */
typedef enum {
    SV_QUEUE_HIGH,
    SV_QUEUE_MAIL,
    SV_QUEUE_SHORT,
    SV_QUEUE_DEFAULT,
    SV_QUEUE_LOW,
    SV_QUEUE_COUNT
} sv_queue_t;

const char *sv_queue_name(sv_queue_t queue); /* "high" */
/* SV_QUEUE_DEFAULT for a name that is none, so that a job of another release is dispatched all the same. */
sv_queue_t sv_queue_parse(const char *name);

/* One row of kinds.def: what a kind of job may cost. */
typedef struct {
    const char *type; /* "snapshot.create" */
    sv_queue_t queue;
    int64_t time_limit_s; /* the renewing thread gives up the job after this */
    int max_failures;     /* failed attempts before it is failed for good */
    int64_t result_ttl_s; /* how long the file is kept */
    sv_role_t role;       /* lowest that may request and download */
} sv_job_kind_t;

extern const sv_job_kind_t sv_job_kinds[];
extern const size_t sv_job_kind_count;
const sv_job_kind_t *sv_job_kind(const char *type); /* NULL: there is none */

enum { SV_JOB_MAX_CRASHES = 3 };

/* What is asked.  `unique_key` NULL: never merged with another. */
typedef struct {
    const char *type;
    const bson_t *params; /* NULL: none */
    const char *unique_key;
    bool take_made;          /* a job of this key that succeeded, and whose file is still kept, will do */
    const char *schedule_id; /* NULL unless of a schedule */
    int64_t slot_ms;         /* the schedule's slot; 0: run by hand, no slot is taken */
    /* What it will make, where that is decided now; else NULL.  Without an id it is the job's, and goes to the end of
     * the URL. */
    const char *resource_type, *resource_id, *resource_url;
} sv_job_request_t;

/* A claim on a running job: what every later write is guarded by. */
typedef struct {
    const char *job_id;
    const char *worker;
    int64_t attempt;
    const char *type;
    const sv_job_kind_t *kind; /* NULL: of another release */
    const bson_t *params;
    const char *requested_by;
    sv_role_t role;
    const char *warehouse;
    const char *schedule_id; /* NULL: of no schedule */
    int64_t slot_ms;         /* 0: of no slot */
    int64_t failed_attempts;
} sv_job_claim_t;

typedef struct {
    const char *file;      /* path below the spool; NULL: no file */
    const char *file_name; /* for Content-Disposition */
    const char *content_type;
    const char *etag;
    int64_t size;
    const char *resource_type, *resource_id, *resource_url; /* NULL: none */
} sv_job_result_t;

/* Inserts the job, or finds the pending one of the same type and unique key, or one that made it (*created false).
 * Dispatch it when created (core/jobs/dispatch.h).  SV_ERR_ALREADY_EXISTS for a schedule's slot that is taken. */
sv_status_t sv_job_request(sv_store_t *store, const sv_principal_t *who, const sv_job_request_t *request,
                           sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

/* queued -> running for this worker; *claim NULL when the guard missed.  `job` (may be NULL) gets the document. */
sv_status_t sv_job_start(sv_store_t *store, const char *job_id, const char *worker, sv_arena_t *arena,
                         sv_job_claim_t **claim, const bson_t **job, sv_error_t *error);

/* All of these set *held to false when the attempt is no longer ours: stop, and remove what was made. */
sv_status_t sv_job_renew(sv_store_t *store, const sv_job_claim_t *claim, bool *held, bool *cancel, sv_error_t *error);
/* Reads what sv_job_renew would answer and changes nothing. */
sv_status_t sv_job_look(sv_store_t *store, const sv_job_claim_t *claim, bool *held, bool *cancel, sv_error_t *error);
sv_status_t sv_job_progress(sv_store_t *store, const sv_job_claim_t *claim, const char *stage, int64_t done,
                            int64_t total, bool *held, sv_error_t *error);
/* Inside the transaction that publishes what the attempt made: a changing write under the same guard, so that of two
 * attempts one alone can commit.  Not *held: to be aborted, and what was made removed. */
sv_status_t sv_job_hold(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error);
/* `result` may be NULL.  Told *held also when an earlier call of the same attempt succeeded and its answer was lost. */
sv_status_t sv_job_succeed(sv_store_t *store, const sv_job_claim_t *claim, const sv_job_result_t *result, bool *held,
                           sv_error_t *error);
/* A failed attempt: queued again with backoff and jitter, or failed for good when it may not be retried or
 * has been max_failures times. */
sv_status_t sv_job_fail(sv_store_t *store, const sv_job_claim_t *claim, const sv_error_t *reason, bool retry,
                        bool *held, sv_error_t *error);
/* Whether sv_job_fail() would queue it again. */
bool sv_job_will_retry(const sv_job_claim_t *claim, bool retry);
/* A failed attempt whose handler took longer than its kind's time limit. */
sv_status_t sv_job_fail_time_limit(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error);
sv_status_t sv_job_end_cancelled(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error);
/* A stopping worker, or one without a handler for it, hands the job back: queued, no attempt counted; to be started
 * `delay_ms` later. */
sv_status_t
sv_job_hand_back(sv_store_t *store, const sv_job_claim_t *claim, int64_t delay_ms, bool *held, sv_error_t *error);

/* Who may see a job: who asked for it, and supervisors whose role its kind allows.  `who` NULL: somebody who showed
 * otherwise that they may (a signed link).  SV_ERR_NOT_FOUND, SV_ERR_FORBIDDEN. */
sv_status_t sv_job_load(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena,
                        const bson_t **job, sv_error_t *error);
/* A queued job ends at once (*ended: by this call, for the caller to tell), a running one as soon as its worker sees
 * it; repeating is harmless.  SV_ERR_CONFLICT_STATE when it has succeeded or failed.  `job` is as it stands then. */
sv_status_t sv_job_cancel(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena,
                          const bson_t **job, bool *ended, sv_error_t *error);
/* A failed job again, from zero failures (dead letters, by hand), for who may see it and has the role of its kind, and in
 * their name from now on (an operator without an account leaves it whose it was); to be dispatched and told by the
 * caller.  SV_ERR_NOT_FOUND; SV_ERR_FORBIDDEN; SV_ERR_CONFLICT_STATE when it is not failed or the same is pending
 * already. */
sv_status_t sv_job_requeue(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena,
                           const bson_t **job, sv_error_t *error);

/* The API's view of a job. */
void sv_job_write_json(sv_json_writer_t *w, const char *name, const bson_t *job);
/* The message on jobs:updates:{job_id}: {"type", "id", "at", "status", ...}. */
const char *
sv_job_event(const char *job_id, const char *status, const char *stage, int64_t done, int64_t total, sv_arena_t *arena);

#endif
