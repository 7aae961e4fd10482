/* Sealing the audit trail, and finding out who tampered with it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/audit/audit.h"
#include "core/audit/seal.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
write_entries(int count)
{
    sv_principal_t who = { .user_id = "u1", .role = SV_ROLE_STAFF, .request_id = "r1" };
    bson_t *details = sv_real_json(real.arena, "{'records': 3, 'nested': {'b': 1, 'a': [1, {'x': null}]}}");
    sv_audit_t entry = { .action = "sync.batch", .session_id = "s1", .rack_id = "R1", .details = details };

    for (int i = 0; i < count; i++) {
        assert_int_equal(sv_audit_write(real.store, &who, &entry, &real.error), SV_OK);
    }
}

static int64_t
seal(void)
{
    int64_t sealed = -1;

    if (sv_audit_seal_round(real.store, &sealed, &real.error) != SV_OK) {
        fail_msg("%s", real.error.cause);
    }
    return sealed;
}

static sv_audit_verdict_t
verify(void)
{
    sv_audit_verdict_t verdict;

    assert_int_equal(sv_audit_verify(real.store, &verdict, &real.error), SV_OK);
    return verdict;
}

static void
test_entries_are_sealed_in_one_chain(void **state)
{
    sv_audit_verdict_t verdict;

    (void) state;
    assert_int_equal(seal(), 0);
    verdict = verify();
    assert_null(verdict.problem);
    assert_int_equal(verdict.entries, 0);

    write_entries(5);
    assert_int_equal(verify().unsealed, 5);
    assert_int_equal(seal(), 5);
    write_entries(1200); /* more than one round takes */
    while (seal() > 0) {
    }
    verdict = verify();
    assert_null(verdict.problem);
    assert_int_equal(verdict.entries, 1205);
    assert_int_equal(verdict.unsealed, 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'sealed': true}"), 1205);
    assert_int_equal(sv_doc_int(sv_real_find(&real, SV_COLLECTION_AUDIT_CHAIN, "{'_id': 'head'}"), "seq"), 1205);
}

static void
test_a_changed_entry_is_found(void **state)
{
    sv_audit_verdict_t verdict;

    (void) state;
    write_entries(10);
    assert_int_equal(seal(), 10);
    sv_real_update(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'seq': 4}", "{'$set': {'details.records': 4}}");
    verdict = verify();
    assert_int_equal(verdict.bad_seq, 4);
    assert_int_equal(verdict.entries, 3);
    assert_non_null(strstr(verdict.problem, "changed"));
    sv_real_update(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'seq': 4}", "{'$set': {'details.records': 3}}");
    assert_null(verify().problem);
    sv_real_update(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'seq': 10}", "{'$set': {'forged': true}}");
    assert_int_equal(verify().bad_seq, 10);
}

static void
test_a_missing_entry_is_found(void **state)
{
    (void) state;
    write_entries(10);
    assert_int_equal(seal(), 10);
    assert_true(mongoc_collection_delete_one(real.store->collections[SV_COLLECTION_ACTIVITY_LOGS],
                                             sv_real_json(real.arena, "{'seq': 7}"), NULL, NULL, NULL));
    assert_int_equal(verify().bad_seq, 7);
    assert_true(mongoc_collection_delete_one(real.store->collections[SV_COLLECTION_ACTIVITY_LOGS],
                                             sv_real_json(real.arena, "{'seq': 10}"), NULL, NULL, NULL));
    assert_int_equal(verify().bad_seq, 7);
}

static void
test_the_last_entry_cannot_be_cut_off(void **state)
{
    (void) state;
    write_entries(3);
    assert_int_equal(seal(), 3);
    assert_true(mongoc_collection_delete_one(real.store->collections[SV_COLLECTION_ACTIVITY_LOGS],
                                             sv_real_json(real.arena, "{'seq': 3}"), NULL, NULL, NULL));
    assert_int_equal(verify().bad_seq, 3);
}

enum { SEALERS = 3, ENTRIES = 600 };

static void *
seal_until_done(void *context)
{
    sv_store_t *store = sv_store_acquire(real.pool);
    int64_t *failures = context;

    for (;;) {
        sv_arena_t *arena = sv_arena_create();
        bson_t *filter = BCON_NEW("sealed", BCON_BOOL(false));
        const bson_t *left = NULL;
        sv_error_t error;
        int64_t sealed;
        bool done;

        sv_error_init(&error, arena);
        if (sv_audit_seal_round(store, &sealed, &error) == SV_ERR_INTERNAL) {
            (*failures)++;
        }
        sv_error_clear(&error);
        done = sv_store_find_one(store, SV_COLLECTION_ACTIVITY_LOGS, filter, NULL, arena, &left, &error) == SV_OK &&
               left == NULL;
        bson_destroy(filter);
        sv_arena_destroy(arena);
        if (done) {
            break;
        }
    }
    sv_store_release(store);
    return NULL;
}

static void
test_sealers_at_once_make_one_chain(void **state)
{
    pthread_t threads[SEALERS];
    int64_t failures[SEALERS] = { 0 };
    sv_audit_verdict_t verdict;

    (void) state;
    write_entries(ENTRIES);
    for (int i = 0; i < SEALERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, seal_until_done, &failures[i]), 0);
    }
    for (int i = 0; i < SEALERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
    verdict = verify();
    assert_null(verdict.problem);
    assert_int_equal(verdict.entries, ENTRIES);
}

static void
test_an_entry_of_many_fields_is_sealed_too(void **state)
{
    bson_t *entry = sv_real_json(real.arena, "{'at': {'$date': '2026-01-05T08:00:00Z'}, 'sealed': false}");

    (void) state;
    for (int i = 0; i < 200; i++) {
        BSON_APPEND_INT32(entry, sv_arena_printf(real.arena, "field%d", i), i);
    }
    assert_int_equal(sv_store_insert(real.store, SV_COLLECTION_ACTIVITY_LOGS, entry, &real.error), SV_OK);
    write_entries(2);
    assert_int_equal(seal(), 3);
    assert_null(verify().problem);
}

/* The head was put back to an older state: sealing anew would fork the chain, and nobody would be told. */
static void
test_a_head_that_was_put_back_is_told(void **state)
{
    int64_t sealed;

    (void) state;
    write_entries(5);
    assert_int_equal(seal(), 5);
    sv_real_update(&real, SV_COLLECTION_AUDIT_CHAIN, "{'_id': 'head'}", "{'$set': {'seq': {'$numberLong': '3'}}}");
    write_entries(1);
    assert_int_equal(sv_audit_seal_round(real.store, &sealed, &real.error), SV_ERR_INTERNAL);
    assert_non_null(strstr(real.error.cause, "past the head"));
    sv_error_clear(&real.error);
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_entries_are_sealed_in_one_chain),
        WITH_SERVER(test_a_changed_entry_is_found),
        WITH_SERVER(test_a_missing_entry_is_found),
        WITH_SERVER(test_the_last_entry_cannot_be_cut_off),
        WITH_SERVER(test_an_entry_of_many_fields_is_sealed_too),
        WITH_SERVER(test_a_head_that_was_put_back_is_told),
        WITH_SERVER(test_sealers_at_once_make_one_chain),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
