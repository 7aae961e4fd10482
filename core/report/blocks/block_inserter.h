#ifndef SV_BLOCK_INSERTER_H
#define SV_BLOCK_INSERTER_H

#include "core/report/blocks/block_announce.h"
#include "core/store/store.h"

/*
 * Inserts documents on a thread of its own (core/base/side_thread.h), through a client of its own, while the next ones
 * are made; for core/report/blocks/blocks.c alone.  All functions are for one thread, the writer's.  Some go together: one insert,
 * one flush of the server's journal.  While those are under way as many more may be gathered, and no more.  The last
 * ones stay gathered, for a transaction that has more to write.
 */
typedef struct sv_block_inserter_s sv_block_inserter_t;

/* Takes a client of the pool for as long as it lives.  The thread calls `announce` before its first insert (NULL:
 * nothing).  NULL: SV_ERR_UNAVAILABLE when none came free, SV_ERR_INTERNAL without memory or a thread. */
sv_block_inserter_t *sv_block_inserter_create(sv_store_pool_t *pool, sv_collection_t collection,
                                              const sv_block_announce_t *announce, sv_error_t *error);
/* One more document, which is its own from now on.  What it returns may tell of an insert before. */
sv_status_t sv_block_inserter_add(sv_block_inserter_t *inserter, bson_t *document, sv_error_t *error);
/* Waits for what is under way. */
sv_status_t sv_block_inserter_settle(sv_block_inserter_t *inserter, sv_error_t *error);
/* Inserts what is gathered through another client, in its transaction when it has one; it stays gathered. */
sv_status_t sv_block_inserter_insert_last(sv_block_inserter_t *inserter, sv_store_t *store, sv_error_t *error);
/* Waits for an insert that is under way; what was only gathered is not inserted.  NULL is allowed. */
void sv_block_inserter_destroy(sv_block_inserter_t *inserter);

#endif
