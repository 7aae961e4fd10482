#include "core/report/blocks/block_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    SV_AHEAD_BLOCKS = 17,       /* two batches of a cursor, and the one that is read */
    SV_AHEAD_BYTES = 4 << 20,   /* of rows that wait, unless one block alone has more */
    SV_AHEAD_KEPT = 512 * 1024, /* bytes of room; what a block of long rows took more is given back */
};

/* Blocks go around: given, opened, taken.  Each number counts blocks from the first; the one taken last is read. */
struct sv_block_ahead_s {
    sv_opened_block_t blocks[SV_AHEAD_BLOCKS];
    size_t taken;
    size_t waiting_bytes; /* of rows */
    size_t opened;        /* these by turns under the lock */
    size_t given;
    bool stopped;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    ZSTD_DCtx *decompressor; /* the thread's */
};

static sv_opened_block_t *
sv_ahead_block(sv_block_ahead_t *ahead, size_t number)
{
    return &ahead->blocks[number % SV_AHEAD_BLOCKS];
}

static void *
sv_ahead_thread(void *context)
{
    sv_block_ahead_t *ahead = context;

    pthread_mutex_lock(&ahead->lock);
    for (;;) {
        sv_opened_block_t *next;

        while (ahead->opened == ahead->given && !ahead->stopped) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
        }
        if (ahead->stopped) {
            break;
        }
        next = sv_ahead_block(ahead, ahead->opened);
        pthread_mutex_unlock(&ahead->lock);
        next->wrong = sv_block_open(&next->block, ahead->decompressor, &next->raw);
        pthread_mutex_lock(&ahead->lock);
        ahead->opened++;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* ---- the reader */

sv_block_ahead_t *
sv_block_ahead_create(void)
{
    sv_block_ahead_t *ahead = calloc(1, sizeof(*ahead));

    if (ahead == NULL) {
        return NULL;
    }
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    ahead->decompressor = ZSTD_createDCtx();
    ahead->started = ahead->decompressor != NULL && pthread_create(&ahead->thread, NULL, sv_ahead_thread, ahead) == 0;
    if (!ahead->started) {
        sv_block_ahead_destroy(ahead);
        return NULL;
    }
    return ahead;
}

static void
sv_opened_free(sv_opened_block_t *block)
{
    free(block->copy);
    free(block->raw.bytes);
    *block = (sv_opened_block_t){ 0 };
}

void
sv_block_ahead_destroy(sv_block_ahead_t *ahead)
{
    if (ahead == NULL) {
        return;
    }
    if (ahead->started) {
        pthread_mutex_lock(&ahead->lock);
        ahead->stopped = true;
        pthread_cond_broadcast(&ahead->changed);
        pthread_mutex_unlock(&ahead->lock);
        pthread_join(ahead->thread, NULL);
    }
    for (size_t i = 0; i < SV_AHEAD_BLOCKS; i++) {
        sv_opened_free(&ahead->blocks[i]);
    }
    ZSTD_freeDCtx(ahead->decompressor);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}

size_t
sv_block_ahead_waiting(const sv_block_ahead_t *ahead)
{
    return ahead->given - ahead->taken;
}

bool
sv_block_ahead_room(const sv_block_ahead_t *ahead)
{
    size_t waiting = sv_block_ahead_waiting(ahead);

    return waiting == 0 || (waiting < SV_AHEAD_BLOCKS - 1 && ahead->waiting_bytes < SV_AHEAD_BYTES);
}

/* A block that says it has more than any has fails when it is opened; until then it is not counted on. */
static size_t
sv_ahead_bytes(const sv_block_t *block)
{
    return block->bytes > 0 && block->bytes < SV_AHEAD_BYTES ? (size_t) block->bytes : SV_AHEAD_BYTES;
}

bool
sv_block_ahead_give(sv_block_ahead_t *ahead, const sv_block_t *block)
{
    sv_opened_block_t *next = sv_ahead_block(ahead, ahead->given);
    size_t needed = (size_t) block->size + block->sha256_size;

    if (next->raw.capacity > SV_AHEAD_KEPT || next->copy_capacity > SV_AHEAD_KEPT) {
        sv_opened_free(next);
    }
    if (needed > next->copy_capacity) {
        free(next->copy);
        next->copy = malloc(needed);
        next->copy_capacity = next->copy != NULL ? needed : 0;
    }
    if (needed > next->copy_capacity) {
        return false;
    }
    next->block = *block;
    if (block->data != NULL && block->sha256 != NULL) {
        memcpy(next->copy, block->data, block->size);
        memcpy(next->copy + block->size, block->sha256, block->sha256_size);
        next->block.data = next->copy;
        next->block.sha256 = next->copy + block->size;
    } else {
        next->block.data = NULL; /* which is no block */
    }
    ahead->waiting_bytes += sv_ahead_bytes(block);
    pthread_mutex_lock(&ahead->lock);
    ahead->given++;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    return true;
}

const sv_opened_block_t *
sv_block_ahead_take(sv_block_ahead_t *ahead)
{
    const sv_opened_block_t *next = sv_ahead_block(ahead, ahead->taken);

    if (sv_block_ahead_waiting(ahead) == 0) {
        return NULL;
    }
    pthread_mutex_lock(&ahead->lock);
    while (ahead->opened == ahead->taken) {
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    ahead->taken++;
    ahead->waiting_bytes -= sv_ahead_bytes(&next->block);
    return next;
}
