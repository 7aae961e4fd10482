#ifndef SV_BULK_H
#define SV_BULK_H

#include "core/store/store.h"

/*
 * Many updates in one round trip, unordered: one that fails does not keep the others from being made.
 * Inside a transaction when there is one; there any failure fails the whole.
 */
typedef struct {
    sv_store_t *store;
    mongoc_bulk_operation_t *operation;
    size_t count;
} sv_bulk_t;

/* To be ended with sv_bulk_run or sv_bulk_discard. */
void sv_bulk_begin(sv_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_arena_t *arena);

/* Adds one update of one document; filter and update are copied. */
sv_status_t sv_bulk_update(sv_bulk_t *bulk, const bson_t *filter, const bson_t *update, bool upsert, sv_error_t *error);
/* Adds one update of every document that matches. */
sv_status_t sv_bulk_update_many(sv_bulk_t *bulk, const bson_t *filter, const bson_t *update, sv_error_t *error);

/* What came of a bulk. */
typedef struct {
    int64_t matched; /* upserts not counted */
    int64_t upserted;
    int64_t duplicates; /* upserts that lost a race for a unique key: somebody else made the document */
    bool *duplicate;    /* by index, in the arena: which met a unique key that another document has */
    bool *failed;       /* by index, in the arena: which were not made (duplicates are not failures) */
    size_t failed_count;
} sv_bulk_result_t;

/* Runs it (nothing added: nothing is sent).  SV_OK also when single updates failed outside a transaction, as
 * `result` tells.  SV_ERR_ALREADY_EXISTS, inside one only: an upsert lost a race for a unique key, so the transaction
 * is to be begun again.  SV_ERR_UNAVAILABLE and SV_ERR_INTERNAL: none may be taken as made. */
sv_status_t sv_bulk_run(sv_bulk_t *bulk, sv_arena_t *arena, sv_bulk_result_t *result, sv_error_t *error);
void sv_bulk_discard(sv_bulk_t *bulk);

#endif
