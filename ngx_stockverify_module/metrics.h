#ifndef SV_METRICS_H
#define SV_METRICS_H

#include "core/base/buffer.h"
#include "ngx_stockverify_module/last_error.h"
#include "ngx_stockverify_module/nginx.h"
#include "ngx_stockverify_module/routes.h"

/*
 * Counters of all processes of a host, in the shared zone (zone.h).  Only atomics; every function may run
 * on any thread.  Labels are route ids, never paths.
 */
enum { SV_HISTOGRAM_BOUNDS = 14, SV_STATUS_CLASSES = 6 };

typedef struct {
    ngx_atomic_t  buckets[SV_HISTOGRAM_BOUNDS + 1];      /* not cumulative; the last is above all bounds */
    ngx_atomic_t  sum_us;
} sv_histogram_t;

typedef struct {
    ngx_atomic_t    responses[SV_STATUS_CLASSES];        /* by the first digit of the status */
    sv_histogram_t  latency;
} sv_route_metrics_t;

/* Pools of threads.  The last has one thread, for health, which is not to wait behind others. */
typedef enum { SV_POOL_DB, SV_POOL_HASH, SV_POOL_HEALTH, SV_POOL_COUNT } sv_pool_t;

/* Gauges are kept per process, so that a killed one's do not stay for ever. */
typedef struct {
    ngx_atomic_t  queued[SV_POOL_COUNT];
    ngx_atomic_t  running[SV_POOL_COUNT];
    ngx_atomic_t  waited_ms[SV_POOL_COUNT];              /* in the queue: the task that began last, */
    ngx_atomic_t  begun_at[SV_POOL_COUNT];               /* and when it began (ngx_current_msec) */
    ngx_atomic_t  redis_connected;
    ngx_atomic_t  event_streams;                         /* open */
} sv_process_gauges_t;

/* Why a thread step did not begin: the circuit is open, the queue is full, it waited too long, no client came free. */
typedef enum { SV_REFUSED_CIRCUIT, SV_REFUSED_QUEUE, SV_REFUSED_WAIT, SV_REFUSED_CLIENT, SV_REFUSALS } sv_refusal_t;

/* Servers whose last error is kept. */
typedef enum { SV_SERVER_REDIS, SV_SERVER_MONGODB, SV_SERVERS } sv_server_t;

/* Why a stream of events ended. */
typedef enum {
    SV_STREAM_CLIENT_GONE,
    SV_STREAM_TOKEN_EXPIRED,
    SV_STREAM_TOKEN_REVOKED,
    SV_STREAM_ACCOUNT_DISABLED,
    SV_STREAM_ACCOUNT_CHANGED,
    SV_STREAM_SHUTTING_DOWN,
    SV_STREAM_SLOW,
    SV_STREAM_ENDS
} sv_stream_end_t;

extern const char *const  sv_stream_end_names[SV_STREAM_ENDS];

typedef struct {
    sv_histogram_t       redis;
    sv_histogram_t       mongodb;
    sv_histogram_t       event_lag;                      /* of an event, from Redis to the streams */
    ngx_atomic_t         redis_errors;
    ngx_atomic_t         events_sent;                    /* an event to one stream */
    ngx_atomic_t         streams_ended[SV_STREAM_ENDS];
    ngx_atomic_t         refused[SV_REFUSALS];           /* thread steps, by sv_refusal_t */
    ngx_atomic_t         sync_verdicts[3];               /* ok, conflict, error */
    ngx_atomic_t         leases_held;                    /* as counted last */
    ngx_atomic_t         leases_counted_at;              /* seconds of nginx' clock; 0: never */
    ngx_atomic_t         unrouted[SV_STATUS_CLASSES];    /* answers of no route: 404, 405, bad paths */
    sv_last_error_t      last_errors[SV_SERVERS];
    sv_process_gauges_t  processes[NGX_MAX_PROCESSES];
    sv_route_metrics_t   routes[];                       /* sv_route_count */
} sv_metrics_t;

extern const uint64_t  sv_histogram_bounds_us[SV_HISTOGRAM_BOUNDS];

/* Microseconds of a monotonic clock. */
uint64_t sv_metrics_now_us(void);

void sv_histogram_note(sv_histogram_t *histogram, uint64_t us);
void sv_metrics_answer(sv_metrics_t *metrics, const sv_route_t *route, ngx_uint_t status, uint64_t us);

#endif
