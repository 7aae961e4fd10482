#include "worker/stop.h"

#include <time.h>

void
sv_stop_init(sv_stop_t *stop)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&stop->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&stop->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    stop->stopping = false;
    stop->running = 0;
}

void
sv_stop_destroy(sv_stop_t *stop)
{
    pthread_cond_destroy(&stop->changed);
    pthread_mutex_destroy(&stop->mutex);
}

static struct timespec
sv_time_after(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

bool
sv_stop_wait(sv_stop_t *stop, int64_t ms)
{
    struct timespec deadline = sv_time_after(ms);
    int waited = 0;
    bool stopping;

    pthread_mutex_lock(&stop->mutex);
    while (!stop->stopping && ms > 0 && waited == 0) {
        waited = pthread_cond_timedwait(&stop->changed, &stop->mutex, &deadline);
    }
    stopping = stop->stopping;
    pthread_mutex_unlock(&stop->mutex);
    return stopping;
}

void
sv_stop_order(sv_stop_t *stop)
{
    pthread_mutex_lock(&stop->mutex);
    stop->stopping = true;
    pthread_cond_broadcast(&stop->changed);
    pthread_mutex_unlock(&stop->mutex);
}

static void
sv_stop_count(sv_stop_t *stop, int change)
{
    pthread_mutex_lock(&stop->mutex);
    stop->running += change;
    pthread_cond_broadcast(&stop->changed);
    pthread_mutex_unlock(&stop->mutex);
}

void
sv_stop_enter(sv_stop_t *stop)
{
    sv_stop_count(stop, 1);
}

void
sv_stop_leave(sv_stop_t *stop)
{
    sv_stop_count(stop, -1);
}

bool
sv_stop_wait_all(sv_stop_t *stop, int64_t ms)
{
    struct timespec deadline = sv_time_after(ms);
    int waited = 0;
    bool all;

    pthread_mutex_lock(&stop->mutex);
    while (stop->running > 0 && waited == 0) {
        waited = pthread_cond_timedwait(&stop->changed, &stop->mutex, &deadline);
    }
    all = stop->running == 0;
    pthread_mutex_unlock(&stop->mutex);
    return all;
}
