#ifndef SV_BLOCK_OPEN_H
#define SV_BLOCK_OPEN_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

/* One stored block, checked and decompressed; for those that read blocks (core/report/blocks) alone. */

/* What a block says of itself; `data` lives as long as its document. */
typedef struct {
    int64_t n, first_row, rows, bytes, format;
    bool last;
    const uint8_t *data, *sha256;
    uint32_t size, sha256_size;
} sv_block_t;

void sv_block_read(const bson_t *document, sv_block_t *block);

/* The bytes of a block's rows, in memory that the next block's go to. */
typedef struct {
    uint8_t *bytes; /* freed by whoever keeps it */
    size_t length, capacity;
} sv_block_raw_t;

/* NULL, or what is wrong with the block ("is damaged"). */
const char *sv_block_open(const sv_block_t *block, ZSTD_DCtx *decompressor, sv_block_raw_t *raw);

#endif
