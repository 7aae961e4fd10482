#include "core/report/blocks/block_packer.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/base/side_thread.h"

enum {
    SV_PACKER_BLOCKS = 4, /* one is filled, one compressed, one written; one so that none of them waits for another */
    SV_PACKER_KEPT = 2 << 20, /* bytes of room; what one long row took more is given back */
    SV_PACKER_LEVEL = 1,      /* of zstd, */
    SV_PACKER_HASH_LOG = 12,  /* and a table that fits the first cache: as small, in four fifths of the time */
};

/* Blocks go around: filled, given to the thread, packed, taken, dropped; each number counts blocks from the first. */
struct sv_block_packer_s {
    sv_packed_block_t blocks[SV_PACKER_BLOCKS];
    size_t dropped;
    sv_side_thread_t *side;
    /* the thread's, until it is stopped */
    ZSTD_CCtx *compressor;
    EVP_MD_CTX *digest; /* over columns and rows */
};

static sv_packed_block_t *
sv_packer_block(sv_block_packer_t *packer, size_t number)
{
    return &packer->blocks[number % SV_PACKER_BLOCKS];
}

/* ---- the thread */

/* Rows tell their values only: what they are values of is told before them. */
static void
sv_packer_digest_columns(EVP_MD_CTX *digest, const sv_row_layout_t *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        const char *type = sv_column_type_name(layout->columns[i].type), *name = layout->columns[i].name;

        EVP_DigestUpdate(digest, type, strlen(type) + 1);
        EVP_DigestUpdate(digest, name, strlen(name) + 1);
    }
    EVP_DigestUpdate(digest, "", 1);
}

static sv_status_t
sv_packer_pack(sv_block_packer_t *packer, sv_packed_block_t *block, sv_error_t *error)
{
    size_t bound = ZSTD_compressBound(block->raw_length), size;

    if (bound > block->data_capacity) {
        free(block->data);
        block->data = malloc(bound);
        block->data_capacity = block->data != NULL ? bound : 0;
    }
    if (block->data == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "packing rows: out of memory");
    }
    size = ZSTD_compress2(packer->compressor, block->data, bound, block->raw, block->raw_length);
    if (ZSTD_isError(size)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "packing rows: %s", ZSTD_getErrorName(size));
    }
    block->size = size;
    sv_sha256(block->data, size, block->sha256);
    return EVP_DigestUpdate(packer->digest, block->raw, block->raw_length) == 1
               ? SV_OK
               : sv_fail_cause(error, SV_ERR_INTERNAL, "packing rows: SHA-256 failed");
}

static sv_status_t
sv_packer_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_block_packer_t *packer = context;
    size_t number;

    while (sv_side_thread_next(side, &number) &&
           sv_packer_pack(packer, sv_packer_block(packer, number), error) == SV_OK) {
        sv_side_thread_return(side);
    }
    return error->status;
}

/* ---- the writer */

sv_block_packer_t *
sv_block_packer_create(const sv_row_layout_t *layout)
{
    sv_block_packer_t *packer = calloc(1, sizeof(*packer));

    if (packer == NULL) {
        return NULL;
    }
    packer->compressor = ZSTD_createCCtx();
    packer->digest = EVP_MD_CTX_new();
    if (packer->compressor != NULL && packer->digest != NULL &&
        EVP_DigestInit_ex(packer->digest, EVP_sha256(), NULL) == 1) {
        ZSTD_CCtx_setParameter(packer->compressor, ZSTD_c_compressionLevel, SV_PACKER_LEVEL);
        ZSTD_CCtx_setParameter(packer->compressor, ZSTD_c_hashLog, SV_PACKER_HASH_LOG);
        sv_packer_digest_columns(packer->digest, layout);
        packer->side = sv_side_thread_start(sv_packer_work, packer);
    }
    if (packer->side == NULL) {
        sv_block_packer_destroy(packer);
        return NULL;
    }
    return packer;
}

void
sv_block_packer_destroy(sv_block_packer_t *packer)
{
    if (packer == NULL) {
        return;
    }
    sv_side_thread_destroy(packer->side);
    for (size_t i = 0; i < SV_PACKER_BLOCKS; i++) {
        free(packer->blocks[i].raw);
        free(packer->blocks[i].data);
    }
    ZSTD_freeCCtx(packer->compressor);
    EVP_MD_CTX_free(packer->digest);
    free(packer);
}

sv_packed_block_t *
sv_block_packer_room(sv_block_packer_t *packer)
{
    size_t given = sv_side_thread_given(packer->side);

    return given - packer->dropped < SV_PACKER_BLOCKS ? sv_packer_block(packer, given) : NULL;
}

void
sv_block_packer_give(sv_block_packer_t *packer)
{
    sv_side_thread_give(packer->side);
}

sv_status_t
sv_block_packer_take(sv_block_packer_t *packer, bool wait, const sv_packed_block_t **block, sv_error_t *error)
{
    bool ready = packer->dropped < sv_side_thread_given(packer->side);

    *block = NULL;
    if (ready && !wait) {
        ready = sv_side_thread_returned(packer->side, packer->dropped);
    } else if (ready) {
        sv_side_thread_await(packer->side, packer->dropped, &ready, error);
    }
    if (ready) {
        *block = sv_packer_block(packer, packer->dropped);
    }
    return error->status;
}

void
sv_block_packer_drop(sv_block_packer_t *packer)
{
    sv_packed_block_t *block = sv_packer_block(packer, packer->dropped);

    if (block->raw_capacity > SV_PACKER_KEPT) {
        free(block->raw);
        free(block->data);
        *block = (sv_packed_block_t){ 0 };
    }
    block->raw_length = 0;
    block->rows = 0;
    packer->dropped++;
}

bool
sv_block_packer_digest(sv_block_packer_t *packer, char digest[SV_SHA256_HEX_SIZE])
{
    uint8_t bytes[SV_SHA256_SIZE];

    sv_side_thread_stop(packer->side);
    if (EVP_DigestFinal_ex(packer->digest, bytes, NULL) != 1) {
        return false;
    }
    sv_hex_encode(bytes, sizeof(bytes), digest);
    return true;
}
