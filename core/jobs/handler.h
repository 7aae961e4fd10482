#ifndef SV_JOB_HANDLER_H
#define SV_JOB_HANDLER_H

#include "core/jobs/job.h"
#include "core/redis/client.h"

typedef struct sv_runner_s sv_runner_t;

/* What a handler works with.  It runs on the runner's thread, which owns store, redis and arena while it does. */
typedef struct {
    const sv_job_claim_t *claim; /* claim->params is what was asked */
    sv_store_t *store;
    sv_redis_client_t *redis;
    const sv_settings_t *settings;
    sv_arena_t *arena;       /* of this attempt; a handler with much to do takes arenas of its own for its steps */
    const char *spool_dir;   /* shared with nginx and other hosts: for results alone */
    const char *scratch_dir; /* local: for all that is needed on the way */
    sv_job_result_t result;  /* the handler's to fill in; texts live as long as `arena` */
    sv_runner_t *runner;
} sv_job_run_t;

/*
 * SV_OK: the job has succeeded with run->result.  SV_ERR_UNAVAILABLE and SV_ERR_INTERNAL are tried again, any other
 * error fails the job for good and is shown to who asked for it.  A handler may be run again at any time, also beside
 * an attempt that believes to be alive: it writes under its job's id and attempt, and what it writes counts by its
 * job's success.
 */
typedef sv_status_t (*sv_job_handler_t)(sv_job_run_t *run, sv_error_t *error);

typedef struct {
    const char *type; /* a row of kinds.def */
    sv_job_handler_t handler;
} sv_job_handler_row_t;

#endif
