#ifndef SV_WORKER_STARTUP_H
#define SV_WORKER_STARTUP_H

#include "core/store/store.h"

/* Says whether waiting is over because the worker is to stop; waits up to `ms` for that. */
typedef bool (*sv_startup_wait_t)(void *context, int64_t ms);

typedef enum { SV_STARTUP_READY, SV_STARTUP_STOPPED, SV_STARTUP_REFUSED } sv_startup_t;

/* Waits, with growing pauses, until MongoDB answers, refuses one without transactions by name, and brings its indexes
 * to the catalogue.  Redis is not waited for: a worker without it still derives totals and seals. */
sv_startup_t sv_startup(sv_store_t *store, sv_startup_wait_t wait, void *context);

#endif
