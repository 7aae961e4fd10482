#ifndef SV_BREAKER_H
#define SV_BREAKER_H

#include "ngx_stockverify_module/nginx.h"

/*
 * The circuit breaker before MongoDB, shared by all nginx processes of a host.  CLOSED until `threshold`
 * failures in a row; then OPEN for `timeout`; then HALF_OPEN: one request goes through as a probe, whose
 * outcome closes or reopens.  A probe whose process died expires by itself.
 * Times are ngx_current_msec, which is the host's monotonic clock.  Every function may run on any thread.
 */
typedef struct {
    ngx_atomic_t  failures;           /* in a row, while closed */
    ngx_atomic_t  opened_until;       /* 0: closed */
    ngx_atomic_t  probe_until;        /* 0: no probe is under way */
} sv_breaker_t;

typedef enum { SV_CIRCUIT_CLOSED, SV_CIRCUIT_OPEN, SV_CIRCUIT_HALF_OPEN } sv_circuit_t;

typedef enum { SV_BREAKER_ADMITTED, SV_BREAKER_PROBE, SV_BREAKER_REFUSED } sv_admittance_t;

typedef struct {
    sv_admittance_t  as;
    ngx_msec_t       probe_until;     /* of a probe: which one it is */
    int              retry_after_s;   /* when refused */
} sv_admission_t;

/* What an admitted request learned of MongoDB.  One that never asked it (its body was malformed, its task was thrown
 * away) has learned nothing: it neither closes the circuit nor ends a row of failures. */
typedef enum { SV_MONGODB_NOT_ASKED, SV_MONGODB_ANSWERED, SV_MONGODB_FAILED } sv_mongodb_outcome_t;

sv_circuit_t sv_breaker_state(const sv_breaker_t *breaker, ngx_msec_t now);
const char  *sv_circuit_name(sv_circuit_t circuit);

/* Whether a request may go on. */
sv_admission_t sv_breaker_admit(sv_breaker_t *breaker, ngx_msec_t now);

/* How an admitted request ended; a probe that asked nothing is given back, so that the next request is the probe.  True
 * when the circuit changed (worth a line in the log). */
bool sv_breaker_report(sv_breaker_t *breaker, const sv_admission_t *admission, sv_mongodb_outcome_t outcome,
                       ngx_msec_t now, ngx_uint_t threshold, ngx_msec_t timeout);

#endif
