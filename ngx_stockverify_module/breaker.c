#include "ngx_stockverify_module/breaker.h"

enum { SV_PROBE_LIFE_MS = 5000 };

const char *
sv_circuit_name(sv_circuit_t circuit)
{
    static const char *const names[] = { "closed", "open", "half_open" };

    return names[circuit];
}

sv_circuit_t
sv_breaker_state(const sv_breaker_t *breaker, ngx_msec_t now)
{
    ngx_msec_t until = breaker->opened_until;

    if (until == 0) {
        return SV_CIRCUIT_CLOSED;
    }
    return (ngx_msec_int_t) (until - now) > 0 ? SV_CIRCUIT_OPEN : SV_CIRCUIT_HALF_OPEN;
}

static int
sv_seconds_up(ngx_msec_t ms)
{
    return (int) ((ms + 999) / 1000);
}

sv_admission_t
sv_breaker_admit(sv_breaker_t *breaker, ngx_msec_t now)
{
    ngx_msec_t until = breaker->opened_until, probe, mine = now + SV_PROBE_LIFE_MS;

    if (until == 0) {
        return (sv_admission_t){ .as = SV_BREAKER_ADMITTED };
    }
    if ((ngx_msec_int_t) (until - now) > 0) {
        return (sv_admission_t){ .as = SV_BREAKER_REFUSED, .retry_after_s = sv_seconds_up(until - now) };
    }
    probe = breaker->probe_until;
    mine += mine == 0;
    if ((probe != 0 && (ngx_msec_int_t) (probe - now) > 0) || !ngx_atomic_cmp_set(&breaker->probe_until, probe, mine)) {
        return (sv_admission_t){ .as = SV_BREAKER_REFUSED, .retry_after_s = 1 };
    }
    return (sv_admission_t){ .as = SV_BREAKER_PROBE, .probe_until = mine };
}

static bool
sv_breaker_open(sv_breaker_t *breaker, ngx_msec_t expected, ngx_msec_t now, ngx_msec_t timeout)
{
    ngx_msec_t until = now + timeout;

    return ngx_atomic_cmp_set(&breaker->opened_until, expected, until == 0 ? 1 : until);
}

static bool
sv_breaker_report_probe(sv_breaker_t *breaker, ngx_msec_t probe, sv_mongodb_outcome_t outcome, ngx_msec_t now,
                        ngx_msec_t timeout)
{
    ngx_msec_t until = breaker->opened_until;
    bool changed = false;

    if (outcome == SV_MONGODB_ANSWERED) {
        breaker->failures = 0;
        changed = until != 0 && ngx_atomic_cmp_set(&breaker->opened_until, until, 0);
    } else if (outcome == SV_MONGODB_FAILED) {
        breaker->failures = 0;
        changed = until != 0 && sv_breaker_open(breaker, until, now, timeout);
    }
    ngx_atomic_cmp_set(&breaker->probe_until, probe, 0); /* unless it expired, and another is under way */
    return changed;
}

bool
sv_breaker_report(sv_breaker_t *breaker, const sv_admission_t *admission, sv_mongodb_outcome_t outcome, ngx_msec_t now,
                  ngx_uint_t threshold, ngx_msec_t timeout)
{
    if (admission->as == SV_BREAKER_PROBE) {
        return sv_breaker_report_probe(breaker, admission->probe_until, outcome, now, timeout);
    }
    if (outcome == SV_MONGODB_ANSWERED && breaker->failures != 0) {
        breaker->failures = 0;
    }
    /* A request from before the circuit opened says nothing new. */
    if (outcome != SV_MONGODB_FAILED || breaker->opened_until != 0 ||
        ngx_atomic_fetch_add(&breaker->failures, 1) + 1 < threshold) {
        return false;
    }
    breaker->failures = 0;
    return sv_breaker_open(breaker, 0, now, timeout);
}
