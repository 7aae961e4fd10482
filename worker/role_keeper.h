#ifndef SV_WORKER_ROLE_KEEPER_H
#define SV_WORKER_ROLE_KEEPER_H

#include "worker/duty.h"

/*
 * Keeps the roles of a worker's duties on a thread of its own, so that a slow round and one that is long in coming lose
 * none.  The role of a duty that hangs is not kept: another worker takes it up.
 */
typedef struct {
    const sv_worker_t *worker;
    sv_duty_t *duties;
    size_t count;
    sv_stop_t stop; /* its own: it goes after the duties */
    pthread_t thread;
} sv_role_keeper_t;

bool sv_role_keeper_start(sv_role_keeper_t *keeper, const sv_worker_t *worker, sv_duty_t *duties, size_t count);
/* When the duties' threads are gone. */
void sv_role_keeper_end(sv_role_keeper_t *keeper);

#endif
