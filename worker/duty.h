#ifndef SV_WORKER_DUTY_H
#define SV_WORKER_DUTY_H

#include <stdatomic.h>

#include "core/redis/client.h"
#include "core/store/store.h"
#include "worker/stop.h"

/* What a worker does over and over: one row of the table in duties.c, one thread, one store client. */
typedef struct {
    sv_store_t *store;
    sv_redis_client_t *redis;
    int64_t running_ms; /* of this process */
    int64_t done;       /* out: pieces of work done, for the log */
    int64_t rest_ms;    /* out: wait for the next at least so long, whatever the interval */
    bool again;         /* out: there is more, so the interval is not waited for */
} sv_duty_round_t;

/* One round.  May be killed at any point: what it did not finish, the next round of any worker does. */
typedef sv_status_t (*sv_duty_run_t)(sv_duty_round_t *round, sv_error_t *error);

typedef struct {
    const char *name; /* and its role in worker_roles */
    size_t interval;  /* offset in sv_settings_t of its interval in ms */
    sv_duty_run_t run;
    int64_t every_ms; /* an interval of its own; 0: that of the setting */
    int64_t
        limit_ms; /* a round longer than this hangs: it loses the role to another worker, and the watchdog its ticks */
} sv_duty_row_t;

extern const sv_duty_row_t sv_duty_rows[];
extern const size_t sv_duty_row_count;

/* Shared by the threads of a worker, read only. */
typedef struct {
    const sv_settings_t *settings;
    sv_store_pool_t *pool;
    sv_stop_t *stop;
    const char *worker_id;
    int64_t started_ms;  /* monotonic */
    int64_t role_ttl_ms; /* for how long a dead worker's duties wait for another */
} sv_worker_t;

typedef struct {
    const sv_duty_row_t *row;
    const sv_worker_t *worker;
    pthread_t thread;
    _Atomic int64_t begun_ms; /* when the round under way began (monotonic); 0 between rounds */
    atomic_bool mine;         /* this worker has the role */
} sv_duty_t;

/* Whether the round under way takes longer than its limit. */
bool sv_duty_hangs(sv_duty_t *duty);

/* Starts the duty's thread; it leaves when `stop` is ordered and is then to be joined. */
bool sv_duty_start(sv_duty_t *duty, const sv_duty_row_t *row, const sv_worker_t *worker);

#endif
