#ifndef SV_JOB_WORLD_H
#define SV_JOB_WORLD_H

#include "core/jobs/dispatch.h"
#include "core/jobs/job.h"
#include "core/jobs/job_duties.h"
#include "core/jobs/runner.h"
#include "t/unit/real_mongodb.h"
#include "t/unit/real_redis.h"

/* What tests of jobs stand on: a database, a Redis and a spool of their own, short claims and delays. */
typedef struct {
    sv_real_mongodb_t real;
    sv_redis_client_t *redis;
    char spool[64];
    sv_principal_t who; /* a supervisor */
} sv_job_world_t;

enum { SV_WORLD_CLAIM_MS = 600 };

/* False, having said so, when a server is not named. */
bool sv_job_world_open(sv_job_world_t *world);
void sv_job_world_close(sv_job_world_t *world);
/* No jobs, no schedules, an empty Redis, fresh errors. */
void sv_job_world_clear(sv_job_world_t *world);

/* Ends the test when a call that must succeed did not. */
void sv_job_world_check(sv_job_world_t *world, sv_status_t status, const char *what);
#define SV_MUST(world, call) sv_job_world_check(world, call, #call)

/* Requests a job (`key` may be NULL) and dispatches it. */
const char *sv_job_world_request(sv_job_world_t *world, const char *type, const char *key);
sv_job_claim_t *sv_job_world_start(sv_job_world_t *world, const char *job_id, const char *worker);
const bson_t *sv_job_world_job(sv_job_world_t *world, const char *job_id);
const char *sv_job_world_text(sv_job_world_t *world, const char *job_id, const char *path);
int64_t sv_job_world_int(sv_job_world_t *world, const char *job_id, const char *path);
/* Lets the claim of a running job lapse and sweeps it. */
void sv_job_world_lapse(sv_job_world_t *world, const char *job_id);
/* Waits until the job is in this state. */
void sv_job_world_await(sv_job_world_t *world, const char *job_id, const char *status);

/* A runner on a thread of its own. */
typedef struct {
    sv_runner_t *runner;
    pthread_t thread;
} sv_job_worker_t;

void
sv_job_worker_start(sv_job_world_t *world, sv_job_worker_t *worker, const sv_job_handler_row_t *handlers, size_t count);
/* Lets the time limit of the job that it runs, or is about to run, pass. */
void sv_job_worker_pass_limit(sv_job_worker_t *worker);
void sv_job_worker_stop(sv_job_worker_t *worker, int64_t grace_ms);

#endif
