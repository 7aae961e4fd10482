#include "core/report/blocks/block_inserter.h"

#include <stdlib.h>

#include "core/base/side_thread.h"

enum {
    SV_INSERT_DOCUMENTS = 64,
    SV_INSERT_BYTES = 1024 * 1024, /* or as many as make so much */
};

typedef struct {
    bson_t *documents[SV_INSERT_DOCUMENTS];
    size_t count, bytes;
} sv_insert_batch_t;

/* One batch is gathered by the writer, the one given last is the thread's. */
struct sv_block_inserter_s {
    sv_collection_t collection;
    sv_block_announce_t announce; /* the thread's; once it was called it is none any more */
    sv_store_t *store;            /* the thread's */
    sv_insert_batch_t batches[2];
    sv_side_thread_t *side;
};

static void
sv_batch_forget(sv_insert_batch_t *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        bson_destroy(batch->documents[i]);
    }
    batch->count = 0;
    batch->bytes = 0;
}

static sv_status_t
sv_batch_insert(const sv_insert_batch_t *batch, sv_store_t *store, sv_collection_t collection, sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_t reply;
    bson_error_t reason;

    if (!mongoc_collection_insert_many(store->collections[collection], (const bson_t **) batch->documents, batch->count,
                                       options, &reply, &reason)) {
        sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return error->status;
}

/* ---- the thread */

static sv_status_t
sv_inserter_insert(sv_block_inserter_t *inserter, sv_insert_batch_t *batch, sv_error_t *error)
{
    sv_block_announce_t announce = inserter->announce;

    inserter->announce = (sv_block_announce_t){ 0 };
    if (announce.call == NULL || announce.call(announce.context, inserter->store, error) == SV_OK) {
        sv_batch_insert(batch, inserter->store, inserter->collection, error);
    }
    sv_batch_forget(batch);
    return error->status;
}

static sv_status_t
sv_inserter_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_block_inserter_t *inserter = context;
    size_t number;

    while (sv_side_thread_next(side, &number) &&
           sv_inserter_insert(inserter, &inserter->batches[number % 2], error) == SV_OK) {
        sv_side_thread_return(side);
    }
    return error->status;
}

/* ---- the writer */

sv_block_inserter_t *
sv_block_inserter_create(sv_store_pool_t *pool, sv_collection_t collection, const sv_block_announce_t *announce,
                         sv_error_t *error)
{
    sv_block_inserter_t *inserter = calloc(1, sizeof(*inserter));

    if (inserter == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    inserter->collection = collection;
    inserter->announce = announce != NULL ? *announce : (sv_block_announce_t){ 0 };
    inserter->store = sv_store_acquire(pool);
    if (inserter->store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for writing blocks");
    } else if ((inserter->side = sv_side_thread_start(sv_inserter_work, inserter)) == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "no thread for writing blocks");
    } else {
        return inserter;
    }
    sv_block_inserter_destroy(inserter);
    return NULL;
}

sv_status_t
sv_block_inserter_settle(sv_block_inserter_t *inserter, sv_error_t *error)
{
    size_t given = sv_side_thread_given(inserter->side);
    bool returned;

    return given > 0 ? sv_side_thread_await(inserter->side, given - 1, &returned, error) : SV_OK;
}

static sv_insert_batch_t *
sv_inserter_gathered(sv_block_inserter_t *inserter)
{
    return &inserter->batches[sv_side_thread_given(inserter->side) % 2];
}

/* What is gathered goes to the thread, once it has done with what it was given before. */
static sv_status_t
sv_inserter_give(sv_block_inserter_t *inserter, sv_error_t *error)
{
    if (sv_block_inserter_settle(inserter, error) != SV_OK) {
        sv_batch_forget(sv_inserter_gathered(inserter));
    } else {
        sv_side_thread_give(inserter->side);
    }
    return error->status;
}

sv_status_t
sv_block_inserter_add(sv_block_inserter_t *inserter, bson_t *document, sv_error_t *error)
{
    sv_insert_batch_t *batch = sv_inserter_gathered(inserter);

    batch->documents[batch->count++] = document;
    batch->bytes += document->len;
    return batch->count == SV_INSERT_DOCUMENTS || batch->bytes >= SV_INSERT_BYTES ? sv_inserter_give(inserter, error)
                                                                                  : SV_OK;
}

sv_status_t
sv_block_inserter_insert_last(sv_block_inserter_t *inserter, sv_store_t *store, sv_error_t *error)
{
    const sv_insert_batch_t *batch = sv_inserter_gathered(inserter);

    return batch->count > 0 ? sv_batch_insert(batch, store, inserter->collection, error) : SV_OK;
}

void
sv_block_inserter_destroy(sv_block_inserter_t *inserter)
{
    if (inserter == NULL) {
        return;
    }
    sv_side_thread_destroy(inserter->side);
    sv_batch_forget(&inserter->batches[0]);
    sv_batch_forget(&inserter->batches[1]);
    sv_store_release(inserter->store);
    free(inserter);
}
