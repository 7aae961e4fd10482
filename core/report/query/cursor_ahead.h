#ifndef SV_REPORT_CURSOR_AHEAD_H
#define SV_REPORT_CURSOR_AHEAD_H

#include "core/base/error.h"

#include <mongoc/mongoc.h>

/*
 * Reads the documents of a cursor on a thread of its own (core/base/side_thread.h), so that MongoDB makes the next ones
 * while those before are worked on; for core/report/query/query_run.c alone.  All functions are for one thread.
 * Memory is bounded: some hundred kilobytes of documents wait and no more, unless one alone is larger.
 */
typedef struct sv_cursor_ahead_s sv_cursor_ahead_t;

/* From here until sv_cursor_ahead_destroy() the cursor and its client are the thread's.  NULL: no memory, or no
 * thread. */
sv_cursor_ahead_t *sv_cursor_ahead_create(mongoc_cursor_t *cursor);
/* *document is the next one, valid until the next call; NULL at the end, whose reason is the cursor's to tell once this
 * is destroyed. */
sv_status_t sv_cursor_ahead_next(sv_cursor_ahead_t *ahead, const bson_t **document, sv_error_t *error);
/* Waits for what the server is asked for at the time.  NULL is allowed. */
void sv_cursor_ahead_destroy(sv_cursor_ahead_t *ahead);

#endif
