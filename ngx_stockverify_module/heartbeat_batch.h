#ifndef SV_HEARTBEAT_BATCH_H
#define SV_HEARTBEAT_BATCH_H

#include "ngx_stockverify_module/process.h"

/*
 * Heartbeats of a process share its turns of the event loop: the commands of all that arrive in one leave in one write,
 * behind one TIME, and those that were answered in one are noted in Redis with one ZADD.  None waits for another, and an
 * error in one is that one's alone.  sv_http_heartbeat() (request.h) is the way in.
 */
typedef struct sv_heartbeat_batches_s  sv_heartbeat_batches_t;

/* NULL when out of memory. */
sv_heartbeat_batches_t *sv_heartbeat_batches_create(sv_process_t *process);
void                    sv_heartbeat_batches_destroy(sv_heartbeat_batches_t *batches);

#endif
