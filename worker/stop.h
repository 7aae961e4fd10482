#ifndef SV_WORKER_STOP_H
#define SV_WORKER_STOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The order to stop, waited for by every thread between its rounds, and the count of those still at work. */
typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping;
    int running;
} sv_stop_t;

void sv_stop_init(sv_stop_t *stop);
void sv_stop_destroy(sv_stop_t *stop);

/* Sleeps; true when it is time to stop. */
bool sv_stop_wait(sv_stop_t *stop, int64_t ms);
void sv_stop_order(sv_stop_t *stop);

/* A thread begins and ends. */
void sv_stop_enter(sv_stop_t *stop);
void sv_stop_leave(sv_stop_t *stop);

/* Waits until every thread has left; false when some have not after `ms`. */
bool sv_stop_wait_all(sv_stop_t *stop, int64_t ms);

#endif
