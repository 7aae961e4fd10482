/* Jobs in MongoDB: who may change one, and what becomes of attempts that fail, crash or are cancelled. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/store/document.h"
#include "core/store/transaction.h"
#include "t/unit/job_world.h"

#define KIND "snapshot.create"

static sv_job_world_t world;

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    return 0;
}

/* Any of the guarded calls, on a claim. */
typedef sv_status_t guarded_t(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error);

static sv_status_t
renew(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    bool cancel;

    return sv_job_renew(store, claim, held, &cancel, error);
}

static sv_status_t
look(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    bool cancel;

    return sv_job_look(store, claim, held, &cancel, error);
}

static sv_status_t
progress(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    return sv_job_progress(store, claim, "rows", 1, 2, held, error);
}

static sv_status_t
succeed(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    return sv_job_succeed(store, claim, NULL, held, error);
}

static sv_status_t
fail_with(sv_store_t *store, const sv_job_claim_t *claim, sv_status_t code, bool retry, bool *held, sv_error_t *error)
{
    sv_error_t reason;

    sv_error_init(&reason, world.real.arena);
    sv_fail(&reason, code, "because");
    return sv_job_fail(store, claim, &reason, retry, held, error);
}

static sv_status_t
fail_once(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    return fail_with(store, claim, SV_ERR_INTERNAL, true, held, error);
}

static sv_status_t
hand_back(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    return sv_job_hand_back(store, claim, 0, held, error);
}

static guarded_t *const guarded[] = {
    look, renew, progress, sv_job_fail_time_limit, sv_job_end_cancelled, hand_back, fail_once, succeed,
};

enum { GUARDED = sizeof(guarded) / sizeof(guarded[0]) };

static bool
held_by(const sv_job_claim_t *claim, guarded_t *call)
{
    bool held = true;

    SV_MUST(&world, call(world.real.store, claim, &held, &world.real.error));
    return held;
}

static void
a_queued_job_is_started_once(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_claim_t *claim = sv_job_world_start(&world, job_id, "w1");

    (void) state;
    assert_non_null(claim);
    assert_string_equal(claim->type, KIND);
    assert_string_equal(claim->requested_by, "u1");
    assert_int_equal(claim->role, SV_ROLE_SUPERVISOR);
    assert_int_equal(claim->attempt, 1);
    assert_null(sv_job_world_start(&world, job_id, "w2"));
    assert_null(sv_job_world_start(&world, job_id, "w1"));
    assert_true(held_by(claim, progress));
    assert_int_equal(sv_job_world_int(&world, job_id, "progress.total"), 2);
    assert_true(held_by(claim, succeed));
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "succeeded");
    assert_null(sv_job_world_start(&world, job_id, "w2"));
}

/* SIGSTOP, another takes over, SIGCONT: whatever the first then tries. */
static void
an_attempt_that_was_taken_away_changes_nothing(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_claim_t *old = sv_job_world_start(&world, job_id, "w1"), *new;
    sv_job_claim_t forged;

    (void) state;
    sv_job_world_lapse(&world, job_id);
    for (int i = 0; i < GUARDED; i++) { /* nobody has it */
        assert_false(held_by(old, guarded[i]));
    }
    new = sv_job_world_start(&world, job_id, "w2");
    assert_int_equal(new->attempt, 2);
    for (int i = 0; i < GUARDED; i++) {
        assert_false(held_by(old, guarded[i]));
    }
    forged = *new;
    forged.worker = "w1";
    for (int i = 0; i < GUARDED; i++) {
        assert_false(held_by(&forged, guarded[i]));
    }
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "running");
    assert_true(held_by(new, succeed));
    assert_false(held_by(old, succeed));
    assert_int_equal(sv_job_world_int(&world, job_id, "attempt"), 2);
}

/* The answer to a finish was lost, and it is sent again. */
static void
a_success_may_be_repeated_by_its_attempt_only(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_claim_t *claim = sv_job_world_start(&world, job_id, "w1");

    (void) state;
    assert_true(held_by(claim, succeed));
    assert_true(held_by(claim, succeed));
    claim->attempt = 2;
    assert_false(held_by(claim, succeed));
}

static void
a_job_that_kills_its_worker_is_dead_after_three(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);

    (void) state;
    for (int i = 1; i <= SV_JOB_MAX_CRASHES; i++) {
        assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
        assert_non_null(sv_job_world_start(&world, job_id, "w1"));
        sv_job_world_lapse(&world, job_id);
        assert_int_equal(sv_job_world_int(&world, job_id, "crashed"), i);
    }
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "failed");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.code"), "attempts_exhausted");
    assert_false(sv_doc_bool(sv_job_world_job(&world, job_id), "pending"));
    assert_int_equal(sv_job_world_int(&world, job_id, "failed_attempts"), 0);
}

typedef struct {
    const sv_job_claim_t *claim;
    bool held;
    int tries;
    int64_t swept;
} publishing_t;

/* Stops for longer than its claim, its write made and not yet published. */
static sv_status_t
publish_late(sv_store_t *store, void *context, sv_error_t *error)
{
    publishing_t *publishing = context;
    sv_status_t status = sv_job_hold(store, publishing->claim, &publishing->held, error);

    if (publishing->tries++ == 0) {
        SV_MUST(&world, sv_jobs_sweep(world.real.store, world.redis, &publishing->swept, &world.real.error));
    }
    return status;
}

static void
a_job_is_taken_from_who_stopped_while_publishing(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_store_t *store = sv_store_acquire(world.real.pool);
    publishing_t publishing = { 0 };
    sv_job_claim_t *claim = NULL;
    sv_error_t error;

    (void) state;
    SV_MUST(&world, sv_job_start(store, job_id, "w1", world.real.arena, &claim, NULL, &world.real.error));
    assert_non_null(claim);
    publishing.claim = claim;
    sv_real_update(&world.real, SV_COLLECTION_JOBS, "{}",
                   "{'$set': {'claimed_at': {'$date': '2020-01-01T00:00:00Z'}}}");
    sv_error_init(&error, world.real.arena);
    sv_transaction_run(store, publish_late, &publishing, &error);
    assert_int_equal(publishing.swept, 1);
    assert_false(publishing.held);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
    assert_int_equal(sv_job_world_int(&world, job_id, "crashed"), 1);
    assert_int_equal(sv_job_world_int(&world, job_id, "holds"), 0);
    sv_store_release(store);
}

static void
a_live_claim_is_not_swept(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    int64_t swept = -1;

    (void) state;
    world.real.settings.job_claim = 60000;
    assert_non_null(sv_job_world_start(&world, job_id, "w1"));
    world.real.settings.job_claim = SV_WORLD_CLAIM_MS;
    SV_MUST(&world, sv_jobs_sweep(world.real.store, world.redis, &swept, &world.real.error));
    assert_int_equal(swept, 0);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "running");
}

static void
a_failed_attempt_waits_and_is_tried_again(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    int max = sv_job_kind(KIND)->max_failures;
    bool held = false;

    (void) state;
    world.real.settings.job_retry_delay = 600000;
    SV_MUST(&world, fail_with(world.real.store, sv_job_world_start(&world, job_id, "w1"), SV_ERR_UNAVAILABLE, true,
                              &held, &world.real.error));
    world.real.settings.job_retry_delay = 10;
    assert_true(held);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.code"), "unavailable");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.message"), "because");
    assert_in_range(sv_job_world_int(&world, job_id, "delay_ms"), 300000, 600000);
    assert_null(sv_job_world_start(&world, job_id, "w1")); /* it is not due */
    for (int i = 2; i <= max; i++) {
        sv_real_update(&world.real, SV_COLLECTION_JOBS, "{}", "{'$set': {'delay_ms': {'$numberLong': '0'}}}");
        assert_true(held_by(sv_job_world_start(&world, job_id, "w1"), fail_once));
        assert_string_equal(sv_job_world_text(&world, job_id, "status"), i < max ? "queued" : "failed");
    }
    assert_int_equal(sv_job_world_int(&world, job_id, "failed_attempts"), max);
    assert_int_equal(sv_job_world_int(&world, job_id, "crashed"), 0);
}

static void
what_no_retry_mends_fails_at_once(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    bool held = false;

    (void) state;
    SV_MUST(&world, fail_with(world.real.store, sv_job_world_start(&world, job_id, "w1"), SV_ERR_VALIDATION_FAILED,
                              false, &held, &world.real.error));
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "failed");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.code"), "validation_failed");
}

static void
a_job_handed_back_counts_no_attempt(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);

    (void) state;
    assert_true(held_by(sv_job_world_start(&world, job_id, "w1"), hand_back));
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
    assert_int_equal(sv_job_world_int(&world, job_id, "failed_attempts"), 0);
    assert_int_equal(sv_job_world_int(&world, job_id, "crashed"), 0);
    assert_non_null(sv_job_world_start(&world, job_id, "w2"));
}

static sv_status_t
cancel(const char *job_id, const sv_principal_t *who)
{
    const bson_t *job = NULL;

    sv_error_clear(&world.real.error);
    return sv_job_cancel(world.real.store, who, job_id, world.real.arena, &job, &(bool){ false }, &world.real.error);
}

static void
cancelling(void **state)
{
    const char *queued = sv_job_world_request(&world, KIND, NULL), *running = sv_job_world_request(&world, KIND, NULL);
    const char *done = sv_job_world_request(&world, KIND, NULL), *lapsed = sv_job_world_request(&world, KIND, NULL);
    sv_job_claim_t *claim = sv_job_world_start(&world, running, "w1");
    bool held = false, wanted = false;

    (void) state;
    assert_int_equal(cancel(queued, &world.who), SV_OK);
    assert_string_equal(sv_job_world_text(&world, queued, "status"), "cancelled");
    assert_null(sv_job_world_start(&world, queued, "w1"));
    assert_int_equal(cancel(queued, &world.who), SV_OK); /* again: the same */

    SV_MUST(&world, sv_job_look(world.real.store, claim, &held, &wanted, &world.real.error));
    assert_true(held);
    assert_false(wanted);
    assert_int_equal(cancel(running, &world.who), SV_OK);
    assert_string_equal(sv_job_world_text(&world, running, "status"), "running");
    SV_MUST(&world, sv_job_renew(world.real.store, claim, &held, &wanted, &world.real.error));
    assert_true(held && wanted);
    assert_true(held_by(claim, sv_job_end_cancelled));
    assert_string_equal(sv_job_world_text(&world, running, "status"), "cancelled");

    assert_true(held_by(sv_job_world_start(&world, done, "w1"), succeed));
    assert_int_equal(cancel(done, &world.who), SV_ERR_CONFLICT_STATE);
    assert_int_equal(cancel("no-such-job", &world.who), SV_ERR_NOT_FOUND);

    /* Its worker died: it does not come back. */
    assert_non_null(sv_job_world_start(&world, lapsed, "w1"));
    assert_int_equal(cancel(lapsed, &world.who), SV_OK);
    sv_error_clear(&world.real.error);
    sv_job_world_lapse(&world, lapsed);
    assert_string_equal(sv_job_world_text(&world, lapsed, "status"), "cancelled");
}

static void
who_may_see_and_cancel(void **state)
{
    sv_principal_t other = { .user_id = "u2", .role = SV_ROLE_STAFF },
                   supervisor = { .user_id = "u3", .role = SV_ROLE_SUPERVISOR };
    sv_principal_t admin = { .user_id = "root", .role = SV_ROLE_ADMIN };
    const char *job_id = sv_job_world_request(&world, KIND, NULL), *admins;
    const bson_t *job = NULL;

    (void) state;
    assert_int_equal(cancel(job_id, &other), SV_ERR_FORBIDDEN);
    assert_int_equal(cancel(job_id, &supervisor), SV_OK);
    world.who.role = SV_ROLE_ADMIN;
    admins = sv_job_world_request(&world, "indexes.ensure", NULL);
    world.who.role = SV_ROLE_SUPERVISOR;
    assert_int_equal(sv_job_load(world.real.store, &supervisor, admins, world.real.arena, &job, &world.real.error),
                     SV_ERR_FORBIDDEN);
    assert_null(job);
    sv_error_clear(&world.real.error);
    SV_MUST(&world, sv_job_load(world.real.store, &admin, admins, world.real.arena, &job, &world.real.error));
    assert_non_null(job);
}

static void
requeueing(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, "a"), *second;
    sv_job_claim_t *claim;
    const sv_principal_t other = { .user_id = "another", .role = SV_ROLE_STAFF };
    const bson_t *job = NULL;
    bool held = false;

    (void) state;
    assert_int_equal(sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error),
                     SV_ERR_CONFLICT_STATE); /* it is not failed */
    sv_error_clear(&world.real.error);
    claim = sv_job_world_start(&world, job_id, "w1");
    SV_MUST(&world, fail_with(world.real.store, claim, SV_ERR_NOT_FOUND, false, &held, &world.real.error));

    second = sv_job_world_request(&world, KIND, "a"); /* the same is pending */
    assert_string_not_equal(second, job_id);
    assert_int_equal(sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error),
                     SV_ERR_CONFLICT_STATE);
    sv_error_clear(&world.real.error);
    assert_int_equal(cancel(second, &world.who), SV_OK);

    assert_int_equal(sv_job_requeue(world.real.store, &other, job_id, world.real.arena, &job, &world.real.error),
                     SV_ERR_FORBIDDEN); /* somebody else's */
    sv_error_clear(&world.real.error);
    world.who.role = SV_ROLE_STAFF;
    assert_int_equal(sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error),
                     SV_ERR_FORBIDDEN); /* theirs, but not theirs to ask for any more */
    sv_error_clear(&world.real.error);
    world.who.role = SV_ROLE_SUPERVISOR;

    SV_MUST(&world, sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error));
    assert_string_equal(sv_doc_text(job, "status", world.real.arena), "queued");
    assert_int_equal(sv_doc_int(job, "failed_attempts"), 0);
    assert_string_equal(sv_doc_text(job, "requested_by", world.real.arena), "u1"); /* who has no account takes nothing */
    claim = sv_job_world_start(&world, job_id, "w1");
    assert_int_equal(claim->attempt, 2);
    assert_int_equal(
        sv_real_count(&world.real, SV_COLLECTION_ACTIVITY_LOGS,
                      sv_arena_printf(world.real.arena, "{'action': 'job.requeue', 'details.job_id': '%s'}", job_id)),
        1);
}

enum { ASKING = 4, ROUNDS = 10 };

static pthread_barrier_t together;

static void *
ask(void *context)
{
    sv_store_t *store = sv_store_acquire(world.real.pool);
    int64_t *made = context;

    for (int i = 0; i < ROUNDS; i++) {
        sv_arena_t *arena = sv_arena_create();
        sv_job_request_t request = { .type = KIND, .unique_key = sv_arena_printf(arena, "round %d", i) };
        const bson_t *job = NULL;
        bool created = false;
        sv_error_t error;

        sv_error_init(&error, arena);
        pthread_barrier_wait(&together);
        if (sv_job_request(store, &world.who, &request, arena, &job, &created, &error) != SV_OK || job == NULL) {
            *made += 1000;
        }
        *made += created;
        sv_arena_destroy(arena);
    }
    sv_store_release(store);
    return NULL;
}

static void
the_same_request_is_one_job_while_it_is_pending(void **state)
{
    const char *first = sv_job_world_request(&world, KIND, "k"), *again = sv_job_world_request(&world, KIND, "k");
    int64_t made[ASKING] = { 0 }, all = 0;
    pthread_t threads[ASKING];

    (void) state;
    assert_string_equal(first, again);
    assert_string_not_equal(first, sv_job_world_request(&world, "snapshot.export", "k"));
    assert_string_not_equal(sv_job_world_request(&world, KIND, NULL), sv_job_world_request(&world, KIND, NULL));
    assert_true(held_by(sv_job_world_start(&world, first, "w1"), succeed));
    assert_string_not_equal(first, sv_job_world_request(&world, KIND, "k"));

    pthread_barrier_init(&together, NULL, ASKING);
    for (int i = 0; i < ASKING; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &made[i]), 0);
    }
    for (int i = 0; i < ASKING; i++) {
        pthread_join(threads[i], NULL);
        all += made[i];
    }
    pthread_barrier_destroy(&together);
    assert_int_equal(all, ROUNDS);
}

static void
a_job_as_the_api_shows_it(void **state)
{
    sv_job_result_t result = { .file = "jobs/x/1.csv",
                               .file_name = "stock \"June\".csv",
                               .content_type = "text/csv",
                               .etag = "\"abc\"",
                               .size = 42,
                               .resource_type = "snapshot",
                               .resource_id = "s1",
                               .resource_url = "/api/reports/snapshots/s1" };
    const char *job_id = sv_job_world_request(&world, "snapshot.export", NULL);
    sv_job_claim_t *claim = sv_job_world_start(&world, job_id, "w1");
    sv_json_writer_t w;
    sv_buffer_t out;
    bool held = false;

    (void) state;
    SV_MUST(&world, sv_job_succeed(world.real.store, claim, &result, &held, &world.real.error));
    sv_buffer_init(&out, world.real.arena, 1024);
    sv_json_writer_init(&w, &out);
    sv_job_write_json(&w, NULL, sv_job_world_job(&world, job_id));
    assert_non_null(strstr(out.data, "\"status\":\"succeeded\""));
    assert_non_null(strstr(out.data, "\"file_name\":\"stock \\\"June\\\".csv\""));
    assert_non_null(strstr(out.data, "\"size\":42"));
    assert_non_null(strstr(out.data, "\"resource\":{\"type\":\"snapshot\",\"id\":\"s1\""));
    assert_non_null(
        strstr(out.data, sv_arena_printf(world.real.arena, "\"result_url\":\"/api/jobs/%s/result\"", job_id)));
    assert_null(strstr(out.data, "\"expires_at\":null"));
    assert_null(strstr(out.data, "jobs/x/1.csv")); /* where the file lies is nobody's business */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_queued_job_is_started_once, clear),
        cmocka_unit_test_setup(an_attempt_that_was_taken_away_changes_nothing, clear),
        cmocka_unit_test_setup(a_success_may_be_repeated_by_its_attempt_only, clear),
        cmocka_unit_test_setup(a_job_that_kills_its_worker_is_dead_after_three, clear),
        cmocka_unit_test_setup(a_job_is_taken_from_who_stopped_while_publishing, clear),
        cmocka_unit_test_setup(a_live_claim_is_not_swept, clear),
        cmocka_unit_test_setup(a_failed_attempt_waits_and_is_tried_again, clear),
        cmocka_unit_test_setup(what_no_retry_mends_fails_at_once, clear),
        cmocka_unit_test_setup(a_job_handed_back_counts_no_attempt, clear),
        cmocka_unit_test_setup(cancelling, clear),
        cmocka_unit_test_setup(who_may_see_and_cancel, clear),
        cmocka_unit_test_setup(requeueing, clear),
        cmocka_unit_test_setup(the_same_request_is_one_job_while_it_is_pending, clear),
        cmocka_unit_test_setup(a_job_as_the_api_shows_it, clear),
    };
    int failed;

    mongoc_init();
    sv_scripts_init();
    if (!sv_job_world_open(&world)) {
        return 0;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    sv_job_world_close(&world);
    mongoc_cleanup();
    return failed;
}
