/* Which of several workers does what one alone had better do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "core/store/worker_role.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

enum { LONG_MS = 600000 };

static bool
take(const char *holder, int64_t ttl_ms)
{
    bool mine = false;

    assert_int_equal(sv_worker_role_take(real.store, "totals", holder, ttl_ms, &mine, &real.error), SV_OK);
    return mine;
}

static void
test_one_holder_at_a_time(void **state)
{
    (void) state;
    assert_true(take("a", LONG_MS));
    assert_true(take("a", LONG_MS)); /* keeps it */
    assert_false(take("b", LONG_MS));
    assert_int_equal(sv_worker_role_release(real.store, "totals", "b", &real.error), SV_OK);
    assert_false(take("b", LONG_MS)); /* nobody gives away another's */
    assert_int_equal(sv_worker_role_release(real.store, "totals", "a", &real.error), SV_OK);
    assert_true(take("b", LONG_MS));
}

static void
test_a_dead_holders_role_is_taken_over(void **state)
{
    (void) state;
    assert_true(take("a", 1));
    while (!take("b", LONG_MS)) {
        usleep(1000);
    }
    assert_false(take("a", LONG_MS));
}

/* A worker that died inside a transaction must not keep its documents from everybody until the server's time limit. */
static void
test_a_takeover_ends_the_transaction_of_the_dead(void **state)
{
    sv_store_t *dead = sv_store_acquire(real.pool);
    bson_t *filter = sv_real_json(real.arena, "{'item_code': 'A'}");
    bson_t *update = sv_real_json(real.arena, "{'$inc': {'derivations': 1}}");
    bson_t options = BSON_INITIALIZER;
    bool mine = false;

    (void) state;
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A', 'derivations': 0}");
    assert_int_equal(sv_worker_role_take(dead, "totals", "dead", 1, &mine, &real.error), SV_OK);
    assert_true(mine);
    assert_true(mongoc_client_session_start_transaction(dead->session, NULL, NULL));
    assert_true(mongoc_client_session_append(dead->session, &options, NULL));
    assert_true(
        mongoc_collection_update_one(dead->collections[SV_COLLECTION_ERP_ITEMS], filter, update, &options, NULL, NULL));
    while (!take("b", LONG_MS)) {
        usleep(1000);
    }
    sv_real_update(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A'}", "{'$inc': {'derivations': 10}}");
    assert_false(mongoc_client_session_commit_transaction(dead->session, NULL, NULL));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A', 'derivations': 10}"), 1);
    bson_destroy(&options);
    sv_store_release(dead);
}

enum { WORKERS = 6 };

static void *
take_at_once(void *context)
{
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_arena_t *arena = sv_arena_create();
    bool *mine = context;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_worker_role_take(store, "reaper", sv_arena_printf(arena, "w%p", context), LONG_MS, mine, &error) != SV_OK) {
        *mine = false;
    }
    sv_arena_destroy(arena);
    sv_store_release(store);
    return NULL;
}

static void
test_a_race_for_a_new_role_has_one_winner(void **state)
{
    pthread_t threads[WORKERS];
    bool mine[WORKERS] = { false };
    int winners = 0;

    (void) state;
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_at_once, &mine[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        winners += mine[i];
    }
    assert_int_equal(winners, 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_WORKER_ROLES, "{'role': 'reaper'}"), 1);
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_one_holder_at_a_time),
        WITH_SERVER(test_a_dead_holders_role_is_taken_over),
        WITH_SERVER(test_a_takeover_ends_the_transaction_of_the_dead),
        WITH_SERVER(test_a_race_for_a_new_role_has_one_winner),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
