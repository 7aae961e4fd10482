#include "core/base/side_thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/error_copy.h"

struct sv_side_thread_s {
    sv_side_work_t work;
    void *context;
    pthread_t thread;
    bool joined;    /* the owner's */
    size_t next;    /* the thread's */
    size_t given;   /* written by the owner, these by the thread, all under the lock */
    size_t returned;
    bool ended;
    sv_error_t error; /* the thread's until it ended */
    bool stopped;     /* by the owner */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* never waited for by both: the owner waits for what the thread has */
};

/* ---- the thread */

static void *
sv_side_run(void *context)
{
    sv_side_thread_t *side = context;

    side->work(side, side->context, &side->error);
    pthread_mutex_lock(&side->lock);
    side->ended = true;
    pthread_cond_signal(&side->changed);
    pthread_mutex_unlock(&side->lock);
    return NULL;
}

bool
sv_side_thread_next(sv_side_thread_t *side, size_t *number)
{
    bool more;

    pthread_mutex_lock(&side->lock);
    while (side->next == side->given && !side->stopped) {
        pthread_cond_wait(&side->changed, &side->lock);
    }
    more = !side->stopped;
    pthread_mutex_unlock(&side->lock);
    if (more) {
        *number = side->next++;
    }
    return more;
}

void
sv_side_thread_return(sv_side_thread_t *side)
{
    pthread_mutex_lock(&side->lock);
    side->returned++;
    pthread_cond_signal(&side->changed);
    pthread_mutex_unlock(&side->lock);
}

/* ---- its owner */

sv_side_thread_t *
sv_side_thread_start(sv_side_work_t work, void *context)
{
    sv_side_thread_t *side = calloc(1, sizeof(*side));

    if (side == NULL) {
        return NULL;
    }
    side->work = work;
    side->context = context;
    sv_error_init(&side->error, sv_arena_create());
    pthread_mutex_init(&side->lock, NULL);
    pthread_cond_init(&side->changed, NULL);
    side->joined = pthread_create(&side->thread, NULL, sv_side_run, side) != 0;
    if (side->joined) {
        sv_side_thread_destroy(side);
        return NULL;
    }
    return side;
}

void
sv_side_thread_give(sv_side_thread_t *side)
{
    pthread_mutex_lock(&side->lock);
    side->given++;
    pthread_cond_signal(&side->changed);
    pthread_mutex_unlock(&side->lock);
}

size_t
sv_side_thread_given(const sv_side_thread_t *side)
{
    return side->given;
}

bool
sv_side_thread_returned(sv_side_thread_t *side, size_t number)
{
    bool returned;

    pthread_mutex_lock(&side->lock);
    returned = side->returned > number;
    pthread_mutex_unlock(&side->lock);
    return returned;
}

sv_status_t
sv_side_thread_await(sv_side_thread_t *side, size_t number, bool *returned, sv_error_t *error)
{
    pthread_mutex_lock(&side->lock);
    while (side->returned <= number && !side->ended) {
        pthread_cond_wait(&side->changed, &side->lock);
    }
    *returned = side->returned > number;
    pthread_mutex_unlock(&side->lock);
    return *returned ? SV_OK : sv_error_copy(&side->error, error);
}

void
sv_side_thread_stop(sv_side_thread_t *side)
{
    if (side->joined) {
        return;
    }
    pthread_mutex_lock(&side->lock);
    side->stopped = true;
    pthread_cond_signal(&side->changed);
    pthread_mutex_unlock(&side->lock);
    pthread_join(side->thread, NULL);
    side->joined = true;
}

void
sv_side_thread_destroy(sv_side_thread_t *side)
{
    if (side == NULL) {
        return;
    }
    sv_side_thread_stop(side);
    sv_arena_destroy(side->error.arena);
    pthread_cond_destroy(&side->changed);
    pthread_mutex_destroy(&side->lock);
    free(side);
}
