#include "core/report/blocks/block_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/side_thread.h"

enum {
    SV_AHEAD_BLOCKS = 17,       /* two batches of a cursor, and the one that is read */
    SV_AHEAD_BYTES = 4 << 20,   /* of rows that wait, unless one block alone has more */
    SV_AHEAD_KEPT = 512 * 1024, /* bytes of room; what a block of long rows took more is given back */
};

/* Blocks go around: given to the thread, opened, taken; each number counts blocks from the first.  The one taken last is
 * read. */
struct sv_block_ahead_s {
    sv_opened_block_t blocks[SV_AHEAD_BLOCKS];
    size_t taken;
    size_t waiting_bytes; /* of rows */
    sv_side_thread_t *side;
    ZSTD_DCtx *decompressor; /* the thread's */
};

static sv_opened_block_t *
sv_ahead_block(sv_block_ahead_t *ahead, size_t number)
{
    return &ahead->blocks[number % SV_AHEAD_BLOCKS];
}

static sv_status_t
sv_ahead_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_block_ahead_t *ahead = context;
    size_t number;

    while (sv_side_thread_next(side, &number)) {
        sv_opened_block_t *next = sv_ahead_block(ahead, number);

        next->wrong = sv_block_open(&next->block, ahead->decompressor, &next->raw);
        sv_side_thread_return(side);
    }
    return error->status;
}

/* ---- the reader */

sv_block_ahead_t *
sv_block_ahead_create(void)
{
    sv_block_ahead_t *ahead = calloc(1, sizeof(*ahead));

    if (ahead == NULL) {
        return NULL;
    }
    ahead->decompressor = ZSTD_createDCtx();
    ahead->side = ahead->decompressor != NULL ? sv_side_thread_start(sv_ahead_work, ahead) : NULL;
    if (ahead->side == NULL) {
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
    sv_side_thread_destroy(ahead->side);
    for (size_t i = 0; i < SV_AHEAD_BLOCKS; i++) {
        sv_opened_free(&ahead->blocks[i]);
    }
    ZSTD_freeDCtx(ahead->decompressor);
    free(ahead);
}

size_t
sv_block_ahead_waiting(const sv_block_ahead_t *ahead)
{
    return sv_side_thread_given(ahead->side) - ahead->taken;
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
    sv_opened_block_t *next = sv_ahead_block(ahead, sv_side_thread_given(ahead->side));
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
    sv_side_thread_give(ahead->side);
    return true;
}

sv_status_t
sv_block_ahead_take(sv_block_ahead_t *ahead, const sv_opened_block_t **opened, sv_error_t *error)
{
    const sv_opened_block_t *next = sv_ahead_block(ahead, ahead->taken);
    bool returned = false;

    *opened = NULL;
    if (sv_block_ahead_waiting(ahead) > 0 &&
        sv_side_thread_await(ahead->side, ahead->taken, &returned, error) == SV_OK && returned) {
        ahead->taken++;
        ahead->waiting_bytes -= sv_ahead_bytes(&next->block);
        *opened = next;
    }
    return error->status;
}
