/* Duties of two workers: one alone has the role, however long its rounds take or are in coming. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"
#include "worker/role_keeper.h"

enum { ROLE_TTL_MS = 1500, LONG_MS = 600000, PATIENCE_MS = 60000 };

static sv_real_mongodb_t real;
static atomic_int rounds, under_way, most_at_once;
static atomic_bool gate; /* slow rounds wait while it is shut */

/* A worker with one duty. */
typedef struct {
    sv_stop_t stop;
    sv_worker_t worker;
    sv_duty_t duty;
    sv_role_keeper_t keeper;
} worker_t;

static void
pause_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static void
note_begun(void)
{
    int now = atomic_fetch_add(&under_way, 1) + 1;

    if (now > atomic_load(&most_at_once)) {
        atomic_store(&most_at_once, now);
    }
    atomic_fetch_add(&rounds, 1);
}

static sv_status_t
run_slow(sv_duty_round_t *round, sv_error_t *error)
{
    (void) round, (void) error;
    note_begun();
    while (!atomic_load(&gate)) {
        pause_a_little();
    }
    atomic_fetch_sub(&under_way, 1);
    return SV_OK;
}

static sv_status_t
run_at_once(sv_duty_round_t *round, sv_error_t *error)
{
    (void) round, (void) error;
    atomic_fetch_add(&rounds, 1);
    return SV_OK;
}

static int
clear(void **state)
{
    (void) state;
    sv_store_delete_many(real.store, SV_COLLECTION_WORKER_ROLES, sv_doc_new(real.arena), NULL, &real.error);
    atomic_store(&rounds, 0);
    atomic_store(&under_way, 0);
    atomic_store(&most_at_once, 0);
    atomic_store(&gate, false);
    return 0;
}

static void
start(worker_t *worker, const char *id, const sv_duty_row_t *row)
{
    sv_stop_init(&worker->stop);
    worker->worker = (sv_worker_t){ .settings = &real.settings,
                                    .pool = real.pool,
                                    .stop = &worker->stop,
                                    .worker_id = id,
                                    .started_ms = sv_clock_monotonic_ms(),
                                    .role_ttl_ms = ROLE_TTL_MS };
    assert_true(sv_duty_start(&worker->duty, row, &worker->worker));
    assert_true(sv_role_keeper_start(&worker->keeper, &worker->worker, &worker->duty, 1));
}

static void
stop(worker_t *worker)
{
    sv_stop_order(&worker->stop);
    pthread_join(worker->duty.thread, NULL);
    sv_role_keeper_end(&worker->keeper);
    sv_stop_destroy(&worker->stop);
}

static void
await_at_least(atomic_int *number, int wanted)
{
    int64_t until_ms = sv_clock_monotonic_ms() + PATIENCE_MS;

    while (atomic_load(number) < wanted) {
        if (sv_clock_monotonic_ms() > until_ms) {
            fail_msg("it is %d, not %d", atomic_load(number), wanted);
        }
        pause_a_little();
    }
}

static const char *
holder(void)
{
    const bson_t *role = sv_real_find(&real, SV_COLLECTION_WORKER_ROLES, "{'role': 'sweeping'}");

    return role != NULL ? sv_doc_text(role, "holder", real.arena) : "";
}

static int64_t
taken_ms(void)
{
    return sv_doc_time(sv_real_find(&real, SV_COLLECTION_WORKER_ROLES, "{'role': 'sweeping'}"), "taken_at");
}

/* Until the role was kept for so long. */
static void
await_kept_for(int64_t ms)
{
    int64_t from_ms = taken_ms(), until_ms = sv_clock_monotonic_ms() + PATIENCE_MS;

    while (taken_ms() - from_ms < ms) {
        assert_true(sv_clock_monotonic_ms() < until_ms);
        pause_a_little();
    }
}

static void
a_slow_round_keeps_its_role(void **state)
{
    static const sv_duty_row_t slow = { "sweeping", 0, run_slow, 20, LONG_MS };
    worker_t first, second;

    (void) state;
    start(&first, "first", &slow);
    await_at_least(&under_way, 1);
    start(&second, "second", &slow);
    await_kept_for(3 * ROLE_TTL_MS);
    assert_string_equal(holder(), "first");
    assert_int_equal(atomic_load(&rounds), 1);
    atomic_store(&gate, true);
    await_at_least(&rounds, 3);
    stop(&first);
    stop(&second);
    assert_int_equal(atomic_load(&most_at_once), 1);
    assert_string_equal(holder(), "");
}

/* A duty that is done once a minute would else be done once a minute by every worker. */
static void
a_duty_whose_rounds_are_far_apart_keeps_its_role(void **state)
{
    static const sv_duty_row_t rare = { "sweeping", 0, run_at_once, LONG_MS, LONG_MS };
    static const sv_duty_row_t frequent = { "sweeping", 0, run_at_once, 20, LONG_MS };
    worker_t first, second;

    (void) state;
    start(&first, "first", &rare);
    await_at_least(&rounds, 1);
    start(&second, "second", &frequent);
    await_kept_for(3 * ROLE_TTL_MS);
    assert_int_equal(atomic_load(&rounds), 1);
    stop(&first);
    await_at_least(&rounds, 2); /* given back, it is the other's */
    stop(&second);
}

static void
a_round_past_its_limit_leaves_the_role_to_another(void **state)
{
    static const sv_duty_row_t hanging = { "sweeping", 0, run_slow, 20, 100 };
    worker_t first, second;

    (void) state;
    start(&first, "first", &hanging);
    await_at_least(&under_way, 1);
    start(&second, "second", &hanging);
    await_at_least(&under_way, 2);
    assert_true(sv_duty_hangs(&first.duty));
    assert_string_equal(holder(), "second");
    atomic_store(&gate, true);
    stop(&first);
    stop(&second);
}

static int
open_all(void **state)
{
    (void) state;
    return sv_real_mongodb_open(&real) ? 0 : -1;
}

static int
close_all(void **state)
{
    (void) state;
    sv_real_mongodb_close(&real);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_slow_round_keeps_its_role, clear),
        cmocka_unit_test_setup(a_duty_whose_rounds_are_far_apart_keeps_its_role, clear),
        cmocka_unit_test_setup(a_round_past_its_limit_leaves_the_role_to_another, clear),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, open_all, close_all) : 0;
}
