/* Transactions that nobody goes on with are ended by whoever comes next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/store/transaction.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

enum { NOTES = 8 };

static sv_session_note_t notes[NOTES];
static const sv_session_note_t none;

static int
noted(void)
{
    int count = 0;

    for (size_t i = 0; i < NOTES; i++) {
        count += memcmp(notes[i], none, sizeof(none)) != 0;
    }
    return count;
}

/* Changes the item in a transaction that stays open. */
static void
change_and_stay(sv_store_t *store)
{
    bson_t *filter = sv_real_json(real.arena, "{'item_code': 'A'}");
    bson_t *update = sv_real_json(real.arena, "{'$inc': {'derivations': 1}}");
    bson_t options = BSON_INITIALIZER;

    assert_non_null(sv_store_session_id(store, &real.error));
    assert_true(mongoc_client_session_start_transaction(store->session, NULL, NULL));
    assert_true(mongoc_client_session_append(store->session, &options, NULL));
    assert_true(mongoc_collection_update_one(store->collections[SV_COLLECTION_ERP_ITEMS], filter, update, &options,
                                             NULL, NULL));
    bson_destroy(&options);
}

static sv_status_t
change_body(sv_store_t *store, void *context, sv_error_t *error)
{
    bson_t *filter = sv_real_json(real.arena, "{'item_code': 'A'}");
    bson_t *update = sv_real_json(real.arena, "{'$inc': {'derivations': 10}}");

    (void) context;
    return sv_store_update_one(store, SV_COLLECTION_ERP_ITEMS, filter, update, NULL, error);
}

static sv_status_t
change(sv_store_t *store)
{
    sv_status_t status = sv_transaction_run(store, change_body, NULL, &real.error);

    sv_error_clear(&real.error);
    return status;
}

static int64_t
items_with(const char *filter)
{
    return sv_real_count(&real, SV_COLLECTION_ERP_ITEMS, filter);
}

static void
test_a_successor_ends_what_a_dead_process_noted(void **state)
{
    sv_store_t *dead, *heir;
    sv_store_pool_t *pool;

    (void) state;
    sv_left_sessions_keep_notes(sv_store_left_sessions(real.pool), notes, NOTES);
    dead = sv_store_acquire(real.pool);
    change_and_stay(dead);
    assert_int_equal(noted(), 1);
    assert_int_equal(change(real.store), SV_ERR_BUSY); /* contention, not a failure of the server */

    pool = sv_store_pool_create(&real.settings, 2, &real.error);
    assert_non_null(pool);
    sv_left_sessions_keep_notes(sv_store_left_sessions(pool), notes, NOTES);
    assert_int_equal(noted(), 0);
    heir = sv_store_acquire(pool);
    assert_int_equal(change(heir), SV_OK);
    assert_int_equal(noted(), 1);
    assert_false(mongoc_client_session_commit_transaction(dead->session, NULL, NULL));
    assert_int_equal(items_with("{'item_code': 'A', 'derivations': 10}"), 1);

    sv_store_release(heir);
    sv_store_pool_destroy(pool);
    assert_int_equal(noted(), 0); /* an orderly end leaves nothing */
    sv_store_release(dead);
}

static void
test_a_session_cut_off_is_ended_by_the_next_transaction(void **state)
{
    sv_store_t *other = sv_store_acquire(real.pool);

    (void) state;
    change_and_stay(other);
    sv_left_sessions_add(sv_store_left_sessions(real.pool), sv_store_session_id(other, &real.error));
    assert_int_equal(change(real.store), SV_OK);
    assert_false(mongoc_client_session_commit_transaction(other->session, NULL, NULL));
    assert_int_equal(items_with("{'item_code': 'A', 'derivations': 10}"), 1);
    sv_store_release(other);
}

static void
test_more_than_fit_are_forgotten(void **state)
{
    bson_t session_id = BSON_INITIALIZER;
    sv_session_note_t id;
    sv_left_sessions_t *left = sv_left_sessions_create();

    (void) state;
    BSON_APPEND_BINARY(&session_id, "id", BSON_SUBTYPE_UUID, (const uint8_t *) "0123456789abcdef", 16);
    for (int i = 0; i < 300; i++) {
        sv_left_sessions_add(left, &session_id);
    }
    for (int i = 0; i < 256; i++) {
        assert_true(sv_left_sessions_take(left, id));
        assert_memory_equal(id, "0123456789abcdef", 16);
    }
    assert_false(sv_left_sessions_take(left, id));
    sv_left_sessions_destroy(left);
    bson_destroy(&session_id);
}

static int
open_server(void **state)
{
    (void) state;
    memset(notes, 0, sizeof(notes));
    if (!sv_real_mongodb_open(&real)) {
        return -1;
    }
    real.settings.transaction_time = 300;
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A', 'derivations': 0}");
    return 0;
}

static int
close_server(void **state)
{
    (void) state;
    sv_real_mongodb_close(&real);
    return 0;
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_successor_ends_what_a_dead_process_noted),
        WITH_SERVER(test_a_session_cut_off_is_ended_by_the_next_transaction),
        WITH_SERVER(test_more_than_fit_are_forgotten),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
