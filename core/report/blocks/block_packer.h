#ifndef SV_BLOCK_PACKER_H
#define SV_BLOCK_PACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/codec.h"
#include "core/base/error.h"
#include "core/report/rows/row_pack.h"

/*
 * Compresses blocks on a thread of its own (core/base/side_thread.h), in the order in which they are given, while the
 * next is filled; for core/report/blocks/blocks.c alone.  All functions are for one thread, the writer's.  There are a few blocks and no
 * more, so whoever fills them waits for the one that has to be compressed first.
 */
typedef struct {
    uint8_t *raw; /* the rows, from who fills it */
    size_t raw_length, raw_capacity;
    int64_t first_row, rows;
    bool last;
    uint8_t *data; /* compressed, from the thread */
    size_t size, data_capacity;
    uint8_t sha256[SV_SHA256_SIZE]; /* of `data` */
} sv_packed_block_t;

typedef struct sv_block_packer_s sv_block_packer_t;

/* NULL: no memory, or no thread. */
sv_block_packer_t *sv_block_packer_create(const sv_row_layout_t *layout);
/* The block to be filled now, empty at first; NULL: take those that were given, first. */
sv_packed_block_t *sv_block_packer_room(sv_block_packer_t *packer);
/* That block is full. */
void sv_block_packer_give(sv_block_packer_t *packer);
/* The next block in order, compressed; stays until sv_block_packer_drop().  NULL: none is ready, and with `wait`: none
 * was given, or it failed. */
sv_status_t sv_block_packer_take(sv_block_packer_t *packer, bool wait, const sv_packed_block_t **block,
                                 sv_error_t *error);
void sv_block_packer_drop(sv_block_packer_t *packer);
/* After the last block was taken: SHA-256 over columns and rows, in hex.  False: it failed. */
bool sv_block_packer_digest(sv_block_packer_t *packer, char digest[SV_SHA256_HEX_SIZE]);
void sv_block_packer_destroy(sv_block_packer_t *packer); /* NULL is allowed */

#endif
