#ifndef SV_BLOCK_AHEAD_H
#define SV_BLOCK_AHEAD_H

#include "core/report/blocks/block_open.h"
#include "core/report/blocks/blocks.h"

/*
 * Reads, checks and decompresses blocks on a thread of its own (core/base/side_thread.h), through a client of its own,
 * while those before are read; for core/report/blocks/block_reader.c alone.  All functions are for one thread, the
 * reader's.  Some wait, and fewer where they are large: four megabytes of rows, unless one block alone has more.
 */
typedef struct {
    sv_block_t block; /* without its stored bytes */
    sv_block_raw_t raw;
    const char *wrong; /* with the block; NULL: nothing */
} sv_opened_block_t;

typedef struct sv_block_ahead_s sv_block_ahead_t;

/* From block `n` on, up to the one that says it is the last; takes a client of the pool for as long as it lives.
 * `place` must outlive it.  NULL: SV_ERR_UNAVAILABLE when none came free, SV_ERR_INTERNAL without memory or a thread. */
sv_block_ahead_t *
sv_block_ahead_create(sv_store_pool_t *pool, const sv_block_place_t *place, int64_t n, sv_error_t *error);
/* The next one, opened, valid until the next call; NULL: there is no more. */
sv_status_t sv_block_ahead_take(sv_block_ahead_t *ahead, const sv_opened_block_t **opened, sv_error_t *error);
/* How many are open by now and were not taken. */
size_t sv_block_ahead_waiting(sv_block_ahead_t *ahead);
void sv_block_ahead_destroy(sv_block_ahead_t *ahead); /* NULL is allowed */

#endif
