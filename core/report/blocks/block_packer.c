#include "core/report/blocks/block_packer.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
    SV_PACKER_BLOCKS = 4, /* one is filled, one compressed, one written; one so that none of them waits for another */
    SV_PACKER_KEPT = 2 << 20, /* bytes of room; what one long row took more is given back */
    SV_PACKER_LEVEL = 1,      /* of zstd, */
    SV_PACKER_HASH_LOG = 12,  /* and a table that fits the first cache: as small, in four fifths of the time */
};

/* Blocks go around: filled, given, packed, taken, dropped.  Each number counts blocks from the first. */
struct sv_block_packer_s {
    sv_packed_block_t blocks[SV_PACKER_BLOCKS];
    size_t dropped; /* by the writer; these three by turns under the lock */
    size_t packed;
    size_t given;
    bool stopped;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    /* the thread's, while it runs */
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

static void
sv_packer_pack(sv_block_packer_t *packer, sv_packed_block_t *block)
{
    size_t bound = ZSTD_compressBound(block->raw_length), size;

    block->failure = NULL;
    if (bound > block->data_capacity) {
        free(block->data);
        block->data = malloc(bound);
        block->data_capacity = block->data != NULL ? bound : 0;
    }
    if (block->data == NULL) {
        block->failure = "out of memory";
        return;
    }
    size = ZSTD_compress2(packer->compressor, block->data, bound, block->raw, block->raw_length);
    if (ZSTD_isError(size)) {
        block->failure = ZSTD_getErrorName(size);
        return;
    }
    block->size = size;
    sv_sha256(block->data, size, block->sha256);
    if (EVP_DigestUpdate(packer->digest, block->raw, block->raw_length) != 1) {
        block->failure = "SHA-256 failed";
    }
}

static void *
sv_packer_thread(void *context)
{
    sv_block_packer_t *packer = context;

    pthread_mutex_lock(&packer->lock);
    for (;;) {
        while (packer->packed == packer->given && !packer->stopped) {
            pthread_cond_wait(&packer->changed, &packer->lock);
        }
        if (packer->stopped) {
            break;
        }
        pthread_mutex_unlock(&packer->lock);
        sv_packer_pack(packer, sv_packer_block(packer, packer->packed));
        pthread_mutex_lock(&packer->lock);
        packer->packed++;
        pthread_cond_broadcast(&packer->changed);
    }
    pthread_mutex_unlock(&packer->lock);
    return NULL;
}

/* ---- the writer */

sv_block_packer_t *
sv_block_packer_create(const sv_row_layout_t *layout)
{
    sv_block_packer_t *packer = calloc(1, sizeof(*packer));

    if (packer == NULL) {
        return NULL;
    }
    pthread_mutex_init(&packer->lock, NULL);
    pthread_cond_init(&packer->changed, NULL);
    packer->compressor = ZSTD_createCCtx();
    packer->digest = EVP_MD_CTX_new();
    if (packer->compressor != NULL && packer->digest != NULL &&
        EVP_DigestInit_ex(packer->digest, EVP_sha256(), NULL) == 1) {
        ZSTD_CCtx_setParameter(packer->compressor, ZSTD_c_compressionLevel, SV_PACKER_LEVEL);
        ZSTD_CCtx_setParameter(packer->compressor, ZSTD_c_hashLog, SV_PACKER_HASH_LOG);
        sv_packer_digest_columns(packer->digest, layout);
        packer->started = pthread_create(&packer->thread, NULL, sv_packer_thread, packer) == 0;
    }
    if (!packer->started) {
        sv_block_packer_destroy(packer);
        return NULL;
    }
    return packer;
}

static void
sv_packer_stop(sv_block_packer_t *packer)
{
    if (!packer->started) {
        return;
    }
    pthread_mutex_lock(&packer->lock);
    packer->stopped = true;
    pthread_cond_broadcast(&packer->changed);
    pthread_mutex_unlock(&packer->lock);
    pthread_join(packer->thread, NULL);
    packer->started = false;
}

void
sv_block_packer_destroy(sv_block_packer_t *packer)
{
    if (packer == NULL) {
        return;
    }
    sv_packer_stop(packer);
    for (size_t i = 0; i < SV_PACKER_BLOCKS; i++) {
        free(packer->blocks[i].raw);
        free(packer->blocks[i].data);
    }
    ZSTD_freeCCtx(packer->compressor);
    EVP_MD_CTX_free(packer->digest);
    pthread_cond_destroy(&packer->changed);
    pthread_mutex_destroy(&packer->lock);
    free(packer);
}

sv_packed_block_t *
sv_block_packer_room(sv_block_packer_t *packer)
{
    return packer->given - packer->dropped < SV_PACKER_BLOCKS ? sv_packer_block(packer, packer->given) : NULL;
}

void
sv_block_packer_give(sv_block_packer_t *packer)
{
    pthread_mutex_lock(&packer->lock);
    packer->given++;
    pthread_cond_broadcast(&packer->changed);
    pthread_mutex_unlock(&packer->lock);
}

const sv_packed_block_t *
sv_block_packer_take(sv_block_packer_t *packer, bool wait)
{
    bool ready;

    if (packer->dropped == packer->given) {
        return NULL;
    }
    pthread_mutex_lock(&packer->lock);
    while (wait && packer->packed == packer->dropped) {
        pthread_cond_wait(&packer->changed, &packer->lock);
    }
    ready = packer->packed > packer->dropped;
    pthread_mutex_unlock(&packer->lock);
    return ready ? sv_packer_block(packer, packer->dropped) : NULL;
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

    sv_packer_stop(packer);
    if (EVP_DigestFinal_ex(packer->digest, bytes, NULL) != 1) {
        return false;
    }
    sv_hex_encode(bytes, sizeof(bytes), digest);
    return true;
}
