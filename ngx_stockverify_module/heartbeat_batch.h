#ifndef SV_HEARTBEAT_BATCH_H
#define SV_HEARTBEAT_BATCH_H

#include "ngx_stockverify_module/process.h"

/*
 * Heartbeats whose requests arrive in one turn of the event loop go to Redis as one run of the script: what a run
 * costs beside its heartbeats is paid once.  None waits for another: the batch is sent when the turn's events were
 * handled.  sv_http_heartbeat() (request.h) is the way in.
 */
typedef struct sv_heartbeat_batches_s  sv_heartbeat_batches_t;

/* NULL when out of memory. */
sv_heartbeat_batches_t *sv_heartbeat_batches_create(sv_process_t *process);
void                    sv_heartbeat_batches_destroy(sv_heartbeat_batches_t *batches);

#endif
