#ifndef SV_BLOCK_AHEAD_H
#define SV_BLOCK_AHEAD_H

#include "core/base/error.h"
#include "core/report/blocks/block_open.h"

/*
 * Checks and decompresses blocks on a thread of its own (core/base/side_thread.h), in the order in which they are given,
 * while those before are read; for core/report/blocks/block_reader.c alone.  All functions are for one thread, the reader's.
 */
typedef struct {
    sv_block_t block;
    sv_block_raw_t raw;
    const char *wrong; /* with the block; NULL: nothing */
    uint8_t *copy;     /* of its bytes as they are stored, and their checksum, which `block` points to */
    size_t copy_capacity;
} sv_opened_block_t;

typedef struct sv_block_ahead_s sv_block_ahead_t;

/* NULL: no memory, or no thread. */
sv_block_ahead_t *sv_block_ahead_create(void);
/* How many were given that were not taken. */
size_t sv_block_ahead_waiting(const sv_block_ahead_t *ahead);
/* Whether one more may be given: there are some and no more, and fewer where they are large. */
bool sv_block_ahead_room(const sv_block_ahead_t *ahead);
/* Copies a block.  False: no memory. */
bool sv_block_ahead_give(sv_block_ahead_t *ahead, const sv_block_t *block);
/* The next one, opened, valid until the next call; NULL: none waits. */
sv_status_t sv_block_ahead_take(sv_block_ahead_t *ahead, const sv_opened_block_t **opened, sv_error_t *error);
void sv_block_ahead_destroy(sv_block_ahead_t *ahead); /* NULL is allowed */

#endif
