#ifndef SV_ADJUSTMENT_LINE_FEED_H
#define SV_ADJUSTMENT_LINE_FEED_H

#include "core/adjust/adjustment_line.h"
#include "core/store/store.h"

/*
 * Lines of an adjustment on their way to be written: read on a thread (core/base/side_thread.h) and a client of its own,
 * a chunk ahead of who writes them.  The reading thread writes nothing, so that what a dead worker leaves locked is of its job's own client
 * alone (core/jobs/job_run.c ends that one's session).
 */
typedef struct {
    sv_arena_t *arena; /* of the lines; destroyed by who takes the chunk */
    sv_adjustment_line_t *lines;
    size_t count; /* 0: there are no more */
} sv_line_chunk_t;

enum { SV_LINE_CHUNK = 1000 };

typedef struct sv_line_feed_s sv_line_feed_t;

/* Gives lines, in their order, to sv_line_feed_add().  On the feed's thread, with its client; what it fails with is
 * told to who takes the lines. */
typedef sv_status_t (*sv_line_source_t)(sv_line_feed_t *feed, sv_store_t *store, void *context, sv_error_t *error);

/* Begins reading.  `context` is the source's until sv_line_feed_close(); `arena` is not touched before that by the
 * feed.  NULL with `error` when there is no client or no thread for it. */
sv_line_feed_t *sv_line_feed_open(sv_store_pool_t *pool, const char *warehouse, sv_line_source_t source, void *context,
                                  sv_arena_t *arena, sv_error_t *error);
/* For the source alone: takes a line, with copies of its texts.  Fails when nobody wants more. */
sv_status_t sv_line_feed_add(sv_line_feed_t *feed, const sv_adjustment_line_t *line, sv_error_t *error);
/* Waits for the next chunk.  Behind the last one: SV_OK without lines, or as the source failed. */
sv_status_t sv_line_feed_take(sv_line_feed_t *feed, sv_line_chunk_t *chunk, sv_error_t *error);
/* Ends reading, also in the midst.  NULL is allowed. */
void sv_line_feed_close(sv_line_feed_t *feed);

#endif
