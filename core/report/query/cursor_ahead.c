#include "core/report/query/cursor_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/side_thread.h"

enum {
    SV_AHEAD_BATCHES = 4,        /* one is read, one filled, two so that neither waits for the other */
    SV_AHEAD_BYTES = 128 * 1024, /* of a batch that is full */
    SV_AHEAD_KEPT = 1 << 20,     /* bytes of room; what a long document took more is given back */
};

/* Documents one behind the other. */
typedef struct {
    uint8_t *bytes;
    size_t length, capacity;
} sv_ahead_batch_t;

/* The document's view stands first: libbson asks for an alignment of its own. */
struct sv_cursor_ahead_s {
    bson_t document;
    mongoc_cursor_t *cursor;                    /* the thread's */
    sv_ahead_batch_t batches[SV_AHEAD_BATCHES]; /* go around: given empty, returned full, read */
    sv_ahead_batch_t *reading;                  /* NULL: none */
    size_t read;                                /* batches that were read to their end, and */
    size_t at;                                  /* bytes of this one */
    sv_side_thread_t *side;
};

/* ---- the thread */

static bool
sv_ahead_room(sv_ahead_batch_t *batch, size_t needed)
{
    size_t capacity = batch->capacity == 0 ? SV_AHEAD_BYTES : batch->capacity;
    uint8_t *moved;

    if (needed <= batch->capacity) {
        return true;
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    moved = realloc(batch->bytes, capacity);
    if (moved == NULL) {
        return false;
    }
    batch->bytes = moved;
    batch->capacity = capacity;
    return true;
}

static void
sv_ahead_empty(sv_ahead_batch_t *batch)
{
    batch->length = 0;
    if (batch->capacity > SV_AHEAD_KEPT) {
        free(batch->bytes);
        *batch = (sv_ahead_batch_t){ 0 };
    }
}

/* *more false: the cursor has come to its end. */
static sv_status_t
sv_ahead_fill(sv_ahead_batch_t *batch, mongoc_cursor_t *cursor, bool *more, sv_error_t *error)
{
    const bson_t *document;

    sv_ahead_empty(batch);
    while (batch->length < SV_AHEAD_BYTES && (*more = mongoc_cursor_next(cursor, &document))) {
        if (!sv_ahead_room(batch, batch->length + document->len)) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "reading ahead: out of memory");
        }
        memcpy(batch->bytes + batch->length, bson_get_data(document), document->len);
        batch->length += document->len;
    }
    return SV_OK;
}

static sv_status_t
sv_ahead_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_cursor_ahead_t *ahead = context;
    bool more = true;
    size_t number;

    while (more && sv_side_thread_next(side, &number)) {
        sv_ahead_batch_t *batch = &ahead->batches[number % SV_AHEAD_BATCHES];

        if (sv_ahead_fill(batch, ahead->cursor, &more, error) != SV_OK) {
            return error->status;
        }
        if (batch->length > 0) {
            sv_side_thread_return(side);
        }
    }
    return SV_OK;
}

/* ---- who reads */

sv_cursor_ahead_t *
sv_cursor_ahead_create(mongoc_cursor_t *cursor)
{
    sv_cursor_ahead_t *ahead = aligned_alloc(_Alignof(sv_cursor_ahead_t), sizeof(*ahead));

    if (ahead == NULL) {
        return NULL;
    }
    memset(ahead, 0, sizeof(*ahead));
    ahead->cursor = cursor;
    ahead->side = sv_side_thread_start(sv_ahead_work, ahead);
    if (ahead->side == NULL) {
        sv_cursor_ahead_destroy(ahead);
        return NULL;
    }
    for (int i = 0; i < SV_AHEAD_BATCHES; i++) {
        sv_side_thread_give(ahead->side);
    }
    return ahead;
}

void
sv_cursor_ahead_destroy(sv_cursor_ahead_t *ahead)
{
    if (ahead == NULL) {
        return;
    }
    sv_side_thread_destroy(ahead->side);
    for (int i = 0; i < SV_AHEAD_BATCHES; i++) {
        free(ahead->batches[i].bytes);
    }
    free(ahead);
}

/* Gives the batch back that was read, and waits for the next; `reading` stays NULL when there is none. */
static sv_status_t
sv_ahead_turn(sv_cursor_ahead_t *ahead, sv_error_t *error)
{
    bool returned;

    if (ahead->reading != NULL) {
        ahead->reading = NULL;
        ahead->read++;
        sv_side_thread_give(ahead->side);
    }
    if (sv_side_thread_await(ahead->side, ahead->read, &returned, error) == SV_OK && returned) {
        ahead->reading = &ahead->batches[ahead->read % SV_AHEAD_BATCHES];
        ahead->at = 0;
    }
    return error->status;
}

sv_status_t
sv_cursor_ahead_next(sv_cursor_ahead_t *ahead, const bson_t **document, sv_error_t *error)
{
    const uint8_t *bytes;
    uint32_t length;

    *document = NULL;
    if ((ahead->reading == NULL || ahead->at == ahead->reading->length) && sv_ahead_turn(ahead, error) != SV_OK) {
        return error->status;
    }
    if (ahead->reading == NULL) {
        return SV_OK;
    }
    bytes = ahead->reading->bytes + ahead->at;
    memcpy(&length, bytes, sizeof(length));
    length = BSON_UINT32_FROM_LE(length);
    if (!bson_init_static(&ahead->document, bytes, length)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "reading ahead: no document");
    }
    ahead->at += length;
    *document = &ahead->document;
    return SV_OK;
}
