#ifndef SV_LONG_READ_H
#define SV_LONG_READ_H

#include "core/jobs/job.h"

/* A read of a job whose first row MongoDB may group or sort for long: it has a client of its own, which waits as long
 * as the job may take.  What `read` returns, or SV_ERR_UNAVAILABLE when there is no client. */
typedef sv_status_t (*sv_long_read_t)(sv_store_t *store, void *context, sv_error_t *error);

sv_status_t sv_long_read(const sv_settings_t *settings, const sv_job_claim_t *claim, sv_long_read_t read, void *context,
                         sv_error_t *error);

#endif
