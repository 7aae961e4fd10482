#include "core/store/transaction.h"

#include <time.h>

#include "core/base/clock.h"

enum { SV_BACKOFF_FIRST_US = 500, SV_BACKOFF_MAX_US = 50000, SV_DUPLICATE_ROUNDS = 16 };

typedef struct {
    sv_store_t *store;
    int64_t deadline_ms; /* monotonic */
    int64_t backoff_us;
    uint64_t random; /* jitter needs to differ between threads, not to be secret */
} sv_retry_t;

/* Waits a random part of a growing time; false when the time in all is over. */
static bool
sv_retry_wait(sv_retry_t *retry)
{
    struct timespec pause = { 0 };

    if (sv_clock_monotonic_ms() >= retry->deadline_ms) {
        return false;
    }
    retry->random ^= retry->random << 13;
    retry->random ^= retry->random >> 7;
    retry->random ^= retry->random << 17;
    pause.tv_nsec = (long) (retry->random % (uint64_t) retry->backoff_us) * 1000;
    nanosleep(&pause, NULL);
    retry->backoff_us = retry->backoff_us * 2 < SV_BACKOFF_MAX_US ? retry->backoff_us * 2 : (int64_t) SV_BACKOFF_MAX_US;
    return true;
}

/* After a failure nobody knows what the server still has of the session: the next transaction gets another. */
static void
sv_session_end(sv_store_t *store)
{
    sv_left_sessions_t *left = sv_store_left_sessions(store->pool);

    if (store->cut_off) {
        sv_left_sessions_add(left, mongoc_client_session_get_lsid(store->session));
    }
    mongoc_client_session_destroy(store->session);
    store->session = NULL;
    sv_left_sessions_note(left, store->number, NULL);
}

static mongoc_transaction_opt_t *
sv_transaction_options(void)
{
    mongoc_transaction_opt_t *options = mongoc_transaction_opts_new();
    mongoc_read_concern_t *read_concern = mongoc_read_concern_new();
    mongoc_write_concern_t *write_concern = mongoc_write_concern_new();

    mongoc_read_concern_set_level(read_concern, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
    mongoc_write_concern_set_w(write_concern, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write_concern, true);
    mongoc_transaction_opts_set_read_concern(options, read_concern);
    mongoc_transaction_opts_set_write_concern(options, write_concern);
    mongoc_read_concern_destroy(read_concern);
    mongoc_write_concern_destroy(write_concern);
    return options;
}

typedef enum { SV_TRY_DONE, SV_TRY_AGAIN, SV_TRY_FAILED } sv_try_t;

/* Commits, as often as the outcome stays unknown. */
static sv_try_t
sv_transaction_commit(sv_retry_t *retry, sv_error_t *error)
{
    sv_store_t *store = retry->store;

    for (;;) {
        bson_t reply;
        bson_error_t reason;
        bool done = mongoc_client_session_commit_transaction(store->transaction, &reply, &reason);
        bool unknown = !done && mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");
        bool transient = !done && mongoc_error_has_label(&reply, "TransientTransactionError");

        bson_destroy(&reply);
        store->outcome_unknown = unknown;
        if (done) {
            return SV_TRY_DONE;
        }
        sv_store_note_failure(store, &reason);
        if (!(unknown && sv_retry_wait(retry))) {
            sv_store_fail(&reason, error);
            return transient ? SV_TRY_AGAIN : SV_TRY_FAILED;
        }
    }
}

static sv_try_t
sv_transaction_try(sv_retry_t *retry, const mongoc_transaction_opt_t *options, sv_transaction_body_t body,
                   void *context, sv_error_t *error)
{
    sv_store_t *store = retry->store;
    bson_error_t reason;
    sv_status_t status;

    sv_error_clear(error);
    store->transient = false;
    if (!mongoc_client_session_start_transaction(store->transaction, options, &reason)) {
        sv_store_fail(&reason, error);
        return SV_TRY_FAILED;
    }
    status = body(store, context, error);
    if (status == SV_OK && !store->transient) {
        return sv_transaction_commit(retry, error);
    }
    mongoc_client_session_abort_transaction(store->transaction, NULL);
    return store->transient ? SV_TRY_AGAIN : SV_TRY_FAILED;
}

static sv_status_t
sv_transaction_kill(sv_store_t *store, const uint8_t *id, sv_error_t *error)
{
    bson_t session_id = BSON_INITIALIZER;
    sv_status_t status;

    BSON_APPEND_BINARY(&session_id, "id", BSON_SUBTYPE_UUID, id, SV_SESSION_ID_BYTES);
    status = sv_store_kill_session(store, &session_id, error);
    bson_destroy(&session_id);
    return status;
}

/* Ends the sessions that nobody goes on with, if any; what could not be ended stays listed. */
static sv_status_t
sv_transaction_end_left(sv_store_t *store, sv_error_t *error)
{
    sv_left_sessions_t *left = sv_store_left_sessions(store->pool);
    sv_session_note_t id;

    while (sv_left_sessions_take(left, id)) {
        if (sv_transaction_kill(store, id, error) == SV_ERR_UNAVAILABLE) {
            sv_left_sessions_put_back(left, id);
            return error->status;
        }
        /* Refused: then the server's time limit has to do. */
        sv_error_clear(error);
    }
    return SV_OK;
}

sv_status_t
sv_transaction_run(sv_store_t *store, sv_transaction_body_t body, void *context, sv_error_t *error)
{
    sv_retry_t retry = { .store = store, .backoff_us = SV_BACKOFF_FIRST_US };
    mongoc_transaction_opt_t *options;
    struct timespec now;
    sv_try_t result;

    if (store->transaction != NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "a transaction inside a transaction");
    }
    store->outcome_unknown = false;
    store->cut_off = false;
    store->contended = false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    retry.random = ((uint64_t) now.tv_nsec << 20) ^ (uintptr_t) store ^ 0x9e3779b97f4a7c15u;
    retry.deadline_ms = sv_clock_monotonic_ms() + store->settings->transaction_time;
    if (sv_transaction_end_left(store, error) != SV_OK || sv_store_session_id(store, error) == NULL) {
        return error->status;
    }
    store->transaction = store->session;
    options = sv_transaction_options();
    do {
        result = sv_transaction_try(&retry, options, body, context, error);
    } while (result == SV_TRY_AGAIN && sv_retry_wait(&retry));
    mongoc_transaction_opts_destroy(options);
    store->transaction = NULL;
    if (error->status == SV_ERR_UNAVAILABLE || result == SV_TRY_AGAIN) {
        sv_session_end(store);
    }
    if (result == SV_TRY_DONE) {
        sv_error_clear(error);
    } else if (result == SV_TRY_AGAIN) {
        const char *cause = error->cause;

        sv_error_clear(error);
        sv_fail_cause(error, store->contended ? SV_ERR_BUSY : SV_ERR_UNAVAILABLE,
                      "a transaction found no way through in time; last: %s", cause != NULL ? cause : "a conflict");
    }
    return error->status;
}

sv_status_t
sv_transaction_run_past_duplicates(sv_store_t *store, sv_transaction_body_t body, void *context, sv_error_t *error)
{
    int64_t deadline_ms = sv_clock_monotonic_ms() + store->settings->transaction_time;
    const char *cause;
    int round = 0;

    do {
        if (sv_transaction_run(store, body, context, error) != SV_ERR_ALREADY_EXISTS) {
            return error->status;
        }
    } while (++round < SV_DUPLICATE_ROUNDS && sv_clock_monotonic_ms() < deadline_ms);
    cause = error->cause;
    sv_error_clear(error);
    return sv_fail_cause(error, SV_ERR_BUSY, "a transaction met a new duplicate in every round; last: %s",
                         cause != NULL ? cause : "unknown");
}
