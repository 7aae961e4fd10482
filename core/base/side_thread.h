#ifndef SV_SIDE_THREAD_H
#define SV_SIDE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/*
 * A thread beside the one that makes it, its owner, and what the two hand to one another: places, numbered from 0.  The
 * owner gives them one after another, the thread works on them and returns them in the same order.  What a place has in
 * it is the thread's from when it is given until it is returned, and the owner's before and after: neither needs a lock
 * of its own.  A thread that works something off is given full places; one that reads ahead is given empty ones and
 * returns them full.  Which memory place n is, and how many there are, is for who makes the thread: a ring of a few.
 */
typedef struct sv_side_thread_s sv_side_thread_t;

/* What the thread does: takes place after place as long as it gets one.  SV_OK: it has done all there is to do.
 * Otherwise the owner is told in the place of what was not returned. */
typedef sv_status_t (*sv_side_work_t)(sv_side_thread_t *side, void *context, sv_error_t *error);

/* ---- on the owner's thread alone */

/* `context` must outlive it.  NULL: no memory, or no thread. */
sv_side_thread_t *sv_side_thread_start(sv_side_work_t work, void *context);
/* One more place is the thread's. */
void sv_side_thread_give(sv_side_thread_t *side);
/* How many were given. */
size_t sv_side_thread_given(const sv_side_thread_t *side);
/* Whether this place has been returned by now. */
bool sv_side_thread_returned(sv_side_thread_t *side, size_t number);
/* Waits for a place that was given.  *returned false: the thread ended before, and as it failed when it did, however
 * often that is asked; the error is copied. */
sv_status_t sv_side_thread_await(sv_side_thread_t *side, size_t number, bool *returned, sv_error_t *error);
/* Waits for the end of what the thread is at; it gets no place any more.  From then on all places are the owner's. */
void sv_side_thread_stop(sv_side_thread_t *side);
void sv_side_thread_destroy(sv_side_thread_t *side); /* stops it first; NULL is allowed */

/* ---- on the thread itself alone */

/* Waits for the next place.  False: it is to stop. */
bool sv_side_thread_next(sv_side_thread_t *side, size_t *number);
/* The place got last is the owner's again. */
void sv_side_thread_return(sv_side_thread_t *side);

#endif
