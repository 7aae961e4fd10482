#ifndef SV_RUNNER_OPTIONS_H
#define SV_RUNNER_OPTIONS_H

#include "core/jobs/dispatch.h"
#include "core/jobs/handler.h"

typedef struct {
    const sv_settings_t *settings;
    sv_store_pool_t *pool; /* two clients of it are kept; a handler may take one more while it runs */
    const sv_job_handler_row_t *handlers;
    size_t handler_count;
    sv_lane_t lane; /* which jobs it takes */
    /* A handler did not return in WORKER_GRACE after it lost its job: the process should end.  On the renewing thread;
     * NULL: nobody is told. */
    void (*hung)(void *context, const char *job_id);
    void *context;
} sv_runner_options_t;

#endif
