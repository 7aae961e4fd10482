#ifndef SV_TRANSACTION_H
#define SV_TRANSACTION_H

#include "core/store/store.h"

/*
 * Runs `body` in a transaction (readConcern snapshot, w: majority, j: true) and commits.
 * The retry loop is ours: the body is run again on TransientTransactionError
 * (any server call in it that fails with that label, wherever it was made: the sv_store_
 * functions note the label on the store), the commit is repeated on
 * UnknownTransactionCommitResult, both with jitter, for transaction_time in all,
 * then SV_ERR_BUSY when other transactions were in the way (the server is well, and no circuit opens for it), else
 * SV_ERR_UNAVAILABLE.  So a body may run several times: it must start
 * from its inputs each time and have no effect outside the database.
 *
 * The body returns SV_OK to commit; any other status aborts and is returned with `error` as it
 * set it.  Direct mongoc calls in a body pass sv_store_options() and report a failure with
 * sv_store_call_fail(), which keeps the label.
 */
typedef sv_status_t (*sv_transaction_body_t)(sv_store_t *store, void *context, sv_error_t *error);

sv_status_t sv_transaction_run(sv_store_t *store, sv_transaction_body_t body, void *context, sv_error_t *error);

/* The same for a body that ends in SV_ERR_ALREADY_EXISTS when somebody else took a unique key meanwhile, which its
 * next run will see: runs the transaction until no key is in its way, SV_ERR_BUSY when there is always another. */
sv_status_t
sv_transaction_run_past_duplicates(sv_store_t *store, sv_transaction_body_t body, void *context, sv_error_t *error);

#endif
