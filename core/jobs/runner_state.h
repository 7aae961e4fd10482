#ifndef SV_RUNNER_STATE_H
#define SV_RUNNER_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/jobs/runner_options.h"

/* What the runner's two threads share; for core/jobs/runner*.c only. */

enum { SV_RUN_CANCELLED = 1, SV_RUN_LOST = 2, SV_RUN_STOPPED = 4, SV_RUN_TIMED_OUT = 8 };

struct sv_runner_s {
    sv_runner_options_t options;
    char worker[128];
    sv_store_t *store; /* of the thread that runs jobs */
    sv_redis_client_t *redis;
    sv_store_t *renew_store; /* of the renewing thread */
    sv_redis_client_t *renew_redis;
    pthread_t renewer;
    bool has_renewer;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic */
    bool ending;            /* the renewing thread is to end */
    bool stopping;
    int64_t stop_soft_ms, stop_hard_ms; /* monotonic */
    /* the job that runs; serial 0: none */
    uint64_t serial, last_serial;
    const sv_job_claim_t *claim;
    const sv_dispatch_entry_t *entry;
    int64_t started_ms, renewed_ms, lost_ms; /* monotonic; lost_ms 0: held */
    bool told_hung;
    atomic_uint flags; /* SV_RUN_...; set under the lock, read by handlers without */

    bool took_aged; /* the last job had waited for long: the next is taken by the queues' order */
    /* of the running job, on its thread */
    const char *stage;
    int64_t progress_ms;
};

void *sv_runner_renew(void *runner); /* the renewing thread */

#endif
