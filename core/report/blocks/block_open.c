#include "core/report/blocks/block_open.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/report/blocks/blocks.h"
#include "core/store/document.h"

enum { SV_RAW_MAX = SV_BLOCK_BYTES + (17 << 20) }; /* a block may hold one row of a document's greatest size */

static const uint8_t *
sv_block_binary(const bson_t *document, const char *name, uint32_t *size)
{
    const uint8_t *bytes = NULL;
    bson_iter_t iter;

    *size = 0;
    if (bson_iter_init_find(&iter, document, name) && BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, NULL, size, &bytes);
    }
    return bytes;
}

void
sv_block_read(const bson_t *document, sv_block_t *block)
{
    block->n = sv_doc_int(document, "n");
    block->first_row = sv_doc_int(document, "first_row");
    block->rows = sv_doc_int(document, "rows");
    block->bytes = sv_doc_int(document, "bytes");
    block->format = sv_doc_int(document, "format");
    block->last = sv_doc_bool(document, "last");
    block->data = sv_block_binary(document, "data", &block->size);
    block->sha256 = sv_block_binary(document, "sha256", &block->sha256_size);
}

static bool
sv_raw_room(sv_block_raw_t *raw, size_t needed)
{
    if (needed > raw->capacity) {
        free(raw->bytes);
        raw->bytes = malloc(needed);
        raw->capacity = raw->bytes != NULL ? needed : 0;
    }
    return needed <= raw->capacity;
}

const char *
sv_block_open(const sv_block_t *block, ZSTD_DCtx *decompressor, sv_block_raw_t *raw)
{
    uint8_t digest[SV_SHA256_SIZE];
    size_t size;

    raw->length = 0;
    if (block->format != SV_BLOCK_DOCUMENTS && block->format != SV_BLOCK_PACKED && block->format != SV_BLOCK_COLUMNS) {
        return "is of a later release";
    }
    if (block->data == NULL || block->sha256_size != sizeof(digest) || block->bytes < 0 || block->bytes > SV_RAW_MAX) {
        return "is damaged";
    }
    sv_sha256(block->data, block->size, digest);
    if (memcmp(digest, block->sha256, sizeof(digest)) != 0) {
        return "does not have the checksum it was written with";
    }
    if (!sv_raw_room(raw, (size_t) block->bytes)) {
        return "finds no memory";
    }
    size = ZSTD_decompressDCtx(decompressor, raw->bytes, raw->capacity, block->data, block->size);
    if (ZSTD_isError(size) || size != (size_t) block->bytes) {
        return "cannot be decompressed";
    }
    raw->length = size;
    return NULL;
}
