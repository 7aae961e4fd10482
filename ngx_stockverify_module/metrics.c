#include "ngx_stockverify_module/metrics.h"

#include <time.h>

const uint64_t sv_histogram_bounds_us[SV_HISTOGRAM_BOUNDS] = {
    250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
};

const char *const sv_stream_end_names[SV_STREAM_ENDS] = {
    [SV_STREAM_CLIENT_GONE] = "client_gone",
    [SV_STREAM_TOKEN_EXPIRED] = "token_expired",
    [SV_STREAM_TOKEN_REVOKED] = "token_revoked",
    [SV_STREAM_ACCOUNT_DISABLED] = "account_disabled",
    [SV_STREAM_ACCOUNT_CHANGED] = "account_changed",
    [SV_STREAM_SHUTTING_DOWN] = "shutting_down",
    [SV_STREAM_SLOW] = "slow",
};

uint64_t
sv_metrics_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

void
sv_histogram_note(sv_histogram_t *histogram, uint64_t us)
{
    size_t i = 0;

    while (i < SV_HISTOGRAM_BOUNDS && us > sv_histogram_bounds_us[i]) {
        i++;
    }
    ngx_atomic_fetch_add(&histogram->buckets[i], 1);
    ngx_atomic_fetch_add(&histogram->sum_us, us);
}

void
sv_metrics_answer(sv_metrics_t *metrics, const sv_route_t *route, ngx_uint_t status, uint64_t us)
{
    ngx_uint_t class = status / 100 < SV_STATUS_CLASSES ? status / 100 : 0;
    sv_route_metrics_t *of_route;

    if (route == NULL) {
        ngx_atomic_fetch_add(&metrics->unrouted[class], 1);
        return;
    }
    of_route = &metrics->routes[route - sv_routes];
    ngx_atomic_fetch_add(&of_route->responses[class], 1);
    sv_histogram_note(&of_route->latency, us);
}
