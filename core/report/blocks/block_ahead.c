#include "core/report/blocks/block_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/side_thread.h"
#include "core/report/blocks/block_cursor.h"

enum {
    SV_AHEAD_BLOCKS = 2 * SV_READ_AHEAD + 1, /* two batches of a cursor, and the one that is read */
    SV_AHEAD_BYTES = 4 << 20,
    SV_AHEAD_KEPT = 512 * 1024, /* bytes of room; what a block of long rows took more is given back */
};

/* Blocks go around: their places are given to the thread empty, returned opened, taken, and given again when the next
 * is taken. */
struct sv_block_ahead_s {
    sv_opened_block_t blocks[SV_AHEAD_BLOCKS];
    size_t taken;
    sv_side_thread_t *side;
    /* the thread's */
    sv_store_t *store;
    const sv_block_place_t *place;
    int64_t n; /* of the first block */
    mongoc_cursor_t *cursor;
    ZSTD_DCtx *decompressor;
    size_t got, opened;            /* places */
    size_t sizes[SV_AHEAD_BLOCKS]; /* bytes of rows in each, as long as they wait or are read */
    size_t waiting;                /* all of them */
};

/* ---- the thread */

/* Waits for a place to open a block in, and for as many more as it takes until no more bytes wait than may.  False: it
 * is to stop. */
static bool
sv_ahead_room(sv_block_ahead_t *ahead, sv_side_thread_t *side)
{
    size_t number;

    while (ahead->opened == ahead->got || ahead->waiting >= SV_AHEAD_BYTES) {
        if (!sv_side_thread_next(side, &number)) {
            return false;
        }
        ahead->got = number + 1;
        ahead->waiting -= ahead->sizes[number % SV_AHEAD_BLOCKS];
        ahead->sizes[number % SV_AHEAD_BLOCKS] = 0;
    }
    return true;
}

/* Into the first place that there is; *more false: it was the last, or there is none. */
static sv_status_t
sv_ahead_open(sv_block_ahead_t *ahead, sv_side_thread_t *side, bool *more, sv_error_t *error)
{
    size_t place = ahead->opened % SV_AHEAD_BLOCKS;
    sv_opened_block_t *next = &ahead->blocks[place];

    if (next->raw.capacity > SV_AHEAD_KEPT) {
        free(next->raw.bytes);
        next->raw = (sv_block_raw_t){ 0 };
    }
    if (sv_block_cursor_next(ahead->store, ahead->cursor, &next->block, more, error) != SV_OK || !*more) {
        return error->status;
    }
    next->wrong = sv_block_open(&next->block, ahead->decompressor, &next->raw);
    next->block.data = next->block.sha256 = NULL;
    *more = !next->block.last;
    ahead->sizes[place] = next->raw.length;
    ahead->waiting += next->raw.length;
    ahead->opened++;
    sv_side_thread_return(side);
    return SV_OK;
}

static sv_status_t
sv_ahead_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_block_ahead_t *ahead = context;
    bool more = sv_block_cursor_open(ahead->store, ahead->place, ahead->n, &ahead->cursor, error) == SV_OK;

    while (more && error->status == SV_OK && sv_ahead_room(ahead, side)) {
        sv_ahead_open(ahead, side, &more, error);
    }
    return error->status;
}

/* ---- the reader */

sv_block_ahead_t *
sv_block_ahead_create(sv_store_pool_t *pool, const sv_block_place_t *place, int64_t n, sv_error_t *error)
{
    sv_block_ahead_t *ahead = calloc(1, sizeof(*ahead));

    if (ahead == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    ahead->place = place;
    ahead->n = n;
    ahead->decompressor = ZSTD_createDCtx();
    ahead->store = sv_store_acquire(pool);
    if (ahead->store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for reading blocks ahead");
    } else if (ahead->decompressor == NULL || (ahead->side = sv_side_thread_start(sv_ahead_work, ahead)) == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "no thread for reading blocks ahead");
    } else {
        for (int i = 0; i < SV_AHEAD_BLOCKS; i++) {
            sv_side_thread_give(ahead->side);
        }
        return ahead;
    }
    sv_block_ahead_destroy(ahead);
    return NULL;
}

void
sv_block_ahead_destroy(sv_block_ahead_t *ahead)
{
    if (ahead == NULL) {
        return;
    }
    sv_side_thread_destroy(ahead->side);
    if (ahead->cursor != NULL) {
        mongoc_cursor_destroy(ahead->cursor);
    }
    for (size_t i = 0; i < SV_AHEAD_BLOCKS; i++) {
        free(ahead->blocks[i].raw.bytes);
    }
    ZSTD_freeDCtx(ahead->decompressor);
    sv_store_release(ahead->store);
    free(ahead);
}

sv_status_t
sv_block_ahead_take(sv_block_ahead_t *ahead, const sv_opened_block_t **opened, sv_error_t *error)
{
    bool returned;

    *opened = NULL;
    if (sv_side_thread_given(ahead->side) < ahead->taken + SV_AHEAD_BLOCKS) { /* the one taken last was read */
        sv_side_thread_give(ahead->side);
    }
    if (sv_side_thread_await(ahead->side, ahead->taken, &returned, error) == SV_OK && returned) {
        *opened = &ahead->blocks[ahead->taken++ % SV_AHEAD_BLOCKS];
    }
    return error->status;
}

size_t
sv_block_ahead_waiting(sv_block_ahead_t *ahead)
{
    size_t count = 0;

    while (sv_side_thread_returned(ahead->side, ahead->taken + count)) {
        count++;
    }
    return count;
}
